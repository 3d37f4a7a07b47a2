# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""No build has policy words that a few flipped bits make of each other: src/words.c sees to it."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ABI = (ROOT / "include/purgatory/abi.h").read_text()
SOURCE = (ROOT / "src/words.c").read_text()
KINDS = "VERIFY|FAIL|CONDUIT|HANDOFF|CONSOLE|DIGEST|VERDICT"
SIZES = {"PURG_HANDOFF_REGS", "PURG_CONSOLE_SPAN", "PURG_CONSOLE_VGA_SPAN", "PURG_DIGEST_SIZE"}
ALL = {name: int(value, 0) for name, value in re.findall(rf"^#define (PURG_(?:{KINDS})_\w+) (\w+)\b", ABI, re.M)}
WORDS = {name: value for name, value in ALL.items() if value and name not in SIZES}
LEAST = 12


def compile_words(abi, folder):
    """Compile src/words.c with another abi.h. Returns what the compiler complains of."""
    (folder / "purgatory").mkdir()
    (folder / "purgatory/abi.h").write_text(abi)
    command = ["gcc", "-std=gnu11", "-Wall", "-Wextra", "-fsyntax-only", f"-I{folder}", ROOT / "src/words.c"]
    return subprocess.run(command, check=False, capture_output=True, text=True).stderr


def test_words_are_all_there(tmp_path):
    """src/words.c has each word of the header in both of its lists, with the same number, and compiles."""
    assert len(WORDS) > 15
    for macro in (r"APART\(i, a, #a, (\d+)", r"FROM_ALL\((\d+)"):
        listed = re.findall(rf"\b{macro}, (PURG_\w+)\)", SOURCE)
        assert {name for _, name in listed} == set(WORDS)
        assert [int(number) for number, _ in listed] == list(range(1, len(listed) + 1))
    assert not compile_words(ABI, tmp_path)


@pytest.mark.parametrize("word", WORDS)
def test_word_too_near(word, tmp_path):
    """A word that is eleven bits from another one, or from zero, does not compile."""
    names = [*WORDS, "0"]
    other = names[names.index(word) - 1]
    bits = WORDS[word] ^ WORDS.get(other, 0)
    while bin(bits).count("1") >= LEAST:
        bits &= bits - 1
    near = f"{WORDS.get(other, 0) ^ bits:#010x}"
    complaints = compile_words(re.sub(rf"(#define {word}) \w+", rf"\1 {near}", ABI), tmp_path)
    assert f"too much alike: {word} and {other}" in complaints

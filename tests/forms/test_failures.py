# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""docs/failures.md has whatever the purgatory and the front ends can say and return, in their own words."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs/failures.md").read_text()
ROWS = {name: (int(number), row) for number, name, row in re.findall(r"^\| (\d+) \| `(\w+_E_\w+)` \|(.*)$", DOCUMENT, re.M)}


def read(path):
    return (ROOT / path).read_text()


def sentences(path, array):
    """The strings of an array of them that are parted by NULs, in order."""
    (text,) = re.findall(rf"{array}\[\] =((?:\s*\"[^\n]*\")+)", read(path))
    return [string.removesuffix("\\0") for string in re.findall(r'"(.*)"', text)]


def codes(path, prefix):
    """The codes that a header defines, without the sign."""
    return {name: int(number, 0) for name, number in re.findall(rf"^#define ({prefix}_E_\w+) -?(\w+)", read(path), re.M)}


def strerrors(path):
    """The sentences of a front end's array, by their codes' names."""
    return dict(re.findall(r"^\t\[-(\w+_E_\w+)\] = \"(.*)\",$", read(path), re.M))


PURGATORY = codes("include/purgatory/abi.h", "PURG")
FRONT = codes("front/front.h", "FRONT")
BASES = {"DTB": FRONT.pop("FRONT_E_DTB"), "BOOTPARAMS": FRONT.pop("FRONT_E_BOOTPARAMS")}
DTB = {name: BASES["DTB"] + number for name, number in codes("front/arm64/dtb.h", "DTB").items()}
BOOTPARAMS = {
    name: BASES["BOOTPARAMS"] + number for name, number in codes("front/x86_64/bootparams.h", "BOOTPARAMS").items()
}


def test_every_code_has_its_row():
    """Each code with its number, once, and no other."""
    assert min(map(len, (PURGATORY, FRONT, DTB, BOOTPARAMS))) > 7
    assert {name: number for name, (number, _) in ROWS.items()} == {**PURGATORY, **FRONT, **DTB, **BOOTPARAMS}
    assert len(re.findall(r"^\| \d+ \|", DOCUMENT, re.M)) == len(ROWS)


@pytest.mark.parametrize("code", PURGATORY)
def test_sentence_of_the_purgatory(code):
    """The sentence that is printed for the code, and something to do."""
    printed = sentences("src/fail_sentence.c", "sentences")
    assert len(printed) == len(PURGATORY) + 1
    columns = [column.strip() for column in ROWS[code][1].split(" | ")]
    assert columns[0] == f"`{printed[PURGATORY[code]]}`" and len(columns) == 3 and all(columns)


def test_sentences_of_the_front_ends():
    """Each is in its code's row; a code that has none says so."""
    common = dict(re.findall(r"\[(FRONT_E_\w+) - FRONT_E_PACK\] = \"(.*)\",", read("front/front.c")))
    own = [found for arch in ("arm64", "x86_64")
           for found in re.findall(r"front_fail(?:_piece)?\((?:front, )?(FRONT_E_\w+), (?:piece,\s*)?\"(.*)\"\)",
                                   read(f"front/{arch}/main.c"))]  # fmt: skip
    said = [*common.items(), *own, *strerrors("front/arm64/dtb.c").items(), *strerrors("front/x86_64/bootparams.c").items()]
    for code, sentence in said:
        assert f"`{sentence}`" in ROWS[code][1], code
    assert set(ROWS) - set(PURGATORY) - {code for code, _ in said} == {"FRONT_E_CPU"}


def test_ends_of_the_line():
    """What the failure policies say, and no other end."""
    ends = set(re.findall(r'console_puts\("(; \w+(?: \w+)?)\\n"\)', read("src/policy.c")))
    assert len(ends) == 4
    assert set(re.findall(r"^\| `(; [a-z ]+)` \|", DOCUMENT, re.M)) == ends


def test_doubts_of_the_walk():
    """Each line behind `purgatory: verifying: `."""
    table = DOCUMENT.partition("| behind `verifying:` |")[2].partition("\n\n")[0]
    documented = re.findall(r"^\| `([^`]*)`", table, re.M)
    assert documented == ["0x... is mapped", *sentences("src/walk_sentence.c", "doubts")]
    for arch in ("arm64", "x86_64"):
        (exposed,) = re.findall(r'old_tables_exposed\[\] = " (.*)"', read(f"arch/{arch}/old_tables.c"))
        assert f"{exposed}`" in table, arch


def test_explained_line_is_printed():
    """The line that is taken apart at the beginning is one that docs/abi.md has too."""
    (line,) = re.findall(r"^    (purgatory: refused: .*)$", DOCUMENT, re.M)
    shown = re.sub(r"(?<=segment )\d+|(?<=expected )\w+(?=\.)|(?<=computed )\w+(?=\.)", "", line)
    lines = re.findall(r"^    (purgatory: refused: .*)$", read("docs/abi.md"), re.M)
    assert shown in [re.sub(r"(?<=segment )\d+", "", other) for other in lines]

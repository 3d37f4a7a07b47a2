# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""What the documents say is what the code has."""

import hashlib
import os
import pathlib
import re
import struct
import subprocess
import textwrap

import pytest

BUILD = pathlib.Path(os.environ.get("BUILD", "build"))
ROOT = pathlib.Path(__file__).resolve().parents[2]
ABI = (ROOT / "include/purgatory/abi.h").read_text()
ABI_DOC = (ROOT / "docs/abi.md").read_text()
LOADER = (ROOT / "include/purgatory/loader.h").read_text()
LOADER_DOC = (ROOT / "docs/loader.md").read_text()
EMBEDDING = (ROOT / "docs/embedding.md").read_text()
LOADING = (ROOT / "docs/loading.md").read_text()
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize(
    "heading, structure",
    [("The parameter block: 0x1700 bytes", "purg_params"), ("The record: 0x150 bytes", "purg_report")],
)
def test_every_offset_is_documented(heading, structure):
    """The fields of the block and of the record stand in the document at the header's offsets; magic, version and size in
    one row."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)^## ", ABI_DOC, re.M | re.S)
    documented = {int(offset, 16) for offset in re.findall(r"^\| (0x\w{3}) \|", section, re.M)}
    asserted = {int(offset, 16) for offset in re.findall(rf"PURG_OFFSET\({structure}, \w+, (0x\w+)\)", ABI)}
    assert documented == {0x000} | asserted - {0x008, 0x00A, 0x00C}


def test_embedding_example_compiles(tmp_path):
    """The README's C lines are C."""
    (example,) = re.findall(r"```c\n(.*?)```", README, re.S)
    source = tmp_path / "example.c"
    source.write_text(
        "#include <string.h>\n#include <purgatory/abi.h>\n"
        "void example(void *place, const void *purgatory_bin, size_t purgatory_bin_size, uint64_t kernel,\n"
        "uint64_t kernel_size, const uint8_t *kernel_sha256, uint64_t dtb);\n"
        "void example(void *place, const void *purgatory_bin, size_t purgatory_bin_size, uint64_t kernel,\n"
        "uint64_t kernel_size, const uint8_t *kernel_sha256, uint64_t dtb)\n{\n" + example + "}\n"
    )
    subprocess.run(["gcc", "-Wall", "-Werror", "-fsyntax-only", f"-I{ROOT}/include", source], check=True)


def test_lines_are_documented():
    """The lines of the purgatory that the documents show to embedders are those that docs/abi.md has."""
    lines = re.findall(r"^    (purgatory: .*)$", EMBEDDING, re.M)
    assert len(lines) == 2 and set(lines) <= set(re.findall(r"^    (purgatory: .*)$", ABI_DOC, re.M))


def test_memory_is_documented():
    """As much memory as the document says is to be reserved is about what the header says."""
    (numbers,) = re.findall(r"about (\d+) KiB on arm64, (\d+) KiB on x86_64", EMBEDDING)
    for arch, kib in zip(("arm64", "x86_64"), map(int, numbers)):
        (mem_size,) = struct.unpack_from("<I", (BUILD / f"purgatory-{arch}.bin").read_bytes(), 0x20)
        assert 0 <= kib - mem_size / 1024 <= kib / 8, arch


# What builds a client with our purgatory, each as a test does it that is there.
CLIENT_BUILDS = [
    ("tests/kexec", "tests/tests.mk", "PURGATORY PURGATORY_OBJS"),
    ("tests/kernel", "tests/kernel/linux.sh", "PURGATORY_OBJS"),
]


@pytest.mark.parametrize("suite, script, names", CLIENT_BUILDS, ids=[suite for suite, *_ in CLIENT_BUILDS])
def test_client_builds(suite, script, names):
    """kexec-tools and Linux are told in the document what the tests tell them, no more and no less."""
    commands = [re.findall(r"(\w+)=", line) for line in re.findall(r"^    make (.*)$", EMBEDDING, re.M)]
    assert names.split() in commands
    if (ROOT / suite).exists():
        said = " ".join(rf"{name}=(?:\$\([^)]*\)|\S)*" for name in names.split())
        assert re.search(rf" {said} ", (ROOT / script).read_text())


# C99 knows no anonymous unions, but its GNU dialect does.
DIALECTS = ["gcc -std=gnu99", "gcc -std=c11 -pedantic", "clang -std=c17 -pedantic", "clang++ -std=c++11 -pedantic",
            "clang++ -std=c++17 -pedantic"]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("header", ["abi.h", "loader.h"])
def test_header_in_each_language(header, dialect, tmp_path):
    """Whoever is strict about C or C++ can include the headers; a function of the library is there in C++ as well."""
    source = tmp_path / ("example.cc" if "++ " in dialect else "example.c")
    source.write_text(f"#include <purgatory/{header}>\n#ifdef PURGATORY_LOADER_H\n"
                      "const char *sentence(void);\nconst char *sentence(void) { return purg_strerror(-1); }\n#endif\n"
                      "int main(void) { return sizeof(struct purg_params) != PURG_PARAMS_SIZE; }\n")
    subprocess.run([*dialect.split(), "-Wall", "-Wextra", "-Werror", f"-I{ROOT}/include", "-c", source, "-o",
                    tmp_path / "example.o"], check=True)
    symbols = subprocess.run(["nm", tmp_path / "example.o"], check=True, capture_output=True, text=True).stdout
    assert (" U purg_strerror\n" in symbols) == (header == "loader.h")


TARGETS = {"arm64": "aarch64-linux-gnu", "x86_64": "x86_64-linux-gnu"}


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("arch", TARGETS)
def test_loader_example_compiles(arch, compiler, tmp_path):
    """The document's firmware, of what both architectures have in common and the one's own, is freestanding C."""
    common, arm64, x86_64 = re.findall(r"```c\n(.*?)```", LOADER_DOC, re.S)
    source = tmp_path / "firmware.c"
    source.write_text(common + {"arm64": arm64, "x86_64": x86_64}[arch])
    command = [f"{TARGETS[arch]}-gcc"] if compiler == "gcc" else ["clang", f"--target={TARGETS[arch]}"]
    subprocess.run([*command, "-std=c11", "-pedantic", "-ffreestanding", "-Wall", "-Wextra", "-Werror",
                    f"-I{ROOT}/include", f"-I{ROOT}/include/freestanding", "-O2", "-c", source, "-o",
                    tmp_path / "firmware.o"], check=True)


def test_loader_names():
    """What docs/loader.md calls by name is in the headers, and the first numbers of its errors' causes are right."""
    names = set(re.findall(r"\b(?:purg|PURG)_\w*[a-zA-Z0-9]\b", LOADER_DOC)) - {"purg_internal"}
    assert len(names) > 30
    for name in names:
        assert re.search(rf"\b{name}(\b|_)", LOADER + ABI), name
    firsts = [-int(number) for number in re.findall(r"from -(\d+)", LOADER_DOC)]
    groups = [re.search(r"\((-\d+)\)", group) for group in re.split(r"\n\n/\* ", LOADER)]
    assert firsts == [int(group[1]) for group in groups if group and int(group[1]) < 0]


def test_help_lists_the_targets():
    """make help names what the README and the documents speak of."""
    listed = subprocess.run(["make", "-s", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    checks = "check check-unit check-tools check-qemu check-kexec check-live check-kernel"
    for target in f"all commands demo {checks} fuzz size bench lint format install deps clean".split():
        assert re.search(rf"^ +{target} ", listed, re.M), target


def test_striped_example():
    """The document's Python computes the striped digest, here against one that goes byte by byte."""
    (example,) = re.findall(r"^    def striped\(data, lanes\):\n(?:    .*\n)+", ABI_DOC, re.M)
    scope = {"hashlib": hashlib}
    exec(textwrap.dedent(example), scope)  # pylint: disable=exec-used
    for lanes in (2, 4, 8, 16):
        for size in (0, 1, 64 * lanes - 1, 64 * lanes, 64 * lanes + 1, 12345):
            data = bytes(i * 7 % 251 for i in range(size))
            parts = [bytearray() for _ in range(lanes)]
            per_lane = size // (64 * lanes) * 64
            for i, byte in enumerate(data):
                parts[min(i // per_lane if per_lane else lanes - 1, lanes - 1)].append(byte)
            expected = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()
            assert scope["striped"](data, lanes) == expected


def load(*args):
    return subprocess.run([BUILD / "purgatory", "load", *args], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_options_of_load_are_documented():
    """docs/loading.md has every option of `purgatory load --help`, and the examples have no other."""
    options = set(re.findall(r"(--[a-z][a-z-]+)", load("--help"))) - {"--help", "--kernel"}
    assert options == {option for option in options if f"`{option}" in LOADING or f" {option} " in LOADING}
    examples = "".join(re.findall(r"^    purgatory load .*$", LOADING, re.M)).replace("--append '", "")
    assert set(re.findall(r"(--[a-z-]+)", examples)) <= options


def test_refusals_of_load_are_documented():
    """The lines that docs/loading.md shows are those that the command has."""
    source = "".join(path.read_text() for path in (ROOT / "tools").glob("*.c")) + (ROOT / "loader/error.c").read_text()
    said = re.sub(r'"\s*"', "", re.sub(r'" PRI\w+\s*"', "", source))
    lines = re.findall(r"^\| `([^`]* [^`]*)` \|", LOADING.partition("## What it refuses")[2], re.M)
    assert len(lines) > 8
    for line in lines:
        longest = max(re.split(r": |; |\.\.\.|x86_64|arm64", line), key=len).strip()
        assert longest in said.replace("%%", "%").replace("0x%", "0x"), line


def test_picture_of_load():
    """What the picture in docs/loading.md shows is what is drawn of that machine."""
    picture = LOADING.partition("one for each doubling)\n")[2].partition("\n      ...")[0]
    rows = re.compile(r"^ *0x([0-9a-f]{11}) .{10}  (.{18}) \|", re.M)
    drawn = load("-n", "-m", "--machine", "tests/machines/x86_64-q35", BUILD / "debian/x86_64/vmlinuz", "--initrd",
                 BUILD / "debian/x86_64/initrd", "--append", "quiet")
    names = [name for _, name in rows.findall(picture)]
    assert len(names) > 10 and names == [name for _, name in rows.findall(drawn)][:len(names)]

# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""libpurgatory as it is built: what its archives ask of whoever links them, and that it can be had in each way that
docs/loader.md names."""

import os
import pathlib
import re
import shlex
import subprocess

import pytest

BUILD = pathlib.Path(os.environ.get("BUILD", "build")).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADER = (ROOT / "include/purgatory/loader.h").read_text()
NAMES = (ROOT / "loader/names.h").read_text()
HOST = os.uname().machine.replace("aarch64", "arm64")
BINUTILS = {"arm64": "aarch64-linux-gnu-", "x86_64": "x86_64-linux-gnu-"}
LIBC = {"memcpy", "memmove", "memset", "memcmp"}
PROGRAM = """#include <purgatory/loader.h>
#include <string.h>
int main(void) { return strcmp(purg_strerror(PURG_ERR_ROOM), "the output does not fit into the caller's memory"); }
"""


class Archive:
    """name: the file's; arch: what it is for; freestanding or not."""

    def __init__(self, name):
        self.path = BUILD / f"{name}.a"
        self.freestanding = name != "libpurgatory"
        self.arch = name.removeprefix("libpurgatory-") if self.freestanding else HOST

    def tool(self, tool, *arguments, **options):
        return subprocess.run([BINUTILS[self.arch] + tool, *map(str, arguments)], check=True, capture_output=True,
                              text=True, **options).stdout

    def symbols(self, *options):
        """(member, name) of each external symbol."""
        lines = self.tool("nm", "-A", "-g", *options, self.path).splitlines()
        return {(line.split(":")[1], line.split()[-1]) for line in lines if len(line.split()) > 1}

    def defined(self):
        return {name for _, name in self.symbols("--defined-only")}

    def undefined(self):
        """(member, name) of what no member has."""
        defined = self.defined()
        return {(member, name) for member, name in self.symbols("--undefined-only") if name not in defined}


ARCHIVES = ["libpurgatory", "libpurgatory-arm64", "libpurgatory-x86_64"]


@pytest.fixture(params=ARCHIVES)
def archive(request):
    return Archive(request.param)


def is_dtb(member):
    return member.startswith("loader-dtb")


def test_undefined(archive):
    """Four functions of libc; libfdt's in the members that have to do with device trees. Programs of Linux may have a
    GOT, which the linker makes."""
    for member, name in archive.undefined():
        allowed = name in LIBC or is_dtb(member) and name.startswith("fdt_")
        assert allowed or not archive.freestanding and name == "_GLOBAL_OFFSET_TABLE_", (member, name)


def test_defined(archive):
    """No name that could be another program's: what is not public has a prefix as well, by loader/names.h. What is
    public is in the header."""
    for name in archive.defined():
        assert re.match("purg_", name), f"{name} is missing in loader/names.h"
        if not name.startswith("purg_internal_"):
            assert re.search(rf"\b{name}\(", HEADER), f"{name} is not in the header"


def test_names():
    """Each line of loader/names.h is for a symbol that there is, and renames it by the rule."""
    defined = set().union(*(Archive(name).defined() for name in ARCHIVES))
    lines = re.findall(r"^#define (\w+) (\w+)$", NAMES, re.M)
    assert len(lines) > 10 and len(lines) == len(re.findall("^#define .", NAMES, re.M)) - 1
    for name, new in lines:
        assert new == f"purg_internal_{name}" and new in defined, name


def test_no_variables(archive):
    """No section is written to; programs of Linux may have constants that the dynamic linker relocates."""
    text = archive.tool("readelf", "-SW", archive.path)
    sections = re.findall(r"^  \[ *\d+\] (\.\S+) +\w+ +\w+ \w+ (\w+) \w+ +(\w*) ", text, re.M)
    assert sections
    for name, size, flags in sections:
        if "W" in flags and int(size, 16):
            assert not archive.freestanding and name.startswith(".data.rel.ro"), (name, size)


def stubs(archive, directory):
    """An object with whatever the archive does not have."""
    source = directory / "stubs.S"
    source.write_text("".join(f".globl {name}\n{name}:\n" for _, name in sorted(archive.undefined())) + "\tret\n")
    archive.tool("as", source, "-o", directory / "stubs.o")
    return directory / "stubs.o"


@pytest.mark.parametrize("linker", ["ld", "ld.lld"])
@pytest.mark.parametrize("name", ARCHIVES[1:])
def test_nothing_to_relocate(name, linker, tmp_path):
    """All of it in a static PIE, as it is in a firmware: each linker takes it, and leaves nothing to do at run time;
    nor need constants lie near the code."""
    archive = Archive(name)
    linker = linker if linker == "ld.lld" else BINUTILS[archive.arch] + linker
    image = tmp_path / "image"
    subprocess.run([linker, "-pie", "--no-dynamic-linker", "-z", "text", "-z", "noexecstack", "--fatal-warnings", "-e",
                    "0", "--section-start=.rodata=0x4000000", "--section-start=.text=0x8000000", "--whole-archive",
                    archive.path, stubs(archive, tmp_path), "-o", image], check=True)
    assert "There are no relocations" in archive.tool("readelf", "-rW", image)
    symbols = {line.split()[-1] for line in archive.tool("nm", image).splitlines()}
    assert archive.defined() <= symbols


def test_device_trees_apart(archive, tmp_path):
    """Everything that the header does not say to need libfdt can be linked where there is none."""
    wanted = [f"--undefined={name}" for member, name in sorted(archive.symbols("--defined-only")) if not is_dtb(member)]
    libc = tmp_path / "libc.S"
    libc.write_text("".join(f".globl {name}\n{name}:\n" for name in sorted(LIBC)) + "\tret\n")
    archive.tool("as", libc, "-o", tmp_path / "libc.o")
    archive.tool("ld", "-e", "0", *wanted, tmp_path / "libc.o", archive.path, "-o", tmp_path / "image")
    assert " fdt_" not in archive.tool("nm", tmp_path / "image")


def test_shared_library(tmp_path):
    """All of it as a part of a shared library, which has none of its names for others."""
    archive = Archive("libpurgatory")
    library = tmp_path / "lib.so"
    subprocess.run(["gcc", "-shared", "-Wl,-z,text,-z,defs,--whole-archive", archive.path, "-Wl,--no-whole-archive",
                    "-lfdt", "-o", library], check=True)
    assert "purg_" not in archive.tool("nm", "-D", library)


def without_make():
    """The environment for a make that is not a part of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}


# A build of somebody else's, in C or with the assembler's own flags, from the fragment alone.
MAKEFILE = """include $(LIBPURGATORY)/loader/libpurgatory.mk
program: program.c $(LIBPURGATORY_SOURCES) $(DTB)
	$(CC) $(CFLAGS) $(LIBPURGATORY_CFLAGS) $^ -o $@ $(LIBS)
"""


@pytest.mark.parametrize("dtb", [False, True], ids=["alone", "libfdt"])
@pytest.mark.parametrize("compiler", ["gcc -O1", "clang -O3 -Wall -Werror"])
def test_fragment(compiler, dtb, tmp_path):
    """A program with the library's sources in it, far from this makefile and its flags."""
    (tmp_path / "Makefile").write_text(MAKEFILE)
    (tmp_path / "program.c").write_text(PROGRAM)
    needs = ["DTB=$(LIBPURGATORY_DTB_SOURCES)", "LIBS=-lfdt"] if dtb else []
    variables = [f"LIBPURGATORY={ROOT}", f"LIBPURGATORY_ARCH={HOST}", f"CC={compiler}", *needs]
    subprocess.run(["make", "-s", *variables, "program"], cwd=tmp_path, env=without_make(), check=True)
    subprocess.run([tmp_path / "program"], check=True)


@pytest.mark.parametrize("name", ["aarch64", "", "arm64 x86_64"])
def test_fragment_wants_an_architecture(name):
    """Another name than the two, both or none is an error, not a library without SHA-256."""
    variables = [f"LIBPURGATORY={ROOT}", f"LIBPURGATORY_ARCH={name}"]
    done = subprocess.run(["make", "-f", ROOT / "loader/libpurgatory.mk", *variables], env=without_make(),
                          capture_output=True, text=True)
    assert done.returncode and f"LIBPURGATORY_ARCH={name}: must be arm64 or x86_64" in done.stderr


def pkg_config(prefix, *options):
    environment = {**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}
    return subprocess.run(["pkg-config", *options, "libpurgatory"], env=environment, check=True, capture_output=True,
                          text=True).stdout


def test_installed(tmp_path):
    """make install, and a program by pkg-config, with static libraries and without; the freestanding archives are there
    as well."""
    prefix, program = tmp_path / "prefix", tmp_path / "program"
    subprocess.run(["make", "-s", f"O={os.path.relpath(BUILD, ROOT)}", f"PREFIX={prefix}", "install"], cwd=ROOT,
                   env=without_make(), check=True, stdout=subprocess.DEVNULL)
    for name in ARCHIVES[1:]:
        assert (prefix / f"lib/purgatory/{name}.a").read_bytes() == Archive(name).path.read_bytes()
    (tmp_path / "program.c").write_text(PROGRAM)
    for static in ([], ["--static"]):
        options = shlex.split(pkg_config(prefix, "--cflags", "--libs", *static))
        assert ("-lfdt" in options) == bool(static)
        compiler = ["gcc", *(option[1:] for option in static), tmp_path / "program.c"]
        subprocess.run([*compiler, *options, "-o", program], check=True)
        subprocess.run([program], check=True)
    version = subprocess.run([prefix / "bin/purgatory", "--version"], check=True, capture_output=True, text=True).stdout
    assert version.startswith(f"purgatory {pkg_config(prefix, '--modversion').strip()} ")

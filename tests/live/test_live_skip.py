# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""`--verify=unless-unmapped` after a crash of Debian's kernels: what their tables say, the purgatory says, and does."""

import pytest

from crashed import BACKPORTS, DAMAGED, crashed
from machine import PAGE
from linux_tables import PAGE_SHIFT
from outer import ARM64, ARM64_COMPUTERS, X86_64, x86_64

FIVE_LEVELS = x86_64("x86_64-q35-la57", "q35", "-cpu", "max")
# QEMU 7.2 loses the flags if an interrupt comes behind a CMPXCHG16B, which this kernel executes often.
WITHOUT_CX16 = x86_64("x86_64-q35", "q35", "-cpu", "qemu64,-cx16")
BOTH = pytest.mark.parametrize("computer", [ARM64, X86_64], ids=lambda computer: computer.arch)

# Then nobody can tell where the linear map is.
HIDE_KCORE = "mount -o bind /dev/null /proc/kcore"

VERDICTS = {
    **{computer.name: (computer, "", True) for computer in ARM64_COMPUTERS[1::2]},
    **{f"{computer.name}-6.12": (computer, BACKPORTS, False) for computer in ARM64_COMPUTERS[1::4]},
    "x86_64": (X86_64, "", True),
    "x86_64-la57": (FIVE_LEVELS, "", True),
    "x86_64-6.12": (WITHOUT_CX16, BACKPORTS, True),
}


@pytest.mark.parametrize("computer, suite, skipped", VERDICTS.values(), ids=VERDICTS.keys())
def test_verdict(outer, note, computer, suite, skipped):
    """Linux until 6.3 unmaps on arm64 what is loaded for a crash, and later no more; on x86_64 it may only be read."""
    with crashed(outer, computer, suite) as one:
        line, names = one.foretold()
        assert names == ([] if skipped else one.names)
        assert one.said() == [line]
        one.boots(names)
        note(f"unless-unmapped, {one.linux()}", computer.name, line)


SEARCHES = {"arm64": (ARM64, "", True), "arm64-6.12": (ARM64, BACKPORTS, False), "x86_64": (X86_64, "", True)}


@pytest.mark.parametrize("computer, suite, skipped", SEARCHES.values(), ids=SEARCHES.keys())
def test_search(outer, note, computer, suite, skipped):
    """Where nobody knows the linear map, all that the kernel's tables map is looked at."""
    with crashed(outer, computer, suite, HIDE_KCORE) as one:
        line, names = one.foretold(search=True)
        assert names == ([] if skipped else one.names)
        assert one.said() == [line]
        one.boots(names)
        note(f"unless-unmapped, a search, {one.linux()}", computer.name, line)


def map_elsewhere(one):
    """Map a page of the initrd outside of the linear map, where there is room beside another page that can be
    written."""
    tables = one.tables
    page = one.segment("initrd")[1]["start"]
    for leaf in tables.leaves():
        if leaf.shift == PAGE_SHIFT and leaf.virtual != tables.linear(tables.address(leaf)) and tables.exposes(leaf):
            beside = tables.entries(leaf.place & -PAGE, PAGE_SHIFT, 0)
            free = next((entry for entry in beside if not entry.value), None)
            if free:
                tables.write(free, leaf.value - tables.address(leaf) + page)
                return


@pytest.mark.parametrize("search", [False, True], ids=["look-up", "search"])
@BOTH
def test_alias(outer, note, computer, search):
    """A page of a segment is mapped beside the linear map, too: a search sees that, a look-up does not."""
    with crashed(outer, computer, first=HIDE_KCORE if search else ":") as one:
        map_elsewhere(one)
        line, names = one.foretold(search)
        assert names == (["initrd"] if search else [])
        assert one.said() == [line]
        one.boots(names)
        note(f"a page is mapped elsewhere, {'a search' if search else 'a look-up'}", computer.name, line)


@BOTH
def test_skipped_damage(outer, note, computer):
    """What it means to skip: what changes without the old kernel's tables, as by DMA, is not seen."""
    with crashed(outer, computer) as one:
        one.flip("initrd")
        line, _ = one.foretold()
        assert one.said() == [line]
        one.boots([], DAMAGED)
        note(f"unless-unmapped, a byte changed, {one.linux()}", computer.name, f"{line}; boots, with that byte")


def test_mapped_damage(outer, note):
    """A kernel that leaves the crash kernel mapped: the damage is found."""
    with crashed(outer, ARM64, BACKPORTS) as one:
        one.flip("initrd")
        line, _ = one.foretold()
        assert one.said() == [line]
        one.refused("initrd")
        note(f"unless-unmapped, a byte changed, {one.linux()}", ARM64.name, f"{line}; refused by name")

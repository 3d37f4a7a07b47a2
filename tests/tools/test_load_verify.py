# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""`purgatory load --verify`: what the purgatory is told of the running kernel's page tables, and where that is refused.
What is right is taken from other files than the command takes it from, or computed in another way."""
import json
import re
import struct

import pytest

import kcore
import machines
from machines import GIB, MIB
from test_load import GOOD, QUIET
from test_load_refusals import refused

HOSTILE = True
X86, X86_HIGH, ARM = "x86_64-q35-crash", "x86_64-high", "arm64-virt-crash"
TOP = 1 << 64
FIX = ", and --verify=unless-unmapped needs that; give --verify=always"
NO_ROOT = "where the kernel's top page table lies is not known, or that is no memory"
NO_MAP = "where the kernel's linear map lies is not known, and there is too much memory to search for it"
NO_TEXT = "vmcoreinfo is cut, or what is needed of it is there twice or no number"
ELSEWHERE = "the kernel's linear map cannot lie there, or vmcoreinfo says that it lies elsewhere"


def arguments(purgatory, root, *args):
    arch = "arm64" if "aarch64" in (root / "proc/sys/kernel/arch").read_text() else "x86_64"
    return ["load", "-n", "--machine", root, purgatory.file("kernel", GOOD[arch]), "--console", "none", *args]


def plan(purgatory, root, *args):
    done = purgatory.ok(*arguments(purgatory, root, "--json", *args), env=QUIET)
    return json.loads(done.stdout), done.stderr


def tables(purgatory, root):
    """The block's linear map; nothing is said beside the plan."""
    said, complaints = plan(purgatory, root, "--panic", "--verify=unless-unmapped")
    assert said["verify"] == "unless-unmapped"
    # Without /proc/kcore the dump is short of addresses, whatever is verified.
    assert not [line for line in complaints.splitlines() if "so the dump will not" not in line]
    return said["linear_map"]


def refusal(purgatory, root):
    said = refused(purgatory, *arguments(purgatory, root, "--panic", "--verify=unless-unmapped"))
    return said.replace(str(root), "DIR")


def read(root, name):
    return (root / name).read_bytes()


def symbols(root):
    return {line.split()[2]: int(line.split()[0], 16) for line in (root / "proc/kallsyms").read_text().splitlines()}


def root_by_symbols(root):
    """The kernel's code begins with _text."""
    code = next(start for _, start, _, name in machines.lines(root) if name == "Kernel code")
    return code + symbols(root)["init_top_pgt"] - symbols(root)["_text"]


def memory(root):
    """RAM without all that is the crash kernel's; on x86 that is the first MiB, too."""
    left = [(start, end) for depth, start, end, name in machines.lines(root) if not depth and name == "System RAM"]
    taken = [(start, end) for _, start, end, name in machines.lines(root) if name.startswith("Crash kernel")]
    for start, end in taken + ([(0, MIB)] if (root / "proc/kallsyms").exists() else []):
        left = list(machines.without(left, start, end))
    return [{"start": start, "size": end - start} for start, end in left]


def number(text, key, base):
    return int(re.search(rf"^{re.escape(key)}=(.*)$", text, re.M)[1], base)


@pytest.mark.parametrize("name", machines.CRASH)
def test_recorded(purgatory, name):
    """x86_64: the root is where /proc/kallsyms has it, the levels are those of the CPU's flags. The linear map is, by
    /proc/kcore, at the distance that each mapping of RAM has which is not the kernel's own."""
    root = machines.RECORDED / name
    found = tables(purgatory, root)
    low, high = machines.usable(root, panic=True)[0]
    assert found["region"] == {"start": low, "size": high - low}
    assert found["ranges"] == memory(root)
    assert found["pa"] == low and not found["search"]
    data = read(root, "proc/kcore")
    code = next(start for _, start, _, name in machines.lines(root) if name == "Kernel code")
    distances = {virtual - physical for virtual, physical, size in kcore.mappings(data)
                 if physical != TOP - 1 and not (physical <= code < physical + size < physical + 64 * MIB)}
    assert distances == {found["va"] - found["pa"]}
    if machines.ARCH[name] == "arm64":
        text = kcore.text(data)
        assert (found["live"], found["root"], found["levels"]) == (True, 0, 0)
        assert found["va"] == TOP - (1 << 48) + low - number(text, "NUMBER(PHYS_OFFSET)", 16)
    else:
        levels = 5 if "la57" in (root / "proc/cpuinfo").read_text().split() else 4
        assert (found["live"], found["root"], found["levels"]) == (False, root_by_symbols(root), levels)
        assert levels == (5 if name == X86_HIGH else 4)


def with_text(name, change):
    """The recorded /proc/kcore with another vmcoreinfo; None: without one."""
    data = read(machines.RECORDED / name, "proc/kcore")
    return {"proc/kcore": kcore.make(kcore.mappings(data), change(kcore.text(data)))}


def test_other_notes(purgatory, tmp_path):
    """vmcoreinfo is found behind other notes, of other names."""
    root = machines.copy(tmp_path, X86, with_text(X86, lambda text: text))
    assert tables(purgatory, root) == tables(purgatory, machines.RECORDED / X86)


# Lines before and behind those that count.
OTHERS = """0000000000001000 A __init_top_pgt
0000000000002000 T other
0000000000003000 D other_other_
0000000000004000 D other_other_oth
0000000000005000 T _text_begin
0000000000006000 TT_text

"""
MODULES = "ffffffffc0000000 t _text\t[module]\nffffffffc0000000 D xinit_top_pgt\n"


@pytest.mark.parametrize("name", [X86, X86_HIGH])
@pytest.mark.parametrize("symbol", ["init_top_pgt", "init_level4_pgt"])
def test_without_vmcoreinfo(purgatory, tmp_path, name, symbol):
    """Before Linux 4.19: the root by /proc/kallsyms, which may have other symbols, and levels by the CPU's flags."""
    known = (machines.RECORDED / name / "proc/kallsyms").read_text().replace("init_top_pgt", symbol)
    more = {"proc/kallsyms": OTHERS + known + MODULES}
    root = machines.copy(tmp_path, name, {**with_text(name, lambda text: None), **more})
    assert tables(purgatory, root) == tables(purgatory, machines.RECORDED / name)


def test_arm64_without_vmcoreinfo(purgatory, tmp_path):
    root = machines.copy(tmp_path, ARM, with_text(ARM, lambda text: None))
    assert tables(purgatory, root) == tables(purgatory, machines.RECORDED / ARM)


@pytest.mark.parametrize("name", [X86, ARM])
def test_without_kcore(purgatory, tmp_path, name):
    """As under lockdown: there is little memory, so it is searched."""
    root = machines.copy(tmp_path, name, {"proc/kcore": None})
    searched = {**tables(purgatory, machines.RECORDED / name), "search": True, "va": 0, "pa": 0}
    assert tables(purgatory, root) == searched


def test_half_mapped(purgatory, tmp_path):
    """A mapping that has only a part of the crash kernel's memory says nothing of the rest."""
    data = read(machines.RECORDED / X86, "proc/kcore")
    end = machines.usable(machines.RECORDED / X86, panic=True)[0][1]
    for cut, searched in ((end, False), (end - 4096, True)):
        mapped = [(virtual, physical, min(size, cut - physical) if MIB <= physical < cut else size)
                  for virtual, physical, size in kcore.mappings(data)]
        root = machines.copy(tmp_path / str(cut), X86, {"proc/kcore": kcore.make(mapped, kcore.text(data))})
        assert tables(purgatory, root)["search"] == searched


def test_mapping_below(purgatory, tmp_path):
    """A larger mapping, but of other memory, says nothing of the crash kernel's, nor does one of a part of it."""
    data = read(machines.RECORDED / X86, "proc/kcore")
    low, high = machines.usable(machines.RECORDED / X86, panic=True)[0]
    (virtual, physical), = [(virtual, physical) for virtual, physical, size in kcore.mappings(data)
                            if physical <= low < physical + size]
    mapped = [(virtual + (1 << 40), physical, low - physical), (virtual - physical + low, low, high - low),
              (virtual, low, 4096)]
    root = machines.copy(tmp_path, X86, {"proc/kcore": kcore.make(mapped, kcore.text(data))})
    assert tables(purgatory, root) == tables(purgatory, machines.RECORDED / X86)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0xFFFFFFF0, 0x10000])
def test_cut_note(purgatory, tmp_path, size):
    """A note that is longer than all notes is none."""
    made = with_text(X86, lambda text: text)["proc/kcore"]
    at = made.rindex(b"VMCOREINFO\0") - 8
    root = machines.copy(tmp_path, X86, {"proc/kcore": made[:at] + struct.pack("<I", size) + made[at + 4:]})
    assert tables(purgatory, root) == tables(purgatory, machines.RECORDED / X86)
    (root / "proc/kallsyms").unlink()
    assert refusal(purgatory, root) == f"DIR: /proc/kallsyms: {NO_ROOT}{FIX}"


def test_unsorted(purgatory, tmp_path):
    """Of two parts the higher one is the region, whatever comes first."""
    iomem = (machines.RECORDED / X86_HIGH / "proc/iomem").read_text()
    tops = re.findall(r"^\S.*\n(?: .*\n)*", iomem, re.M)
    root = machines.copy(tmp_path, X86_HIGH, {"proc/iomem": "".join(reversed(tops))})
    assert tables(purgatory, root) == tables(purgatory, machines.RECORDED / X86_HIGH)


def replaced(old, new):
    return lambda text: re.sub(old, new, text)


def moved(name, distance):
    """The recorded /proc/kcore with all RAM mapped elsewhere."""
    data = read(machines.RECORDED / name, "proc/kcore")
    mapped = [((virtual + distance) % TOP, physical, size) for virtual, physical, size in kcore.mappings(data)]
    return {"proc/kcore": kcore.make(mapped, kcore.text(data))}


HIDDEN = "0000000000000000 T _text\n0000000000000000 D init_top_pgt\n"
NO_NOTE = with_text(X86, lambda text: None)
VMCOREINFO = "DIR: /proc/kcore: VMCOREINFO: "


@pytest.mark.parametrize("name, files, expected", [
    (X86, {**NO_NOTE, "proc/kallsyms": None}, f"DIR: /proc/kallsyms: {NO_ROOT}"),
    (X86, {**NO_NOTE, "proc/kallsyms": HIDDEN}, f"DIR: /proc/kallsyms: {NO_ROOT}"),
    (X86, {**NO_NOTE, "proc/kallsyms": "ffffffff81000000 T _text\n"}, f"DIR: /proc/kallsyms: {NO_ROOT}"),
    (X86, {**NO_NOTE, "proc/kallsyms": "ffffffff82000000 T init_top_pgt\n"}, f"DIR: /proc/kallsyms: {NO_ROOT}"),
    (X86, {"proc/kcore": None, "proc/kallsyms": None}, f"DIR: /proc/kallsyms: {NO_ROOT}"),
    (X86_HIGH, {"proc/kcore": None}, f"DIR: /proc/kcore: {NO_MAP}"),
    (X86, with_text(X86, replaced(r"SYMBOL\(swapper_pg_dir\).*\n", "")), f"{VMCOREINFO}{NO_ROOT}"),
    (X86, with_text(X86, replaced(r"NUMBER\(phys_base\).*\n", "")), f"{VMCOREINFO}{NO_ROOT}"),
    (X86, with_text(X86, replaced(r"phys_base\)=", r"\g<0>9")), f"{VMCOREINFO}{NO_ROOT}"),
    (X86, with_text(X86, replaced(r"phys_base\)=", r"\g<0>x")), f"{VMCOREINFO}{NO_TEXT}"),
    (X86, with_text(X86, replaced(r"\n$", "")), f"{VMCOREINFO}{NO_TEXT}"),
    (X86, with_text(X86, replaced(r"l5_enabled\)=0", r"l5_enabled)=2")), f"{VMCOREINFO}{NO_TEXT}"),
    (ARM, with_text(ARM, replaced(r"VA_BITS\)=48", r"VA_BITS)=0")), f"{VMCOREINFO}{NO_TEXT}"),
    (X86, with_text(X86, replaced(r"sme_mask\)=0", r"sme_mask)=140737488355328")),
     f"{VMCOREINFO}the kernel's memory is encrypted, so that its page tables cannot be looked at"),
    # As if it were of five levels, in the part of the kernel itself, and in that of user space.
    (X86, moved(X86, -(1 << 48)), f"DIR: /proc/kcore: {ELSEWHERE}"),
    (X86, moved(X86, 1 << 47), f"DIR: /proc/kcore: {ELSEWHERE}"),
    (ARM, moved(ARM, 1 << 30), f"DIR: /proc/kcore: {ELSEWHERE}"),
])
def test_refused(purgatory, tmp_path, name, files, expected):
    root = machines.copy(tmp_path, name, files)
    assert refusal(purgatory, root) == expected + FIX
    assert plan(purgatory, root, "--panic")[0]["verify"] == "always"


def test_much_memory(purgatory, tmp_path):
    """A search is for 3.5 GiB at most; a look-up for any memory."""
    iomem = (machines.RECORDED / ARM / "proc/iomem").read_text()
    for size, good in ((5 * GIB // 2, True), (5 * GIB // 2 + 4096, False)):
        more = f"{4 * GIB:x}-{4 * GIB + size - 1:x} : System RAM\n"
        root = machines.copy(tmp_path / str(size), ARM, {"proc/iomem": iomem + more, "proc/kcore": None})
        if good:
            assert tables(purgatory, root)["search"]
        else:
            assert refusal(purgatory, root) == f"DIR: /proc/kcore: {NO_MAP}{FIX}"
        root = machines.copy(tmp_path / f"{size}k", ARM, {"proc/iomem": iomem + more})
        assert not tables(purgatory, root)["search"]


@pytest.mark.parametrize("name", [X86, ARM])
def test_crash_memory_overlaps(purgatory, tmp_path, name):
    """/proc/iomem of a kernel that has no RAM but the crash kernel's."""
    low, high = machines.usable(machines.RECORDED / name, panic=True)[0]
    iomem = f"{low:x}-{high - 1:x} : System RAM\n  {low:x}-{high - 1:x} : Crash kernel\n"
    root = machines.copy(tmp_path, name, {"proc/iomem": iomem})
    assert refusal(purgatory, root) == "DIR: /proc/iomem: there is no RAM in it, or none for the kernel that is asked for"


@pytest.mark.parametrize("name", [X86, ARM])
@pytest.mark.parametrize("panic", [[], ["--panic"]], ids=["next", "panic"])
def test_other_policies(purgatory, name, panic):
    """Verified always, if nothing is said. Never has a warning. Neither says anything of tables."""
    root = machines.RECORDED / name
    for args in ([], ["--verify=always"]):
        said, complaints = plan(purgatory, root, *panic, *args)
        assert said["verify"] == "always" and "linear_map" not in said and complaints == ""
    said, complaints = plan(purgatory, root, *panic, "--verify=never")
    assert said["verify"] == "never" and "linear_map" not in said
    assert complaints == ("purgatory: --verify=never: warning: nothing is verified before it is entered, so what was "
                          "damaged is not noticed\n")


@pytest.mark.parametrize("policy", ["always", "unless-unmapped", "never"])
def test_map(purgatory, policy):
    args = arguments(purgatory, machines.RECORDED / ARM, "--map", "--panic", "--verify", policy)
    assert purgatory.ok(*args, env=QUIET).stdout.endswith(f"\nverify {policy}\n")

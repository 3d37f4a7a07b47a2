#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""record.py [NAME...]: boot Debian's kernels under QEMU, and keep what record.sh copies there as tests/machines/NAME.
BUILD (build) has the kernels."""
import base64
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("BUILD", "build")).resolve()
sys.path.insert(0, str(HERE.parent / "qemu"))

from cpio import archive, padded  # noqa: E402

ARM64 = ["qemu-system-aarch64", "-cpu", "max,pauth-impdef=on"]
Q35 = ["qemu-system-x86_64", "-machine", "q35", "-cpu", "max"]
OVMF = ["-drive", "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE.fd"]
AAVMF = ["-bios", "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"]

# NAME: the machine, and its kernel's command line
MACHINES = {
    "arm64-virt": (ARM64 + ["-machine", "virt", "-m", "1G"], ""),
    "arm64-virt-crash": (ARM64 + ["-machine", "virt", "-m", "1G"], "crashkernel=256M"),
    "arm64-uefi-acpi": (ARM64 + ["-machine", "virt,acpi=on", "-m", "1G"] + AAVMF, "acpi=force crashkernel=256M"),
    "x86_64-q35": (Q35 + ["-m", "1G"], ""),
    # Page tables of four levels; all other machines' CPUs have five.
    "x86_64-q35-crash": (Q35 + ["-cpu", "max,la57=off", "-m", "1G", "-smp", "2"], "crashkernel=256M"),
    "x86_64-ovmf": (Q35 + ["-m", "1G"] + OVMF, ""),
    "x86_64-high": (Q35 + ["-m", "6G"], "crashkernel=512M,high"),
}

INIT = b"""#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs dev /dev; mount -t proc proc /proc; mount -t sysfs sys /sys
sh /record.sh /machine
echo 1 >/proc/sys/kernel/printk
echo; echo BEGIN; tar -cz -C /machine . | base64; echo END
poweroff -f
"""


def initrd(arch):
    init = archive({"init": (0o755, INIT), "record.sh": (0o755, (HERE / "record.sh").read_bytes())})
    return padded((BUILD / "debian" / arch / "initrd").read_bytes()) + init


def record(name):
    machine, cmdline = MACHINES[name]
    arch = "arm64" if name.startswith("arm64") else "x86_64"
    console = "ttyAMA0" if arch == "arm64" else "ttyS0"
    with tempfile.NamedTemporaryFile() as file:
        file.write(initrd(arch))
        file.flush()
        command = [*machine, "-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot", "-kernel",
                   BUILD / "debian" / arch / "vmlinuz", "-initrd", file.name, "-append",
                   f"console={console} {cmdline}".strip()]
        said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=True).stdout
    packed = re.search(rb"BEGIN\r\n(.*?)\r\nEND\r\n", said, re.S)
    if not packed:
        raise SystemExit(f"{name} did not get there:\n{said.decode(errors='replace')[-2000:]}")
    shutil.rmtree(HERE / name, ignore_errors=True)
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(packed[1]))) as tar:
        tar.extractall(HERE / name)


def trim(fdt):
    """QEMU's tree has a megabyte of room to grow."""
    if fdt.exists():
        subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dtb", "-o", fdt, fdt], check=True)


for chosen in sys.argv[1:] or MACHINES:
    record(chosen)
    trim(HERE / chosen / "sys/firmware/fdt")
    print(chosen)

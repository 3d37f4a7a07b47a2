#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
#
# record.sh DIR: copy into DIR the files of /proc and /sys that `purgatory load` reads, and no others. Run it as root; a
# busybox is enough. 'purgatory load --dry-run --machine DIR' then plans for this machine, anywhere.
set -eu

[ $# = 1 ] || { echo "usage: record.sh DIR" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "record.sh: run it as root: others are not shown where memory is" >&2; exit 2; }
dir=$1

# What such a file holds is known by reading only, so no cp -r; one that is not there is not missed.
take() {
	for file; do
		[ -r "$file" ] || continue
		mkdir -p "$dir${file%/*}"
		cat "$file" >"$dir$file" 2>/dev/null || rm -f "$dir$file"
	done
}

# The rest of it is this machine's memory: only the ELF header, 64 bytes, and its program headers, 56 each.
take_kcore() {
	[ -r /proc/kcore ] || return 0
	count=$(dd if=/proc/kcore bs=1 skip=56 count=2 2>/dev/null | od -A n -t u2)
	dd if=/proc/kcore of="$dir/proc/kcore" bs=8 count=$((8 + 7 * count)) 2>/dev/null || rm -f "$dir/proc/kcore"
}

mkdir -p "$dir/proc/sys/kernel"
uname -m >"$dir/proc/sys/kernel/arch"
take /proc/iomem /proc/cmdline /proc/cpuinfo /sys/firmware/fdt /sys/firmware/acpi/tables/SPCR /sys/kernel/vmcoreinfo \
	/sys/kernel/boot_params/data /sys/firmware/memmap/*/* /sys/devices/system/cpu/cpu*/crash_notes* \
	/sys/firmware/efi/systab /sys/firmware/efi/fw_vendor /sys/firmware/efi/config_table \
	/sys/firmware/efi/runtime-map/*/*
take_kcore

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

# kcore_number AT SIZE: the number at this offset.
kcore_number() {
	dd if=/proc/kcore bs=1 skip="$1" count="$2" 2>/dev/null | od -A n -t "u$2"
}

# The rest of it is this machine's memory: only the ELF header, 64 bytes, its program headers, 56 each, and the notes, of
# which the first program header says where they end.
take_kcore() {
	[ -r /proc/kcore ] || return 0
	headers=$((64 + 56 * $(kcore_number 56 2)))
	notes=$(($(kcore_number 72 8) + $(kcore_number 96 8)))
	dd if=/proc/kcore of="$dir/proc/kcore" bs=4 count=$(((headers > notes ? headers : notes) / 4)) 2>/dev/null ||
		rm -f "$dir/proc/kcore"
}

# Of the kernel's symbols those that say where its top page table lies.
take_kallsyms() {
	[ -r /proc/kallsyms ] || return 0
	grep -E ' (_text|init_top_pgt|init_level4_pgt)$' /proc/kallsyms >"$dir/proc/kallsyms" || rm -f "$dir/proc/kallsyms"
}

mkdir -p "$dir/proc/sys/kernel"
uname -m >"$dir/proc/sys/kernel/arch"
take /proc/iomem /proc/cmdline /proc/cpuinfo /sys/firmware/fdt /sys/firmware/acpi/tables/SPCR /sys/firmware/acpi/tables/FACP /sys/kernel/vmcoreinfo \
	/sys/kernel/boot_params/data /sys/firmware/memmap/*/* /sys/devices/system/cpu/cpu*/crash_notes* \
	/sys/firmware/efi/systab /sys/firmware/efi/fw_vendor /sys/firmware/efi/config_table \
	/sys/firmware/efi/runtime-map/*/* /sys/devices/system/cpu/cpu0/tsc_freq_khz
take_kcore
take_kallsyms

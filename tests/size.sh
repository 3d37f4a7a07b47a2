#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
#
# How large each form is, in bytes. "loaded" is what a loader copies: text, rodata and data. "memory" is what the image
# takes, with the parameter block's tables and the stack. The form with relocations has all in one section. The peer is
# the purgatory inside Debian 12's kexec-tools 2.0.25; its figures are recorded here in KB, not measured in this run.
set -eu
BUILD=${BUILD:-build}

# section FILE NAME: its size, 0 if there is none.
section() { size -A -d "$1" | awk -v name="$2" '$1 == name { n = $2 } END { print n + 0 }'; }

row() { printf '%-24s %7s %7s %6s %7s %7s %9s\n' "$@"; }

row form text rodata data loaded memory file
for arch in arm64 x86_64; do
	elf=$BUILD/purgatory-$arch.elf
	text=$(section "$elf" .text)
	rodata=$(section "$elf" .rodata)
	data=$(section "$elf" .data)
	loaded=$((text + rodata + data))
	memory=$(size -A -d "$BUILD/purgatory-$arch.ro" | awk '$1 == ".purgatory" { print $2 }')
	for form in elf bin ro; do
		row "purgatory-$arch.$form" "$text" "$rodata" "$data" "$loaded" "$memory" \
			"$(stat -c %s "$BUILD/purgatory-$arch.$form")"
	done
	plain=$BUILD/purgatory-$arch.rel.o
	row "purgatory-$arch.rel.o" - - - - "$(section "$plain" .purgatory)" "$(stat -c %s "$plain")"
	case $arch in
	arm64) row 'kexec-tools arm64' 13.3K - 0.4K 13.7K - - ;;
	x86_64) row 'kexec-tools x86_64' 17.3K - 8.4K 25.7K - - ;;
	esac
done
echo 'Budget for loaded: arm64 24 KiB (24576), x86_64 32 KiB (32768).'

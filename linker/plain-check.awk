# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# `readelf -W -S -s -r` of the plain form: fail, and say why, if it asks for more than loaders do. The measure
# is the relocator of kexec-tools 2.0.25 (kexec/arch/*/kexec-*rel*.c, kexec-arm64.c): what it does not know stops the load.
# x86_64's 32 and 32S it knows; they are left out, since they would tie the image to the low 2 or 4 GiB.

BEGIN {
	split("ABS64 PREL32 MOVW_UABS_G0_NC MOVW_UABS_G1_NC MOVW_UABS_G2_NC MOVW_UABS_G3 LD_PREL_LO19 " \
	      "ADR_PREL_LO21 ADR_PREL_PG_HI21 ADD_ABS_LO12_NC JUMP26 CALL26 LDST64_ABS_LO12_NC LDST128_ABS_LO12_NC", arm64)
	split("64 PC32 PLT32", x86_64)
	for (i in arm64)
		known["R_AARCH64_" arm64[i]] = 1
	for (i in x86_64)
		known["R_X86_64_" x86_64[i]] = 1
	# What the target must be a multiple of: the low bits have no place in the instruction, or are dropped.
	multiple["R_AARCH64_LD_PREL_LO19"] = 4
	multiple["R_AARCH64_ADR_PREL_LO21"] = 4
	multiple["R_AARCH64_LDST64_ABS_LO12_NC"] = 8
	multiple["R_AARCH64_LDST128_ABS_LO12_NC"] = 16
}

function complain(text) {
	print "the plain form: " text > "/dev/stderr"
	failed = 1
}

# [Nr] name, type, address, offset, size, entry size, flags, link, info, alignment; no flags: one field less.
sub(/^ *\[ *[0-9]+\] /, "") && $7 ~ /A/ {
	sections++
	if ($1 " " $2 " " $6 " " $7 " " $10 != ".purgatory PROGBITS 00 WAX 4096")
		complain("section " $1 " is not the one section of the right type, flags and alignment: " $0)
}

function last_digit(hex) {
	return index("0123456789abcdef", substr(hex, length(hex))) - 1
}

# Offset, info, type, the symbol's value and name, the sign, the addend.
$3 ~ /^R_/ {
	count++
	low = last_digit($4) + ($6 == "-" ? 16 - last_digit($7) : last_digit($7))
	if (!($3 in known))
		complain($3 " at " $1 " against " $5 ": loaders' relocators do not know this type")
	else if ($3 in multiple && low % multiple[$3])
		complain($3 " at " $1 " against " $5 " " $6 " " $7 ": the target is not a multiple of " multiple[$3])
}

# Number:, value, size, type, binding, visibility, section, name; the null symbol has no name.
$1 ~ /^[0-9]+:$/ {
	symbols++
	if ($7 == "UND" && $1 != "0:")
		complain("undefined symbol " $8 ": some loaders take it as 0")
	if ($7 == "COM")
		complain("symbol " $8 " is COMMON: no section has it")
}

END {
	if (sections != 1)
		complain(sections + 0 " sections that are loaded instead of one")
	if (!count || !symbols)
		complain("no relocations or no symbols in readelf's output")
	exit failed
}

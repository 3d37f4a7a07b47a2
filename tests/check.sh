#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
#
# check.sh [unit] [unit-arm64] [forms] [tools] [fuzz] [qemu] [qemu10] [clang] [kexec] [live] [faults]: run these suites, or
# all, and count: the last line is `N passed, N failed`. Everything must have been built; `make check` does.
set -u

BUILD=${BUILD:-build}
here=$(dirname "$0")
passed=0
failed=0
skipped=0
log=$BUILD/tests/suite.log

# count LABEL PASSED FAILED SKIPPED
count() {
	printf '  %-28s %s passed, %s failed, %s skipped\n' "$1" "$2" "$3" "$4"
	passed=$((passed + $2))
	failed=$((failed + $3))
	skipped=$((skipped + $4))
}

# The number before a word in pytest's closing line.
number_of() {
	tail -n 1 "$log" | sed -n "s/.*[^0-9]\([0-9][0-9]*\) $1.*/\1/p; s/^\([0-9][0-9]*\) $1.*/\1/p" | grep . || echo 0
}

# cmocka LABEL COMMAND...: a cmocka program; one that ends in any other way than by its count has failed once more.
cmocka() {
	label=$1
	shift
	"$@" >"$log" 2>&1
	status=$?
	good=$(grep -c '^\[       OK \]' "$log")
	bad=$(sed -n 's/^\[  FAILED  \] \([0-9]*\) test(s).*/\1/p' "$log" | tail -n 1 | grep . || echo 0)
	left=$(sed -n 's/^\[  SKIPPED \] \([0-9]*\) test(s).*/\1/p' "$log" | tail -n 1 | grep . || echo 0)
	[ $status -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
	[ $((good + bad + left)) -gt 0 ] || bad=1
	[ "$bad" -eq 0 ] || cat "$log"
	count "$label" "$good" "$bad" "$left"
}

unit() {
	for program in "$BUILD"/tests/unit/test_*; do
		cmocka "$(basename "$program")" "$program"
	done
}

# arm64's SHA-256 by QEMU's emulation of programs; on arm64 the suite unit has it.
unit_arm64() {
	[ "$(uname -m)" != aarch64 ] || return 0
	for cpu in cortex-a57 max; do
		cmocka "test_sha256 arm64 $cpu" qemu-aarch64 -L /usr/aarch64-linux-gnu -E EMULATED=1 -cpu $cpu \
			"$BUILD/tests/unit-arm64/test_sha256"
	done
}

# pytest LABEL PATH...: Debian's pytest, on all CPUs.
pytest() {
	label=$1
	shift
	/usr/bin/python3 -m pytest -q -p no:cacheprovider -n "$(nproc)" "$@" >"$log" 2>&1
	status=$?
	bad=$(($(number_of failed) + $(number_of 'errors\{0,1\}')))
	[ $status -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
	[ "$bad" -eq 0 ] || cat "$log"
	count "$label" "$(number_of passed)" "$bad" "$(number_of skipped)"
}

forms() {
	pytest forms "$here/forms"
}

tools() {
	PURGATORY=$BUILD/purgatory PURGATORY_SANITIZED=$BUILD/tests/purgatory-sanitized pytest tools "$here/tools"
}

# Each fuzz target for some seconds: its seeds, and what comes of them.
fuzz() {
	"$here/fuzz/fuzz.py" --seconds 5 >"$log" 2>&1
	status=$?
	bad=$(number_of failed)
	[ $status -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
	sed '$d; s/^/    /' "$log"
	count fuzz "$(number_of passed)" "$bad" 0
}

# The QEMU that is installed, then the one that is unpacked in the build.
qemu() {
	pytest "qemu (QEMU $(qemu_version))" "$here/qemu"
}

qemu10() {
	QEMU_PREFIX=$BUILD/qemu10 pytest "qemu10 (QEMU $(cat "$BUILD/qemu10/version"))" "$here/qemu"
}

qemu_version() {
	qemu-system-x86_64 --version | sed -n 's/^QEMU emulator version \([0-9.]*\).*/\1/p'
}

# What clang and lld built has the right shape and boots as well.
clang() {
	BUILD=$BUILD/clang TOOLCHAIN=clang pytest 'clang: forms, boots' "$here/forms" "$here/qemu/test_handoff.py" \
		"$here/qemu/test_placement.py" "$here/qemu/test_modes.py" "$here/qemu/test_compat.py" \
		"$here/qemu/test_plain.py" "$here/qemu/test_boot.py"
}

# Debian's kexec-tools load the next kernel, with their own purgatory and with ours.
kexec() {
	rm -f "$BUILD/kexec/report.txt"
	pytest "kexec (kexec-tools $(cat "$BUILD/kexec-tools/version"))" "$here/kexec"
	sed 's/^/    /' "$BUILD/kexec/report.txt"
}

# Our command loads the next kernel.
live() {
	rm -f "$BUILD/live/report.txt"
	pytest live "$here/live"
	sed 's/^/    /' "$BUILD/live/report.txt"
}

# Bits flipped between load and entry, FAULT_RUNS (200) for each architecture.
faults() {
	rm -f "$BUILD/faults/report.txt"
	pytest faults "$here/faults"
	sed 's/^/    /' "$BUILD/faults/report.txt"
}

export BUILD PYTHONDONTWRITEBYTECODE=1
mkdir -p "$BUILD/tests"
[ $# -gt 0 ] || set -- unit unit-arm64 forms tools fuzz qemu qemu10 clang kexec live faults
for suite in "$@"; do
	"$(echo "$suite" | tr - _)"
done
echo "$passed passed, $failed failed$([ $skipped -eq 0 ] || echo ", $skipped skipped")"
[ $failed -eq 0 ]

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
#
# check.sh [unit] [tools] [qemu]: run these suites, or all, and count: the last line is `N passed, N failed`.
# Everything must have been built; `make check` does.
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

# The number before a word in the last line that has both.
number_of() {
	sed -n "s/.*[^0-9]\([0-9][0-9]*\) $1.*/\1/p; s/^\([0-9][0-9]*\) $1.*/\1/p" "$log" | tail -n 1 | grep . || echo 0
}

# A cmocka program; one that ends in any other way than by its count has failed once more.
unit() {
	for program in "$BUILD"/tests/unit/test_*[!od]; do
		name=$(basename "$program")
		"$program" >"$log" 2>&1
		status=$?
		good=$(grep -c '^\[       OK \]' "$log")
		bad=$(grep -c '^\[  FAILED  \] [a-z]*: *[0-9a-z_]*$\|^\[  FAILED  \] [0-9a-z_]*$' "$log")
		[ $status -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
		[ $((good + bad)) -gt 0 ] || bad=1
		[ "$bad" -eq 0 ] || cat "$log"
		count "$name" "$good" "$bad" 0
	done
}

# Debian's pytest, on both cores.
pytest() {
	/usr/bin/python3 -m pytest -q -p no:cacheprovider -n 2 "$@" >"$log" 2>&1
	status=$?
	bad=$(($(number_of failed) + $(number_of 'errors\{0,1\}')))
	[ $status -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
	[ "$bad" -eq 0 ] || cat "$log"
	count "$1" "$(number_of passed)" "$bad" "$(number_of skipped)"
}

tools() {
	PURGATORY=$BUILD/purgatory PURGATORY_SANITIZED=$BUILD/tests/purgatory-sanitized pytest "$here/tools"
}

qemu() {
	pytest "$here/qemu"
}

export BUILD PYTHONDONTWRITEBYTECODE=1
[ $# -gt 0 ] || set -- unit tools qemu
for suite in "$@"; do
	$suite
done
echo "$passed passed, $failed failed$([ $skipped -eq 0 ] || echo ", $skipped skipped")"
[ $failed -eq 0 ]

# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# What the orders of the tests with kexec-tools say.

# load ARGUMENT...: have kexec-tools load, and tell of its messages those that say what went where.
load() {
	if ! kexec --debug --kexec-syscall "$@" >/log 2>&1; then
		cat /log
		echo 'outer: kexec failed'
		poweroff -f
	fi
	grep -E '^(kexec_load: entry|segment|Loaded)' /log
	echo 'outer: loaded'
}

# The test's clock starts at these words.
jump() {
	echo 'outer: jump'
	kexec --exec
}

#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# The first program of both kernels. In the outer one it carries out the test's orders, which bring up the inner one;
# there it says what it finds. Then it switches the machine off.

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

crash() {
	echo 'outer: jump'
	echo c >/proc/sysrq-trigger
}

# number OFFSET: the 64-bit number there in the old kernel's memory, an ELF.
number() {
	od -A n -t x8 -j "$1" -N 8 /proc/vmcore | sed 's/ */0x/'
}

# look ADDRESS: what the old kernel had at that physical address; the command line's look=ADDRESS is a variable here.
# Program headers begin at 64 and have 56 bytes.
look() {
	header=64
	while [ "$(($(number $((header + 24)))))" -gt $(($1)) ] ||
		[ $(($(number $((header + 24))) + $(number $((header + 40))))) -le $(($1)) ]; do
		header=$((header + 56))
	done
	echo "inner: at $1 was $(number $(($1 - $(number $((header + 24))) + $(number $((header + 8))))))"
}

/bin/busybox mkdir -p /dev /proc /sys
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
export PATH=/bin
busybox --install -s /bin

# Through real mode a kernel comes without its command line, and so without a console on the serial port.
grep -q console= /proc/cmdline || exec >/dev/ttyS0 2>&1

if [ -e /orders ]; then
	# shellcheck source=/dev/null
	. /orders
	echo 'outer: nothing follows'
	poweroff -f
fi

echo "inner: userspace of Linux $(uname -r) on $(uname -m)"
echo "inner: command line: $(cat /proc/cmdline)"
if [ -e /proc/vmcore ]; then
	echo "inner: vmcore of $(stat -c %s /proc/vmcore) bytes"
	# shellcheck disable=SC2154 # of the command line
	[ "$(uname -m)" != x86_64 ] || look "$look"
fi
echo 'inner: end'
poweroff -f

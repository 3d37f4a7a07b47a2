#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# The first program of both kernels. In the outer one it carries out the test's orders, which bring up the inner one;
# there it says what it finds. Then it switches the machine off. An inner kernel that was given orders as well, and its
# number on the command line as kernel=, is an outer one for the next.

# number OFFSET: the 64-bit number there in the old kernel's memory, an ELF.
number() {
	od -A n -t x8 -j "$1" -N 8 /proc/vmcore | sed 's/ */0x/'
}

# look ADDRESS: what the old kernel had at that physical address; the command line's look=ADDRESS is a variable here.
# Program headers begin at 64 and have 56 bytes, and their number is at 56.
look() {
	header=64
	end=$((64 + 56 * $(od -A n -t u2 -j 56 -N 2 /proc/vmcore)))
	while [ $header -lt $end ]; do
		offset=$(($1 - $(number $((header + 24)))))
		if [ $offset -ge 0 ] && [ $offset -lt $(($(number $((header + 40))))) ]; then
			echo "inner: at $1 was $(number $((offset + $(number $((header + 8))))))"
			return
		fi
		header=$((header + 56))
	done
	echo "inner: at $1 was nothing"
}

crash() {
	echo 'outer: jump'
	echo c >/proc/sysrq-trigger
}

# keep DISK FILE...: a tar of these files and directories, as far as they are there.
keep() {
	disk=$1
	shift
	mkdir -p /kept
	for file; do
		[ ! -e "$file" ] || cp -r "$file" /kept
	done
	tar -cf "$disk" -C /kept .
	sync
}

# What the old kernel has left, and what this one knows of the machine, each on its disk (dumps.py).
dump() {
	dd if=/proc/vmcore of=/dev/nvme0n1 bs=1M conv=fsync 2>/dev/null
	keep /dev/nvme0n3 /proc/cmdline /proc/iomem /sys/firmware/memmap /sys/firmware/fdt
	echo 'inner: dumped'
}

greet() {
	echo "inner: userspace of Linux $(uname -r) on $(uname -m)"
	echo "inner: command line: $(cat /proc/cmdline)"
}

/bin/busybox mkdir -p /dev /proc /sys
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
export PATH=/bin
busybox --install -s /bin

# Through real mode a kernel comes without its command line, and so without a console on the serial port.
grep -q console= /proc/cmdline || exec >/dev/ttyS0 2>&1

# shellcheck source=/dev/null
. /words
kernel=${kernel:-1}
[ "$kernel" -eq 1 ] || greet
if [ -e /orders ]; then
	# shellcheck source=/dev/null
	. /orders
	echo 'outer: nothing follows'
	poweroff -f
fi

greet
if [ -e /proc/vmcore ]; then
	echo "inner: vmcore of $(stat -c %s /proc/vmcore) bytes"
	# shellcheck disable=SC2154 # of the command line
	[ ! "$look" ] || look "$look"
	# shellcheck disable=SC2154 # of the command line
	[ ! "$dump" ] || dump
fi
echo 'inner: end'
poweroff -f

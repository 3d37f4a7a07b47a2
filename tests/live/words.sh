# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# What the orders of the tests of `purgatory load` and `purgatory exec` say.

# load ARGUMENT...: have the command load, or give up. What it says comes behind "load: ", its plan as JSON.
load() {
	purgatory load --json "$@" >/log 2>&1
	code=$?
	sed 's/^/load: /' /log
	if [ $code -ne 0 ]; then
		echo "outer: load failed with exit code $code"
		poweroff -f
	fi
	echo 'outer: loaded'
}

# The test's clock starts at these words.
jump() {
	echo 'outer: jump'
	purgatory exec
	echo "outer: exec came back with exit code $?"
}

# run NAME COMMAND...: what the command says, on which stream, and its exit code.
run() {
	name=$1
	shift
	"$@" >/out 2>/err </dev/null
	code=$?
	sed "s/^/run: $name: out: /" /out
	sed "s/^/run: $name: err: /" /err
	echo "run: $name: exit code $code"
}

# Make /carried: an initrd that takes all this to the next kernel.
carry() {
	(cd / && find orders bin/purgatory vmlinuz initrd | cpio -o -H newc >/carried 2>/dev/null)
}

# Tell what this kernel has of the firmware: files that the test unpacks. No message of the kernel may come in between.
facts() {
	mkdir -p /facts
	dmesg >/facts/dmesg
	cp /proc/iomem /facts
	[ ! -e /sys/firmware/fdt ] || cp /sys/firmware/fdt /facts
	[ ! -e /sys/firmware/acpi/tables ] || (cd /sys/firmware/acpi/tables && find . -type f -exec sha256sum {} +) >/facts/acpi
	ls /sys/firmware >/facts/firmware
	ls /sys/firmware/efi >/facts/efi 2>/dev/null
	level=$(cut -f 1 /proc/sys/kernel/printk)
	dmesg -n 1
	echo 'facts: begin'
	tar -c -C /facts . | gzip | base64
	echo 'facts: end'
	dmesg -n "$level"
}

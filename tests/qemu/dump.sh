# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# What the orders say in the tests that read a dump (dumps.py).

# A process that has a secret in its environment, and where that lies in physical memory: the 50th word of stat says
# where in the process (proc(5)), pagemap in which page (Documentation/admin-guide/mm/pagemap.rst).
secret() {
	env -i "SECRET=$(tr -dc '[:lower:]' </dev/urandom | head -c 32)" sleep 100000 &
	until grep -q '^SECRET=' /proc/$!/environ; do
		sleep 0.1
	done
	place=$(cut -d ' ' -f 50 /proc/$!/stat)
	entry=$(dd if=/proc/$!/pagemap bs=8 skip=$((place / 4096)) count=1 2>/dev/null | od -A n -t d8)
	echo "outer: $(tr -d '\0' </proc/$!/environ) at $(((entry & 0x7fffffffffffff) * 4096 + place % 4096))"
}

# What this kernel knows of itself and of the machine.
testify() {
	echo 0 >/proc/sys/kernel/kptr_restrict
	keep /dev/nvme0n2 /proc/kallsyms /proc/iomem /sys/firmware/memmap /sys/kernel/btf/vmlinux
	echo 'outer: testified'
}

# culprit CPU COMMAND...: a process on that CPU that is easily found in a dump, by its name; busybox takes each name that
# begins with its own. It waits until the console has said its number.
culprit() {
	cp /bin/busybox /bin/busybox-culprit
	# shellcheck disable=SC2016 # for the shell that becomes the process
	taskset -c "$1" sh -c 'echo "outer: culprit is $$"; sleep 1; shift; exec /bin/busybox-culprit "$@"' sh "$@"
}

# by_sysrq CPU: a crash that was asked for.
by_sysrq() {
	echo 'outer: jump'
	culprit "$1" sh -c 'echo c >/proc/sysrq-trigger'
}

# by_oops CPU: a crash by the system call that the test is about to damage (dumps.py).
by_oops() {
	echo 1 >/proc/sys/kernel/panic_on_oops
	echo 'outer: jump'
	while :; do
		culprit "$1" hostname victim
	done
}

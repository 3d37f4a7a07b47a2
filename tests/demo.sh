#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
#
# The demo: on each architecture a Debian kernel comes up through the purgatory, the same image with one byte of its
# initrd changed is refused, and a running Debian kernel is left for another one. Exit 0 only if all outcomes were seen.
set -eu

BUILD=${BUILD:-build}
command=$BUILD/purgatory
work=$BUILD/demo
mkdir -p "$work"
failures=0

say() { printf '\n== %s\n' "$*"; }

digest() { sha256sum "$1" | cut -d' ' -f1; }

# machine ARCH IMAGE: the command line of a machine that boots it, its console on standard output.
machine() {
	case $1 in
	arm64) echo "qemu-system-aarch64 -machine virt -cpu cortex-a57 -kernel $2" ;;
	x86_64) echo "qemu-system-x86_64 -machine q35 -kernel $2" ;;
	esac
	echo '-accel tcg -m 512 -display none -monitor none -serial stdio -nic none -no-reboot'
}

# boot ARCH IMAGE PATTERN: show the lines that matter as they come, up to one that matches; then end the machine, since
# a refused one halts but does not switch itself off.
boot() {
	rm -f "$work/console"
	mkfifo "$work/console"
	# shellcheck disable=SC2046 # the machine is words
	timeout "${DEMO_TIMEOUT:-120}" $(machine "$1" "$2") </dev/null >"$work/console" 2>&1 &
	while IFS= read -r line; do
		line=$(printf '%s' "$line" | tr -d '\r')
		case $line in
		*purgatory:*) echo "    purgatory:${line#*purgatory:}" ;;
		*purgatory-demo:* | 'memory of'* | '  0x'*) echo "    $line" ;;
		esac
		if printf '%s' "$line" | grep -Eq "$3"; then
			break
		fi
	done <"$work/console"
	kill $! 2>/dev/null || true
	wait $! 2>/dev/null || true
}

# outcome FILE PATTERN WHAT: was the line there?
outcome() {
	if grep -q "$2" "$1"; then
		echo "    seen: $3"
	else
		echo "    NOT SEEN: $3 (no line like: $2)"
		failures=$((failures + 1))
	fi
}

console_of() {
	case $1 in
	arm64) echo 'console=ttyAMA0 earlycon=pl011,0x9000000' ;;
	x86_64) echo 'console=ttyS0' ;;
	esac
}

# The byte in the middle of the initrd, found by where the packed image ends: the initrd is its last piece.
flip_in_initrd() {
	cp "$1" "$2"
	offset=$(($(stat -c %s "$2") - $(stat -c %s "$3") / 2))
	byte=$(od -An -tu1 -j "$offset" -N 1 "$2")
	# shellcheck disable=SC2059 # the format is the byte
	printf "\\$(printf %03o $((byte ^ 1)))" | dd of="$2" bs=1 seek="$offset" conv=notrunc status=none
}

demo() {
	arch=$1
	kernel=$BUILD/debian/$arch/vmlinuz
	initrd=$BUILD/debian/$arch/initrd
	good=$work/$arch.img
	bad=$work/$arch-flipped.img

	say "$arch: pack Debian's kernel and a busybox initrd into one image that verifies itself"
	"$command" pack --kernel "$kernel" --initrd "$initrd" -o "$good" \
		--append "$(console_of "$arch") quiet verified.initrd.sha256=$(digest "$initrd")"
	"$command" check "$good" | sed 's/^/    /'

	say "$arch: boot it"
	boot "$arch" "$good" 'purgatory-demo: verified|refused' | tee "$work/$arch.log"
	outcome "$work/$arch.log" '^ *purgatory: verified .* bytes' 'the purgatory verified every segment'
	outcome "$work/$arch.log" 'purgatory-demo: userspace of Linux' 'userspace greets'
	outcome "$work/$arch.log" "purgatory-demo: verified.initrd.sha256=$(digest "$initrd")" 'with the digest that was verified'

	say "$arch: the same with one byte of the initrd changed"
	flip_in_initrd "$good" "$bad" "$initrd"
	boot "$arch" "$bad" 'purgatory-demo:|refused' | tee "$work/$arch-flipped.log"
	outcome "$work/$arch-flipped.log" 'purgatory: refused: segment . (initrd)' 'refused, and the initrd named'
	if grep -q 'purgatory-demo:' "$work/$arch-flipped.log"; then
		echo '    SEEN, BUT MUST NOT BE: userspace of the damaged image'
		failures=$((failures + 1))
	fi
}

# An initrd whose first program loads the same kernel once more, with the plain initrd, and leaves for it.
live_initrd() {
	tree=$work/$1-tree
	rm -rf "$tree"
	mkdir -p "$tree/sys"
	cp "$BUILD/debian/$1/vmlinuz" "$BUILD/debian/$1/initrd" "$BUILD/command/$1/purgatory" "$tree"
	cat >"$tree/init" <<-END
		#!/bin/busybox sh
		/bin/busybox mount -t proc proc /proc
		/bin/busybox mount -t sysfs sys /sys
		/purgatory load /vmlinuz --initrd /initrd --append '$(console_of "$1") quiet' --map && /purgatory exec
		/bin/busybox poweroff -f
	END
	chmod +x "$tree/init"
	cp "$BUILD/debian/$1/initrd" "$2"
	truncate -s %4 "$2"
	(cd "$tree" && find . | cpio -o -H newc --quiet) >>"$2"
}

live() {
	arch=$1
	say "$arch: in a running Debian kernel, purgatory load and purgatory exec"
	live_initrd "$arch" "$work/$arch-live.initrd"
	boot "$arch" "$BUILD/debian/$arch/vmlinuz -initrd $work/$arch-live.initrd -append $(console_of "$arch" | cut -d' ' -f1)" \
		'purgatory-demo: userspace|refused' | tee "$work/$arch-live.log"
	outcome "$work/$arch-live.log" '^ *purgatory: verified .* bytes' 'the purgatory verified every segment'
	outcome "$work/$arch-live.log" 'purgatory-demo: userspace of Linux' 'the next kernel greets'
}

for arch in arm64 x86_64; do
	demo "$arch"
	live "$arch"
done

if [ $failures -ne 0 ]; then
	say "demo: $failures of the expected outcomes are missing"
	exit 1
fi
say 'demo: both kernels came up verified, both damaged images were refused, both running kernels were left'

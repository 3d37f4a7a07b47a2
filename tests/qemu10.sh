#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
#
# qemu10.sh DIR: unpack QEMU 10 of bookworm-backports, with its firmware, into DIR, for QEMU_PREFIX=DIR. Two versions of
# one package cannot be installed at once, so nothing is installed: the packages come through apt, with an apt state of
# its own below DIR. The libraries that it needs are those of Debian 12's QEMU. DIR/version is written last.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
suite=bookworm-backports
packages='qemu-system-arm qemu-system-x86 qemu-system-data seabios ipxe-qemu'

fail() {
	echo "qemu10.sh: $1: the tests under QEMU 10 need its packages, from $suite of $mirror" >&2
	exit 1
}

apt() {
	"$here/apt.sh" --only "deb bookworm $suite" "$state" "$@" -o APT::Default-Release=$suite \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null
}

fetch() {
	rm -f "$state"/*.deb
	apt apt-get update || fail 'cannot read the package lists'
	# shellcheck disable=SC2086 # the packages are words
	(cd "$state" && apt apt-get download $packages) || fail 'cannot fetch the packages'
}

unpack() {
	rm -rf "${dir:?}/usr"
	for package in "$state"/*.deb; do
		dpkg-deb --extract "$package" "$dir" || fail "cannot unpack $package"
	done
}

# The version, if it runs here and is the one that the tests count with.
version() {
	for arch in aarch64 x86_64; do
		"$dir/usr/bin/qemu-system-$arch" --version >"$state/version" || fail 'it does not run'
		grep -q '^QEMU emulator version 10\.' "$state/version" || fail "it is not QEMU 10 but $(head -n 1 "$state/version")"
	done
	sed -n 's/^QEMU emulator version \([0-9.]*\).*/\1/p' "$state/version"
}

mkdir -p "$1/apt"
dir=$(cd "$1" && pwd)
state=$dir/apt
mirror=$("$here/mirror.sh")
rm -f "$dir/version"
fetch
unpack
version >"$dir/version.new"
mv "$dir/version.new" "$dir/version"

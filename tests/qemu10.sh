#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
#
# qemu10.sh DIR: unpack QEMU 10 of bookworm-backports, with its firmware, into DIR, for QEMU_PREFIX=DIR. Two versions of
# one package cannot be installed at once, so nothing is installed: the packages come through apt, with an apt state of
# its own below DIR. The libraries that it needs are those of Debian 12's QEMU. DIR/version is written last.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
suite=bookworm-backports
packages='qemu-system-arm qemu-system-x86 qemu-system-data seabios ipxe-qemu'

fail() {
	echo "qemu10.sh: $1: the tests under QEMU 10 need its packages, from $suite of $mirror" >&2
	exit 1
}

# Where the machine has its Debian from, in whatever form its sources are written, and whether or not it has read them.
mirror_of_machine() {
	# shellcheck disable=SC2016 # apt fills in REPO_URI
	apt-get indextargets --no-release-info --format '$(REPO_URI)' \
		'Created-By: Packages' 'Release: bookworm' 'Component: main' 2>/dev/null |
		grep -v '^cdrom:' | head -n 1 | grep . || echo http://deb.debian.org/debian
}

apt() {
	"$here/apt.sh" "$state" "$@" -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o APT::Default-Release=$suite -o APT::Update::Error-Mode=any
}

fetch() {
	for release in bookworm $suite; do
		echo "deb [signed-by=$keyring] $mirror $release main"
	done >"$state/sources.list"
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
mirror=$(mirror_of_machine)
rm -f "$dir/version"
fetch
unpack
version >"$dir/version.new"
mv "$dir/version.new" "$dir/version"

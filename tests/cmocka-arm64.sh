#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
#
# cmocka-arm64.sh DIR: unpack Debian's cmocka for arm64 into DIR, for a unit test that is compiled for arm64 elsewhere.
# The packages come through apt, with an apt state of its own below DIR, and nothing is installed. DIR/version is
# written last.
set -eu

here=$(cd "$(dirname "$0")" && pwd)

apt() {
	"$here/apt.sh" "$state" "$@" -o APT::Architecture=arm64 -o APT::Architectures=arm64
}

mkdir -p "$1/apt"
dir=$(cd "$1" && pwd)
state=$dir/apt
rm -rf "$dir/version" "${dir:?}/usr" "$state"/*.deb
apt apt-get update
(cd "$state" && apt apt-get download libcmocka-dev libcmocka0)
for package in "$state"/*.deb; do
	dpkg-deb --extract "$package" "$dir"
done
dpkg-deb --field "$state"/libcmocka0_*.deb Version >"$dir/version.new"
mv "$dir/version.new" "$dir/version"

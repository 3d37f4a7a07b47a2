#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
#
# foreign.sh ARCH DIR PACKAGE...: unpack Debian's packages for ARCH (arm64, x86_64) into DIR, for programs that are compiled
# for that architecture elsewhere. The packages come through apt, with an apt state of its own below DIR, and nothing is
# installed. DIR/version, which says what is there, is written last.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
case $1 in
arm64) debian=arm64 ;;
x86_64) debian=amd64 ;;
*) echo "foreign.sh: $1: must be arm64 or x86_64" >&2; exit 1 ;;
esac

apt() {
	"$here/apt.sh" "$state" "$@" -o APT::Architecture=$debian -o APT::Architectures=$debian
}

mkdir -p "$2/apt"
dir=$(cd "$2" && pwd)
shift 2
state=$dir/apt
rm -rf "$dir/version" "${dir:?}/usr" "$state"/*.deb
apt apt-get update
(cd "$state" && apt apt-get download "$@")
for package in "$state"/*.deb; do
	dpkg-deb --extract "$package" "$dir"
	dpkg-deb --show "$package"
done >"$dir/version.new"
mv "$dir/version.new" "$dir/version"

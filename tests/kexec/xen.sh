#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
#
# xen.sh FILE: put Debian 12's Xen, unpacked, into FILE: a multiboot image that tells on the serial port how it came up. The
# package comes through apt, with an apt state of its own beside FILE, and nothing is installed.
set -eu

tests=$(cd "$(dirname "$0")/.." && pwd)
file=$1
state=$file.apt
package=xen-hypervisor-4.17-amd64

apt() {
	"$tests/apt.sh" "$state" "$@" -o APT::Architecture=amd64 -o APT::Architectures=amd64
}

rm -rf "$state"
mkdir -p "$state"
state=$(cd "$state" && pwd)
apt apt-get update
(cd "$state" && apt apt-get download $package)
dpkg-deb --fsys-tarfile "$state"/*.deb | tar -x -O ./boot/xen-4.17-amd64.gz | gzip -d >"$file.new"
mv "$file.new" "$file"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
#
# debian.sh ARCH DIR [SUITE]: put a Debian kernel, DIR/vmlinuz, and a busybox initrd, DIR/initrd, for ARCH (arm64,
# x86_64) into DIR. The kernel is that of SUITE if one is given, such as bookworm-backports. The packages come through
# apt, with an apt state of its own below DIR, so that no foreign architecture need be added to the machine, and nothing
# is installed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
arch=$1
dir=$2
suite=${3:-}
case $arch in
arm64) debian=arm64 ;;
x86_64) debian=amd64 ;;
*) echo "debian.sh: $arch: must be arm64 or x86_64" >&2; exit 1 ;;
esac

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
state=$dir/apt

apt() {
	set -- "$@" -o APT::Architecture=$debian -o APT::Architectures=$debian
	if [ "$suite" ]; then
		"$here/apt.sh" --only "deb bookworm $suite" "$state" "$@" -o APT::Default-Release="$suite" \
			-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null
	else
		"$here/apt.sh" "$state" "$@"
	fi
}

# The newest version of the meta package names the kernel's own package.
fetch() {
	rm -f "$state"/*.deb
	apt apt-get update
	kernel=$(apt apt-cache show --no-all-versions linux-image-cloud-$debian | sed -n 's/^Depends: \([^ ]*\).*/\1/p')
	(cd "$state" && apt apt-get download "$kernel" busybox-static)
}

unpack() {
	rm -rf "$state/root"
	mkdir "$state/root"
	for package in "$state"/*.deb; do
		dpkg-deb --fsys-tarfile "$package" | tar -x -C "$state/root" --wildcards './boot/vmlinuz-*' './bin/busybox' \
			2>/dev/null || true
	done
	cp "$state"/root/boot/vmlinuz-* "$dir/vmlinuz.new"
	mv "$dir/vmlinuz.new" "$dir/vmlinuz"
}

# The archive is made the same way whenever and by whomever: sorted names, no times, no owners.
pack_initrd() {
	tree=$state/initrd
	rm -rf "$tree"
	mkdir -p "$tree/bin" "$tree/dev" "$tree/proc" "$tree/sys"
	cp "$state/root/bin/busybox" "$tree/bin/busybox"
	install -m 755 "$here/init.sh" "$tree/init"
	find "$tree" -exec touch -h -d @0 {} +
	(cd "$tree" && find . -print0 | LC_ALL=C sort -z | cpio -0 -o -H newc -R 0:0 --reproducible --quiet) |
		gzip -n -9 >"$dir/initrd.new"
	mv "$dir/initrd.new" "$dir/initrd"
}

fetch
unpack
pack_initrd

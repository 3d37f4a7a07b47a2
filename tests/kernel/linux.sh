#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
#
# linux.sh DIR source: unpack the source of Debian's kernel into DIR/source; its version is in DIR/version. The package
# comes through apt, with an apt state of its own below DIR, and nothing is installed.
# linux.sh DIR stock: build it for x86_64, configured by tests/kernel/config: DIR/stock/bzImage, and beside it what that
# was made with.
# linux.sh DIR NAME OBJECT: the same as DIR/NAME, from what is built by then, with OBJECT in the place of the kernel's
# purgatory.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
package=linux-source-6.1
mkdir -p "$1"
dir=$(cd "$1" && pwd)
state=$dir/apt
objects=$dir/objects

fail() {
	tail -n 20 "$dir/log" >&2
	echo "linux.sh: $1 (all of it in $dir/log)" >&2
	exit 1
}

apt() {
	"$here/../apt.sh" --only 'deb bookworm' "$state" "$@" -o Acquire::Retries=1
}

fetch() {
	rm -rf "$state" &&
		apt apt-get update &&
		(cd "$state" && apt apt-get download $package)
}

unpack() {
	rm -rf "$dir/source" "$objects" &&
		mkdir "$dir/source" &&
		dpkg-deb --fsys-tarfile "$state"/$package*.deb | tar -x -O ./usr/src/$package.tar.xz |
		tar -x -J -C "$dir/source" --strip-components=1 &&
		dpkg-deb --field "$state"/$package*.deb Version >"$dir/version"
}

# Nothing of our build's environment may change how the peer is compiled.
kbuild() {
	env -i PATH="$PATH" LC_ALL=C KCONFIG_ALLCONFIG="$here/config" KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=purgatory \
		KBUILD_BUILD_HOST=test make -s -C "$dir/source" O="$objects" ARCH=x86_64 CROSS_COMPILE=x86_64-linux-gnu- \
		-j"$(nproc)" "$@"
}

# Kconfig drops in silence what depends on something else.
configure() {
	mkdir -p "$objects" &&
		kbuild allnoconfig &&
		! grep '^CONFIG_' "$here/config" | grep -v -x -F -f "$objects/.config"
}

# keep NAME
keep() {
	mkdir -p "$dir/$1" &&
		cp "$objects/System.map" "$objects/arch/x86/purgatory/purgatory.ro" "$dir/$1" &&
		cp "$objects/arch/x86/boot/bzImage" "$dir/$1/bzImage.new" &&
		mv "$dir/$1/bzImage.new" "$dir/$1/bzImage"
}

case $2 in
source)
	(fetch && unpack) >"$dir/log" 2>&1 || fail "$package cannot be had through apt"
	;;
stock)
	(configure) >"$dir/log" 2>&1 || fail 'its Kconfig does not take the configuration'
	(kbuild bzImage && keep stock) >>"$dir/log" 2>&1 || fail 'it does not build'
	;;
*)
	# What the kernel links into arch/x86/purgatory/purgatory.ro; docs/embedding.md.
	object=$(cd "$(dirname "$3")" && pwd)/$(basename "$3")
	(kbuild PURGATORY_OBJS="$object" bzImage && keep "$2") >"$dir/log" 2>&1 || fail "it does not build with $3"
	;;
esac

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
#
# kexec-tools.sh DIR: unpack and configure Debian's kexec-tools from its source package, for both architectures:
# DIR/ARCH, to be built there, and the package's version in DIR/version. The programs will be static. The source comes
# through apt, with an apt state of its own below DIR.
set -eu

tests=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
state=$dir/apt
log=$dir/log

fail() {
	tail -n 5 "$log" >&2
	echo "kexec-tools.sh: $1 (all of it in $log)" >&2
	exit 1
}

apt() {
	"$tests/apt.sh" --only 'deb-src bookworm' "$state" "$@" \
		-o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20
}

fetch() {
	rm -rf "$state" &&
		apt apt-get update &&
		cd "$state" &&
		apt apt-get source --download-only kexec-tools
}

# configure ARCH HOST: nothing of our build's environment may change how the peer is compiled.
configure() {
	rm -rf "${dir:?}/$1" &&
		dpkg-source --no-check -x "$state"/kexec-tools_*.dsc "$dir/$1" &&
		cd "$dir/$1" &&
		env -i PATH="$PATH" LC_ALL=C LDFLAGS=-static ./configure --host="$2" --without-xen --without-zlib --without-lzma
}

rm -f "$dir/version"
(fetch) >"$log" 2>&1 || fail 'its source package cannot be had through apt'
(configure x86_64 x86_64-linux-gnu) >>"$log" 2>&1 || fail 'it cannot be configured for x86_64'
(configure arm64 aarch64-linux-gnu) >>"$log" 2>&1 || fail 'it cannot be configured for arm64'

set -- "$state"/kexec-tools_*.dsc
version=${1##*_}
echo "${version%.dsc}" >"$dir/version"

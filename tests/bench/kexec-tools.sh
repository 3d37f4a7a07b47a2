#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
#
# kexec-tools.sh DIR: build the purgatory of Debian's kexec-tools from its source package, by its own makefiles, for both
# architectures: DIR/ARCH/purgatory/*.o, and the package's version in DIR/version. The source comes through apt, with an apt
# state of its own below DIR.
set -eu

dir=$1
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
state=$dir/apt
log=$dir/log

die() {
	tail -n 5 "$log" >&2
	echo "bench: kexec-tools: $1 (all of it in $log)" >&2
	exit 1
}

# The machine's own mirror, in whichever format it is written down.
mirror() {
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
		sed -n '/^#/d; s/.*[[:space:]]\(https\{0,1\}:[^[:space:]]*\/debian\)\/\{0,1\}\([[:space:]].*\)\{0,1\}$/\1/p' |
		grep . || echo http://deb.debian.org/debian
}

apt() {
	command=$1
	shift
	"$command" -qq \
		-o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::State="$state" -o Dir::State::status=/dev/null -o Dir::Cache="$state/cache" \
		-o APT::Sandbox::User=root -o Acquire::Languages=none -o Debug::NoLocking=1 \
		-o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 "$@"
}

# apt has checked the signature of the index, and the index's digests of what it downloads.
fetch() {
	rm -rf "$state" &&
		mkdir -p "$state/lists/partial" "$state/cache/archives/partial" &&
		suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release) &&
		keyring=/usr/share/keyrings/debian-archive-keyring.gpg &&
		echo "deb-src [signed-by=$keyring] $(mirror | head -n 1) $suite main" >"$state/sources.list" &&
		apt apt-get update -o APT::Update::Error-Mode=any &&
		cd "$state" &&
		apt apt-get source --download-only kexec-tools
}

# build ARCH HOST: nothing of our build's environment may change how the peer is compiled.
build() {
	rm -rf "${dir:?}/$1" &&
		dpkg-source --no-check -x "$state"/kexec-tools_*.dsc "$dir/$1" &&
		cd "$dir/$1" &&
		env -i PATH="$PATH" LC_ALL=C ./configure --host="$2" --without-xen --without-zlib --without-lzma &&
		env -i PATH="$PATH" LC_ALL=C make purgatory/purgatory.ro
}

(fetch) >"$log" 2>&1 || die 'its source package cannot be had through apt'
(build x86_64 x86_64-linux-gnu) >>"$log" 2>&1 || die 'it does not build for x86_64'
(build arm64 aarch64-linux-gnu) >>"$log" 2>&1 || die 'it does not build for arm64'

set -- "$state"/kexec-tools_*.dsc
version=${1##*_}
echo "${version%.dsc}" >"$dir/version"

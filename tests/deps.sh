#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# deps.sh [bench|kernel]: install the Debian packages that building, testing and the demo need, as far as they are missing;
# and those for make bench or make check-kernel alone.
set -eu

packages='
make gcc libc6-dev binutils gcc-aarch64-linux-gnu libc6-dev-arm64-cross binutils-aarch64-linux-gnu
clang libclang-rt-dev llvm lld
libfdt-dev zlib1g-dev libzstd-dev libcmocka-dev pkg-config linux-libc-dev
qemu-system-arm qemu-system-x86 ipxe-qemu qemu-user qemu-efi-aarch64 ovmf
python3 python3-pytest python3-pytest-xdist python3-cryptography-vectors
gccgo
device-tree-compiler cpio git ca-certificates
gdb-multiarch makedumpfile
dpkg-dev lz4 zstd
clang-format cppcheck shellcheck
'
[ "${1:-}" != bench ] || packages="$packages python3-matplotlib"
[ "${1:-}" != kernel ] || packages="$packages bc bison flex libelf-dev xz-utils"

missing=
for package in $packages; do
	status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "deps: not root, and no sudo: as root, apt-get install$missing" >&2
		exit 1
	fi
	as_root=sudo
fi

echo "  DEPS    $missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # the list is words
if ! { $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive \
	apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi

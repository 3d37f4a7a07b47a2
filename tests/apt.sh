#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
#
# apt.sh [--only 'TYPE SUITE...'] STATE COMMAND [ARGUMENT]...: run a command of apt with its whole state below the
# directory STATE, so that packages can be fetched without anything of the machine being changed. The machine's
# configuration of apt, such as a proxy, and its sources hold here too. With --only the one source is the machine's
# mirror of Debian, of it main of these suites; TYPE is deb or deb-src.
set -eu

# sources TYPE SUITE...: the lines of a sources.list. apt checks the signature of each index, and against the index what
# it downloads.
sources() {
	type=$1
	shift
	mirror=$("$(dirname "$0")/mirror.sh")
	for suite; do
		echo "$type [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
	done
}

only=
if [ "$1" = --only ]; then
	only=$2
	shift 2
fi
state=$1
command=$2
shift 2
mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
if [ "$only" ]; then
	# shellcheck disable=SC2086 # its words are the arguments
	sources $only >"$state/sources.list"
	set -- "$@" -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o APT::Update::Error-Mode=any
fi
exec "$command" -qq -o Dir::State="$state" -o Dir::State::status=/dev/null -o Dir::Cache="$state/cache" \
	-o APT::Sandbox::User=root -o Acquire::Languages=none -o Debug::NoLocking=1 "$@"

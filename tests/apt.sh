#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
#
# apt.sh STATE COMMAND [ARGUMENT]...: run a command of apt with its whole state below the directory STATE, so that
# packages can be fetched without anything of the machine being changed. The machine's configuration of apt, such as a
# proxy, and its sources hold here too.
set -eu

state=$1
command=$2
shift 2
mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
exec "$command" -qq -o Dir::State="$state" -o Dir::State::status=/dev/null -o Dir::Cache="$state/cache" \
	-o APT::Sandbox::User=root -o Acquire::Languages=none -o Debug::NoLocking=1 "$@"

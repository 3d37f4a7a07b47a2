#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
#
# mirror.sh: print where the machine has its Debian from, in whatever form its sources are written, and whether or not it
# has read them.
set -eu

# shellcheck disable=SC2016 # apt fills in REPO_URI
apt-get indextargets --no-release-info --format '$(REPO_URI)' \
	'Created-By: Packages' 'Release: bookworm' 'Component: main' 2>/dev/null |
	grep -v '^cdrom:' | head -n 1 | grep . || echo http://deb.debian.org/debian

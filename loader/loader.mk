# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# libpurgatory: what it is made of. SHA-256 is the purgatory's own.

LOADER_SOURCES := $(wildcard loader/*.c) src/sha256.c src/striped.c src/params_digest.c

# $(call loader-sha256,ARCH): the ways of an architecture's CPUs
loader-sha256 = $(wildcard arch/$(1)/sha256*)

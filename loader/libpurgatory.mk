# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# For whoever builds libpurgatory as a part of something else, with a compiler and flags of their own (docs/loader.md).
#
# In:  LIBPURGATORY       the directory of this project's source
#      LIBPURGATORY_ARCH  what the library is compiled for: arm64 or x86_64
# Out: LIBPURGATORY_SOURCES      C and assembly, the latter to be preprocessed
#      LIBPURGATORY_DTB_SOURCES  what needs libfdt: leave it out if there are no device trees
#      LIBPURGATORY_CFLAGS       for both, and for the assembly

ifneq ($(LIBPURGATORY_ARCH:arm64=x86_64),x86_64)
$(error LIBPURGATORY_ARCH=$(LIBPURGATORY_ARCH): must be arm64 or x86_64)
endif

LIBPURGATORY_DTB_SOURCES := $(wildcard $(LIBPURGATORY)/loader/dtb*.c)
LIBPURGATORY_SOURCES := $(filter-out $(LIBPURGATORY_DTB_SOURCES),$(wildcard $(LIBPURGATORY)/loader/*.c)) \
	$(addprefix $(LIBPURGATORY)/src/,sha256.c striped.c params_digest.c) \
	$(wildcard $(LIBPURGATORY)/arch/$(LIBPURGATORY_ARCH)/sha256*.[cS])
LIBPURGATORY_CFLAGS := -I$(LIBPURGATORY)/include -include $(LIBPURGATORY)/loader/names.h

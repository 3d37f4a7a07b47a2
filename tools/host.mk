# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# How programs for Linux are compiled, for this machine and for the other architecture.

HOSTCC := $(if $(filter clang,$(TOOLCHAIN)),clang,gcc)
HOST_FLAGS := -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 $(WARNINGS) -Iinclude '-ffile-prefix-map=$(CURDIR)=.'
SANITIZE := -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# SHA-256 as the purgatory has it for the machine that the command runs on. Without a compiler there is none yet: make deps.
HOST_MACHINE := $(firstword $(subst -, ,$(shell $(HOSTCC) -dumpmachine 2>/dev/null)))
HOST_ARCH := $(HOST_MACHINE:aarch64=arm64)
ifneq ($(HOST_ARCH),$(filter $(HOST_ARCH),$(ARCHES)))
$(error the command runs on $(ARCHES) only, but $(HOSTCC) compiles for $(HOST_MACHINE))
endif

# The other architecture's libraries: Debian's packages, beside the installed ones. HOSTCC_arm64 and HOSTCC_x86_64 compile and
# link for Linux there; the headers of the compiler's own C library come first.
FOREIGN_ARCH := $(filter-out $(HOST_ARCH),$(ARCHES))
FOREIGN := $O/foreign
FOREIGN_STAMP_$(FOREIGN_ARCH) := $(FOREIGN)/version
FOREIGN_PACKAGES := libfdt-dev zlib1g-dev libzstd-dev libcmocka-dev libcmocka0
MULTIARCH_arm64 := aarch64-linux-gnu
MULTIARCH_x86_64 := x86_64-linux-gnu
FOREIGN_LIB := usr/lib/$(MULTIARCH_$(FOREIGN_ARCH))

HOSTCC_$(HOST_ARCH) := $(HOSTCC)
HOSTCC_$(FOREIGN_ARCH) := $(CC_$(FOREIGN_ARCH)) -idirafter $(FOREIGN)/usr/include -L$(FOREIGN)/$(FOREIGN_LIB)

$(FOREIGN)/version: tests/foreign.sh tests/apt.sh tools/host.mk
	$(say) FETCH 'libraries for $(FOREIGN_ARCH)'
	tests/foreign.sh $(FOREIGN_ARCH) $(FOREIGN) $(FOREIGN_PACKAGES)

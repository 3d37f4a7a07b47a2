# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# The command, and the same under the sanitizers for the tests. It carries the purgatory and the front ends.

COMMAND := $O/purgatory
COMMAND_SANITIZED := $O/tests/purgatory-sanitized

HOSTCC := $(if $(filter clang,$(TOOLCHAIN)),clang,gcc)
HOST_FLAGS := -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 $(WARNINGS) -Iinclude '-ffile-prefix-map=$(CURDIR)=.'
SANITIZE := -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# SHA-256 as the purgatory has it for the machine that the command runs on. Without a compiler there is none yet: make deps.
HOST_MACHINE := $(firstword $(subst -, ,$(shell $(HOSTCC) -dumpmachine 2>/dev/null)))
HOST_ARCH := $(HOST_MACHINE:aarch64=arm64)
ifneq ($(HOST_ARCH),$(filter $(HOST_ARCH),$(ARCHES)))
$(error the command runs on $(ARCHES) only, but $(HOSTCC) compiles for $(HOST_MACHINE))
endif

COMMAND_SOURCES := $(wildcard tools/*.c) $(LOADER_SOURCES) $(filter %.c,$(call loader-sha256,$(HOST_ARCH)))
COMMAND_ASSEMBLY := tools/blobs.S $(filter %.S,$(call loader-sha256,$(HOST_ARCH)))
COMMAND_LIBRARIES := -lfdt -lz -pthread

PAYLOADS := $(foreach arch,$(ARCHES),$O/purgatory-$(arch).bin) $(FRONTS)

$O/host/%.c.o: %.c tools/tools.mk $(TOOLCHAIN_STAMP)
	$(say) HOSTCC $@
	mkdir -p $(@D)
	$(HOSTCC) $(HOST_FLAGS) -O2 -g -MMD -MP -c $< -o $@

$O/sanitized/%.c.o: %.c tools/tools.mk $(TOOLCHAIN_STAMP)
	$(say) HOSTCC $@
	mkdir -p $(@D)
	$(HOSTCC) $(HOST_FLAGS) $(SANITIZE) -MMD -MP -c $< -o $@

# Sanitizers do nothing to assembly.
$O/host/%.S.o: %.S tools/tools.mk $(TOOLCHAIN_STAMP)
	$(say) HOSTAS $@
	mkdir -p $(@D)
	$(HOSTCC) $(HOST_FLAGS) -Wa,--noexecstack -MMD -MP -c $< -o $@

$O/host/tools/blobs.S.o: tools/blobs.S $(PAYLOADS)
	$(say) HOSTAS $@
	mkdir -p $(@D)
	$(HOSTCC) -DBLOB_PURGATORY_ARM64='"$O/purgatory-arm64.bin"' -DBLOB_PURGATORY_X86_64='"$O/purgatory-x86_64.bin"' \
		-DBLOB_FRONT_ARM64='"$O/front-arm64.bin"' -DBLOB_FRONT_X86_64='"$O/front-x86_64.bin"' -c $< -o $@

$(COMMAND): $(COMMAND_SOURCES:%=$O/host/%.o) $(COMMAND_ASSEMBLY:%=$O/host/%.o)
	$(say) HOSTLD $@
	$(HOSTCC) $^ $(COMMAND_LIBRARIES) -o $@

$(COMMAND_SANITIZED): $(COMMAND_SOURCES:%=$O/sanitized/%.o) $(COMMAND_ASSEMBLY:%=$O/host/%.o)
	$(say) HOSTLD $@
	mkdir -p $(@D)
	$(HOSTCC) $(SANITIZE) $^ $(COMMAND_LIBRARIES) -o $@

-include $(COMMAND_SOURCES:%=$O/host/%.d) $(COMMAND_ASSEMBLY:%=$O/host/%.d) $(COMMAND_SOURCES:%=$O/sanitized/%.d)

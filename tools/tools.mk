# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# The command, and the same under the sanitizers for the tests. It carries the purgatory and the front ends.

COMMAND := $O/purgatory
COMMAND_SANITIZED := $O/tests/purgatory-sanitized

HOSTCC := $(if $(filter clang,$(TOOLCHAIN)),clang,gcc)
HOST_FLAGS := -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 $(WARNINGS) -Iinclude '-ffile-prefix-map=$(CURDIR)=.'
SANITIZE := -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

COMMAND_SOURCES := $(wildcard tools/*.c) src/sha256.c src/params_digest.c
COMMAND_LIBRARIES := -lfdt -lz

PAYLOADS := $(foreach arch,$(ARCHES),$O/purgatory-$(arch).bin) $(FRONTS)

$O/host/%.c.o: %.c tools/tools.mk $(TOOLCHAIN_STAMP)
	$(say) HOSTCC $@
	mkdir -p $(@D)
	$(HOSTCC) $(HOST_FLAGS) -O2 -g -MMD -MP -c $< -o $@

$O/sanitized/%.c.o: %.c tools/tools.mk $(TOOLCHAIN_STAMP)
	$(say) HOSTCC $@
	mkdir -p $(@D)
	$(HOSTCC) $(HOST_FLAGS) $(SANITIZE) -MMD -MP -c $< -o $@

$O/sanitized/%.S.o: %.S tools/tools.mk $(TOOLCHAIN_STAMP)
	$(say) HOSTAS $@
	mkdir -p $(@D)
	$(HOSTCC) $(WARNINGS) -Iinclude -MMD -MP -c $< -o $@

$O/host/tools/blobs.S.o: tools/blobs.S $(PAYLOADS)
	$(say) HOSTAS $@
	mkdir -p $(@D)
	$(HOSTCC) -DBLOB_PURGATORY_ARM64='"$O/purgatory-arm64.bin"' -DBLOB_PURGATORY_X86_64='"$O/purgatory-x86_64.bin"' \
		-DBLOB_FRONT_ARM64='"$O/front-arm64.bin"' -DBLOB_FRONT_X86_64='"$O/front-x86_64.bin"' -c $< -o $@

$(COMMAND): $(COMMAND_SOURCES:%=$O/host/%.o) $O/host/tools/blobs.S.o
	$(say) HOSTLD $@
	$(HOSTCC) $^ $(COMMAND_LIBRARIES) -o $@

$(COMMAND_SANITIZED): $(COMMAND_SOURCES:%=$O/sanitized/%.o) $O/host/tools/blobs.S.o
	$(say) HOSTLD $@
	mkdir -p $(@D)
	$(HOSTCC) $(SANITIZE) $^ $(COMMAND_LIBRARIES) -o $@

-include $(COMMAND_SOURCES:%=$O/host/%.d) $(COMMAND_SOURCES:%=$O/sanitized/%.d)

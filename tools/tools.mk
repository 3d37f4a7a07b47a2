# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# The command, and the same under the sanitizers for the tests. It carries the purgatory and the front ends. It is static, so
# that it can be put into any initrd; and it is built for the other architecture too, for machines under test.

COMMAND := $O/purgatory
COMMANDS := $(foreach arch,$(ARCHES),$O/command/$(arch)/purgatory)
COMMAND_SANITIZED := $O/tests/purgatory-sanitized

COMMAND_SOURCES := $(wildcard tools/*.c) src/fail_sentence.c src/walk_sentence.c $(LOADER_SOURCES)
COMMAND_LIBRARIES := -lfdt -lz -lzstd -pthread
# $(call command-sources,ARCH)
command-sources = $(COMMAND_SOURCES) tools/blobs.S $(call loader-sha256,$(1))
command-objects = $(patsubst %,$O/command/$(1)/%.o,$(call command-sources,$(1)))

PAYLOADS := $(foreach arch,$(ARCHES),$O/purgatory-$(arch).bin) $(FRONTS)
PAYLOAD_NAMES := -DBLOB_PURGATORY_ARM64='"$O/purgatory-arm64.bin"' -DBLOB_PURGATORY_X86_64='"$O/purgatory-x86_64.bin"' \
	-DBLOB_FRONT_ARM64='"$O/front-arm64.bin"' -DBLOB_FRONT_X86_64='"$O/front-x86_64.bin"'

define command-arch
$O/command/$(1)/%.c.o: %.c tools/tools.mk tools/host.mk $$(TOOLCHAIN_STAMP) $$(FOREIGN_STAMP_$(1))
	$$(say) CC $$@
	mkdir -p $$(@D)
	$$(HOSTCC_$(1)) $$(HOST_FLAGS) -fPIE -O2 -g -MMD -MP -c $$< -o $$@

$O/command/$(1)/%.S.o: %.S tools/tools.mk tools/host.mk $$(TOOLCHAIN_STAMP)
	$$(say) AS $$@
	mkdir -p $$(@D)
	$$(HOSTCC_$(1)) $$(HOST_FLAGS) $$(DEFINES) -Wa,--noexecstack -MMD -MP -c $$< -o $$@

$O/command/$(1)/tools/blobs.S.o: DEFINES := $$(PAYLOAD_NAMES)
$O/command/$(1)/tools/blobs.S.o: $$(PAYLOADS)

$O/command/$(1)/purgatory: $$(call command-objects,$(1))
	$$(say) LD $$@
	$$(HOSTCC_$(1)) -static-pie -Wl,--fatal-warnings $$^ $$(COMMAND_LIBRARIES) -o $$@

-include $$(patsubst %.o,%.d,$$(call command-objects,$(1)))
endef
$(foreach arch,$(ARCHES),$(eval $(call command-arch,$(arch))))

# A link by name: it stays right when the other one alone is built anew.
$(COMMAND): $O/command/$(HOST_ARCH)/purgatory
	ln -sfn $(<:$O/%=%) $@

$O/sanitized/%.c.o: %.c tools/tools.mk tools/host.mk $(TOOLCHAIN_STAMP)
	$(say) HOSTCC $@
	mkdir -p $(@D)
	$(HOSTCC) $(HOST_FLAGS) $(SANITIZE) -MMD -MP -c $< -o $@

# Sanitizers do nothing to assembly.
sanitized-objects = $(patsubst %,$O/sanitized/%.o,$(filter %.c,$(1))) \
	$(patsubst %,$O/command/$(HOST_ARCH)/%.o,$(filter %.S,$(1)))

$(COMMAND_SANITIZED): $(call sanitized-objects,$(call command-sources,$(HOST_ARCH)))
	$(say) HOSTLD $@
	mkdir -p $(@D)
	$(HOSTCC) $(SANITIZE) $^ $(COMMAND_LIBRARIES) -o $@

-include $(COMMAND_SOURCES:%=$O/sanitized/%.d)

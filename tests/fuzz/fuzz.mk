# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# Fuzzing by libFuzzer, which comes with clang whatever the toolchain: tests/fuzz/NAME.c is a target, with all of the library
# under the sanitizers.

FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FUZZ_PROGRAMS := $(FUZZ_TARGETS:%=$O/fuzz/%)

FUZZ_SANITIZE := -g -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all
FUZZ_LINK := -lfdt

$O/fuzz/objects/tests/fuzz/%: FUZZ_SANITIZE += -include tests/fuzz/target.h

# The command's reader of packed images, but for what the target has of its own.
FUZZ_SOURCES_packed := $(patsubst %,tools/%.c,check check_memory check_structure console_dtb console_spec digest inspect \
	inspect_map memory_map packed packed_elf progress purgatory_image pvh)
$O/fuzz/packed: FUZZ_LINK += -Wl,--wrap=calloc,--wrap=pthread_create -pthread

# The walk, with the physical memory and the oracle of its unit tests.
$(foreach arch,$(ARCHES),$(eval FUZZ_SOURCES_walk_$(arch) := src/walk.c src/walk_sentence.c arch/$(arch)/old_tables.c \
	$(patsubst %,tests/unit/walk_%.c,memory oracle manual_$(arch))))

# The block's checks, with what an architecture knows of its own, and the oracle of the unit tests. The image is where the
# target says, in low memory: blocks of earlier runs are about the same address.
FUZZ_IMAGE := 0x80000
$(foreach arch,$(ARCHES),$(eval FUZZ_SOURCES_params_$(arch) := src/params.c src/console.c src/vga_text.c arch/$(arch)/rules.c \
	tests/unit/params_oracle.c)$(eval $O/fuzz/params_$(arch): FUZZ_LINK += -no-pie -Wl,--defsym=purg_header=$(FUZZ_IMAGE)))
# The way through the oracle, and what is compared, teach a mutator of blocks nothing, and would take most of the time.
FUZZ_UNWATCHED := -O2 -fno-sanitize-coverage=edge,inline-8bit-counters,pc-table,trace-cmp,func,indirect-calls
$O/fuzz/objects/tests/fuzz/params_%: FUZZ_SANITIZE += -DIMAGE=$(FUZZ_IMAGE) $(FUZZ_UNWATCHED)
$O/fuzz/objects/tests/unit/params_oracle.c.o: FUZZ_SANITIZE += $(FUZZ_UNWATCHED)
$O/fuzz/objects/src/params.c.o: FUZZ_SANITIZE += -O2 -fno-sanitize-coverage=trace-cmp

$O/fuzz/objects/%.c.o: %.c tests/fuzz/fuzz.mk tools/host.mk
	$(say) CC $@
	mkdir -p $(@D)
	clang $(HOST_FLAGS) $(FUZZ_SANITIZE) -fsanitize=fuzzer-no-link,address,undefined -MMD -MP -c $< -o $@

$O/fuzz/objects/%.S.o: %.S tests/fuzz/fuzz.mk tools/host.mk
	$(say) AS $@
	mkdir -p $(@D)
	clang $(HOST_FLAGS) -Wa,--noexecstack -MMD -MP -c $< -o $@

define fuzz-target
FUZZ_OBJECTS_$(1) := $(patsubst %,$O/fuzz/objects/%.o,tests/fuzz/$(1).c $(LOADER_SOURCES_$(HOST_ARCH)) $(FUZZ_SOURCES_$(1)))

$O/fuzz/$(1): $$(FUZZ_OBJECTS_$(1))
	$$(say) LD $$@
	clang -fsanitize=fuzzer,address,undefined $$^ $$(FUZZ_LINK) -o $$@

-include $$(FUZZ_OBJECTS_$(1):.o=.d)
endef
$(foreach target,$(FUZZ_TARGETS),$(eval $(call fuzz-target,$(target))))

.PHONY: fuzz-programs
fuzz-programs: $(FUZZ_PROGRAMS)

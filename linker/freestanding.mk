# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# How freestanding code is compiled and linked, and the purgatory itself: for each ARCH its objects, one link, its forms.

ifeq ($(TOOLCHAIN),clang)
CC_arm64 := clang --target=aarch64-linux-gnu
CC_x86_64 := clang --target=x86_64-linux-gnu
SMALL := -Oz -flto
NO_VECTORS := -fno-vectorize -fno-slp-vectorize
LINKER := -fuse-ld=lld
else
CC_arm64 := aarch64-linux-gnu-gcc
CC_x86_64 := x86_64-linux-gnu-gcc
# Found by trying: the last three are for size as well.
SMALL := -Os -flto -flto-partition=none -fipa-pta -fno-move-loop-invariants -fno-shrink-wrap
# Nor may gcc turn loops into calls of memset, or switches into tables of pointers.
NO_VECTORS := -fno-tree-vectorize -fno-tree-slp-vectorize -fno-tree-loop-distribute-patterns -fno-tree-switch-conversion
LINKER :=
endif
BINUTILS_arm64 := aarch64-linux-gnu-
BINUTILS_x86_64 := x86_64-linux-gnu-

comma := ,

WARNINGS := -Wall -Wextra -Werror -Wundef -Wstrict-prototypes -Wmissing-prototypes -Wvla

# Freestanding code has no FP registers, no stack protector, no unwinder, and no null page that the compiler may assume.
FREESTANDING = -std=gnu11 $(SMALL) -fomit-frame-pointer -ffreestanding -fvisibility=hidden -mgeneral-regs-only -fno-stack-protector $(NO_VECTORS) \
	-fno-jump-tables -fno-delete-null-pointer-checks -fno-strict-aliasing -fno-asynchronous-unwind-tables \
	-ffunction-sections -fdata-sections -fno-common '-ffile-prefix-map=$(CURDIR)=.' $(WARNINGS) \
	-Iinclude -Iinclude/freestanding -include include/freestanding/hidden.h

# With the MMU off, memory is Device memory: nothing unaligned. The tiny code model reaches everything with one adr.
ARCH_FLAGS_arm64 := -fpie -mstrict-align -mcmodel=tiny -mno-outline-atomics -mbranch-protection=none
ARCH_FLAGS_x86_64 := -fpie -m64 -mno-red-zone -fcf-protection=none

# The plain form leaves its relocations to others, who know few: with arm64's large code model those are of whole addresses
# and of calls, not of parts of an address in loads of every width. No optimisation over all files: ld -r takes objects.
PLAIN_FLAGS_arm64 := $(filter-out -fpie -mcmodel=%,$(ARCH_FLAGS_arm64)) -fno-pie -mcmodel=large
PLAIN_FLAGS_x86_64 := $(ARCH_FLAGS_x86_64)
PLAIN = $(filter-out -flto%,$(FREESTANDING))
PLAIN_LINK := $(LINKER) -nostdlib -r $(patsubst %,-Wl$(comma)%,--build-id=none --orphan-handling=error --fatal-warnings)

# The compiler links, since it optimises over all files at once; nothing is added by it.
LINK := $(LINKER) -nostdlib $(patsubst %,-Wl$(comma)%,--no-dynamic-linker -z,text -z,noexecstack -z,norelro \
	-z,max-page-size=4096 --build-id=none --gc-sections --orphan-handling=error --fatal-warnings)

# Numbers for the linker script. RO_BUDGET: code and constants; MEM_BUDGET: all of the memory. GOT_RESERVED: the bytes that
# GNU ld puts into an unused GOT.
STACK_SIZE := 4096
LINK_NUMBERS_arm64 := -DPURG_ARCH=PURG_ARCH_ARM64 -DARCH_FEATURES=ARM64_FEATURES \
	-DGOT_RESERVED=8 -DRO_BUDGET=0x6000 -DMEM_BUDGET=0x1d000
LINK_NUMBERS_x86_64 := -DPURG_ARCH=PURG_ARCH_X86_64 -DARCH_FEATURES=X86_64_FEATURES \
	-DGOT_RESERVED=0 -DRO_BUDGET=0x8000 -DMEM_BUDGET=0xd000

BLOBS := $(foreach arch,$(ARCHES),$(foreach form,ro elf bin rel.o,$O/purgatory-$(arch).$(form))) \
	$O/purgatory-x86_64-linux.ro

# Everything is built anew when the toolchain changes in the same place.
TOOLCHAIN_STAMP := $O/toolchain
$(shell mkdir -p $O; echo $(TOOLCHAIN) | cmp -s - $(TOOLCHAIN_STAMP) || echo $(TOOLCHAIN) > $(TOOLCHAIN_STAMP))

# $(call freestanding-objects,ARCH,SOURCES): their object files
freestanding-objects = $(patsubst %,$O/$(1)/%.o,$(2))

define freestanding-arch
$O/$(1)/%.c.o: %.c linker/freestanding.mk $$(TOOLCHAIN_STAMP)
	$$(say) CC $$@
	mkdir -p $$(@D)
	$$(CC_$(1)) $$(FREESTANDING) $$(ARCH_FLAGS_$(1)) -MMD -MP -c $$< -o $$@

$O/$(1)/%.S.o: %.S linker/freestanding.mk $$(TOOLCHAIN_STAMP)
	$$(say) AS $$@
	mkdir -p $$(@D)
	$$(CC_$(1)) $$(ARCH_FLAGS_$(1)) $$(WARNINGS) -Iinclude -DSTACK_SIZE=$$(STACK_SIZE) -MMD -MP -c $$< -o $$@

$O/$(1)/%.lds: linker/%.lds.S linker/freestanding.mk $$(TOOLCHAIN_STAMP)
	$$(say) LDS $$@
	mkdir -p $$(@D)
	$$(CC_$(1)) -E -P -x c -D__ASSEMBLER__ -Iinclude $$(LINK_NUMBERS_$(1)) -MMD -MP -MT $$@ -MF $$@.d $$< -o $$@

# What the compiler calls by itself must be there after it has optimised.
$O/$(1)/src/string.c.o: SMALL += -fno-lto

PURGATORY_OBJECTS_$(1) := $$(call freestanding-objects,$(1),$$(wildcard src/*.c arch/$(1)/*.c arch/$(1)/*.S))

$O/purgatory-$(1).elf: $O/$(1)/purgatory.lds $$(PURGATORY_OBJECTS_$(1))
	$$(say) LD $$@
	$$(CC_$(1)) $$(FREESTANDING) $$(ARCH_FLAGS_$(1)) -pie $$(LINK) -T $$^ -o $$@

$O/purgatory-$(1).bin: $O/purgatory-$(1).elf
	$$(say) OBJCOPY $$@
	$$(BINUTILS_$(1))objcopy -O binary $$< $$@

# The symbols of a relocatable form, those with its client's prefix, from the numbers that the linker script computed.
$O/$(1)/%symbols.inc: $O/purgatory-$(1).elf linker/symbols.awk
	$$(say) GEN $$@
	$$(BINUTILS_$(1))nm -S $$< | awk -v prefix=$$* -f linker/symbols.awk > $$@

# For kexec-tools, and, by other names and another order of the registers, for Linux.
$O/purgatory-$(1).ro: CLIENT := COMPAT_KEXEC_TOOLS
$O/purgatory-$(1).ro: $O/$(1)/client_symbols.inc
$O/purgatory-$(1)-linux.ro: CLIENT := COMPAT_LINUX
$O/purgatory-$(1)-linux.ro: $O/$(1)/linux_client_symbols.inc
$O/purgatory-$(1).ro $O/purgatory-$(1)-linux.ro: linker/wrap.S include/clients.h $O/purgatory-$(1).bin
	$$(say) WRAP $$@
	$$(CC_$(1)) -Iinclude -DCLIENT=$$(CLIENT) -DFLAT='"$O/purgatory-$(1).bin"' -DSYMBOLS='"$$(filter %.inc,$$^)"' \
		-c linker/wrap.S -o $$@

# The plain form: everything once more, as kexec-tools' from the start.
$O/$(1)/plain/%.c.o: %.c linker/freestanding.mk $$(TOOLCHAIN_STAMP)
	$$(say) CC $$@
	mkdir -p $$(@D)
	$$(CC_$(1)) $$(PLAIN) $$(PLAIN_FLAGS_$(1)) -MMD -MP -c $$< -o $$@

$O/$(1)/plain/%.S.o: %.S linker/freestanding.mk $$(TOOLCHAIN_STAMP)
	$$(say) AS $$@
	mkdir -p $$(@D)
	$$(CC_$(1)) $$(PLAIN_FLAGS_$(1)) $$(WARNINGS) -Iinclude -DSTACK_SIZE=$$(STACK_SIZE) \
		-DCLIENT=COMPAT_KEXEC_TOOLS -MMD -MP -c $$< -o $$@

PLAIN_OBJECTS_$(1) := $$(PURGATORY_OBJECTS_$(1):$O/$(1)/%=$O/$(1)/plain/%) $O/$(1)/plain/linker/plain.S.o

$O/$(1)/plain.o: $O/$(1)/plain.lds $$(PLAIN_OBJECTS_$(1))
	$$(say) LD $$@
	$$(CC_$(1)) $$(PLAIN_LINK) -T $$^ -o $$@

# lld leaves a flag of the strings' sections, by which the next linker would take all of it for strings.
$O/purgatory-$(1).rel.o: $O/$(1)/plain.o linker/plain-symbols.awk linker/plain-check.awk
	$$(say) OBJCOPY $$@
	$$(BINUTILS_$(1))nm $$< | awk -f linker/plain-symbols.awk > $$(<:.o=.symbols)
	$$(BINUTILS_$(1))objcopy --set-section-flags .purgatory=alloc,load,contents,code @$$(<:.o=.symbols) $$< $$@
	$$(BINUTILS_$(1))readelf -W -S -s -r $$@ | awk -f linker/plain-check.awk

-include $$(PURGATORY_OBJECTS_$(1):.o=.d) $$(PLAIN_OBJECTS_$(1):.o=.d) $O/$(1)/purgatory.lds.d $O/$(1)/plain.lds.d
endef
$(foreach arch,$(ARCHES),$(eval $(call freestanding-arch,$(arch))))

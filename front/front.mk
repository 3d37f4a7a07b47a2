# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# The front ends of packed images: flat binaries that the command carries. They share the console, the end of a refusal and
# SHA-256 with the purgatory.

FRONTS := $(foreach arch,$(ARCHES),$O/front-$(arch).bin)
FRONT_SHARED := src/console.c src/fail.c src/fail_sentence.c src/params_digest.c src/sha256.c src/string.c src/vga_text.c

# Where mmu_sync_memory is, and what map.c asks with. boot_params are the library's.
FRONT_ARCH_arm64 := arch/arm64/mmu.S
FRONT_ARCH_x86_64 := arch/x86_64/vectors.c arch/x86_64/vectors.S loader/boot_params.c loader/bzimage.c

# x86_64 is linked to where it runs; arm64 runs wherever the image was put.
FRONT_LINK_arm64 := -pie
FRONT_LINK_x86_64 := -no-pie

define front-arch
FRONT_OBJECTS_$(1) := $$(call freestanding-objects,$(1),$$(wildcard front/*.c front/$(1)/*.c front/$(1)/*.S) $$(FRONT_SHARED) \
	$$(addprefix arch/$(1)/,io.c map.c rules.c cpu.c cpu.S) $$(FRONT_ARCH_$(1)))

$O/front-$(1).elf: $O/$(1)/front.lds $$(FRONT_OBJECTS_$(1))
	$$(say) LD $$@
	$$(CC_$(1)) $$(FREESTANDING) $$(ARCH_FLAGS_$(1)) $$(FRONT_LINK_$(1)) $$(LINK) -T $$^ -o $$@

$O/front-$(1).bin: $O/front-$(1).elf
	$$(say) OBJCOPY $$@
	$$(BINUTILS_$(1))objcopy -O binary $$< $$@

-include $$(FRONT_OBJECTS_$(1):.o=.d) $O/$(1)/front.lds.d
endef
$(foreach arch,$(ARCHES),$(eval $(call front-arch,$(arch))))

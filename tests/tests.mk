# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# What the tests run: unit tests under the sanitizers, small programs for the QEMU machines, Debian's kernels.

# Each unit test, and what it tests. Those of the generic code run it on the fake architecture.
GENERIC := tests/unit/arch_fake.c $(filter-out src/block.c src/string.c,$(wildcard src/*.c))
# That of SHA-256 runs the host's own paths where there are such.
SHA256_x86_64 := src/sha256.c src/striped.c $(wildcard arch/x86_64/sha256*)
UNIT_sha256 := $(or $(SHA256_$(HOST_ARCH)),$(GENERIC))
UNIT_params := $(GENERIC)
UNIT_main := $(GENERIC)
UNIT_console := $(GENERIC)
UNIT_tables := $(GENERIC) arch/arm64/tables.c
UNIT_dtb := front/arm64/dtb.c
UNIT_bootparams := front/x86_64/bootparams.c
UNITS := sha256 params main console tables dtb bootparams
UNIT_TESTS := $(UNITS:%=$O/tests/unit/test_%)

define unit-test
$O/tests/unit/test_$(1): $(patsubst %,$O/sanitized/%.o,tests/unit/test_$(1).c $(filter %.c,$(UNIT_$(1)))) \
		$(patsubst %,$O/host/%.o,$(filter %.S,$(UNIT_$(1))))
	$$(say) HOSTLD $$@
	mkdir -p $$(@D)
	$$(HOSTCC) $$(SANITIZE) $$^ -lcmocka -lfdt -o $$@

-include $(patsubst %,$O/sanitized/%.d,tests/unit/test_$(1).c $(UNIT_$(1)))
endef
$(foreach unit,$(UNITS),$(eval $(call unit-test,$(unit))))

# Flat programs for the QEMU tests: what enters the purgatory, and what it enters.
MACHINE_PROGRAMS := $(patsubst %,$O/tests/%,launch-arm64.bin launch-x86_64.elf payload-arm64.bin payload-x86_64.bin)

define machine-program
$O/tests/%-$(1).bin: tests/qemu/%-$(1).S tests/tests.mk
	$$(say) AS $$@
	mkdir -p $$(@D)
	$$(CC_$(1)) $$(WARNINGS) -c $$< -o $$(@:.bin=.o)
	$$(BINUTILS_$(1))ld -static -nostdlib -z noexecstack -e 0 -Ttext=0 $$(@:.bin=.o) -o $$(@:.bin=.linked)
	$$(BINUTILS_$(1))objcopy -O binary -j .text $$(@:.bin=.linked) $$@
endef
$(foreach arch,$(ARCHES),$(eval $(call machine-program,$(arch))))

# x86_64 is launched by the PVH protocol, at 32 MiB.
$O/tests/launch-x86_64.elf: tests/qemu/launch-x86_64.S tests/tests.mk
	$(say) LD $@
	mkdir -p $(@D)
	$(CC_x86_64) $(WARNINGS) -c $< -o $(@:.elf=.o)
	$(BINUTILS_x86_64)ld -static -nostdlib -z noexecstack -e 0 -Ttext-segment=0x2000000 $(@:.elf=.o) -o $@

# The purgatory's SHA-256, compiled as for x86_64, for the bench to call.
$O/tests/sha256.so: src/sha256.c src/string.c linker/freestanding.mk
	$(say) LD $@
	mkdir -p $(@D)
	$(CC_x86_64) $(filter-out -include %hidden.h -fvisibility=hidden -flto%,$(FREESTANDING)) $(ARCH_FLAGS_x86_64) -fpic \
		-nostdlib -shared $(filter %.c,$^) -o $@

.PHONY: test-programs debian qemu10 clang-build
test-programs: $(UNIT_TESTS) $(MACHINE_PROGRAMS) $(COMMAND_SANITIZED)

# A kernel and a busybox initrd for each architecture.
debian: $(foreach arch,$(ARCHES),$O/debian/$(arch)/initrd)

$O/debian/%/initrd: tests/debian.sh tests/apt.sh tests/init.sh
	$(say) FETCH 'Debian kernel and busybox for $*'
	tests/debian.sh $* $O/debian/$*

# The QEMU of Debian 12's backports, beside the installed one.
qemu10: $O/qemu10/version

$O/qemu10/version: tests/qemu10.sh tests/apt.sh
	$(say) FETCH 'QEMU 10 of bookworm-backports'
	tests/qemu10.sh $O/qemu10

# The same as built by clang and lld, for the boots.
CLANG_BUILD := $O/clang
clang-build: debian
	$(MAKE) TOOLCHAIN=clang O=$(CLANG_BUILD) all $(MACHINE_PROGRAMS:$O/%=$(CLANG_BUILD)/%)
	ln -sfn ../debian $(CLANG_BUILD)/debian

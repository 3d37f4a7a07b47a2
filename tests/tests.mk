# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# What the tests run: unit tests under the sanitizers, small programs for the QEMU machines, Debian's kernels.

# Each unit test, and what it tests. Those of the generic code run it on the fake architecture.
GENERIC := tests/unit/arch_fake.c arch/x86_64/old_tables.c $(filter-out src/block.c src/string.c,$(wildcard src/*.c))
# That of SHA-256 runs the paths of an architecture: the host's own, and arm64's elsewhere as well.
sha256-paths = tests/unit/paths_$(1).c src/sha256.c src/striped.c $(wildcard arch/$(1)/sha256*)
UNIT_sha256 := $(call sha256-paths,$(HOST_ARCH))
UNIT_params := $(GENERIC)
UNIT_main := $(GENERIC)
UNIT_report := $(GENERIC)
UNIT_skip := $(GENERIC)
UNIT_policies := $(GENERIC)
UNIT_compat := $(GENERIC)
UNIT_console := $(GENERIC)
UNIT_tables := $(GENERIC) arch/arm64/tables.c
# Those of the walk have physical memory of their own, and an oracle by each architecture's manual.
WALK_UNIT := $(patsubst %,tests/unit/walk_%.c,cases cases_bad memory oracle world)
$(foreach arch,$(ARCHES),$(eval UNIT_walk_$(arch) := $(WALK_UNIT) tests/unit/walk_manual_$(arch).c \
	src/walk.c src/walk_sentence.c arch/$(arch)/old_tables.c))
UNIT_dtb := front/arm64/dtb.c
UNIT_bootparams := front/x86_64/bootparams.c loader/boot_params.c loader/bzimage.c
# Those of the library have all of it.
LOADER_UNITS := $(patsubst tests/unit/test_%.c,%,$(wildcard tests/unit/test_loader_*.c))
$(foreach unit,$(LOADER_UNITS),$(eval UNIT_$(unit) := $(LOADER_SOURCES) $(call loader-sha256,$(HOST_ARCH))))
UNITS := $(LOADER_UNITS) sha256 params main policies skip report compat console tables dtb bootparams $(ARCHES:%=walk_%)
UNIT_TESTS := $(UNITS:%=$O/tests/unit/test_%)

define unit-test
$O/tests/unit/test_$(1): $(call sanitized-objects,tests/unit/test_$(1).c $(UNIT_$(1)))
	$$(say) HOSTLD $$@
	mkdir -p $$(@D)
	$$(HOSTCC) $$(SANITIZE) $$^ -lcmocka -lfdt -o $$@

-include $(patsubst %,$O/sanitized/%.d,tests/unit/test_$(1).c $(UNIT_$(1)))
endef
$(foreach unit,$(UNITS),$(eval $(call unit-test,$(unit))))

# The test of SHA-256 for QEMU's emulation of arm64 programs, without sanitizers: its C has been under them on the host. An
# arm64 host has no use for it.
UNIT_ARM64 := $(if $(filter-out arm64,$(HOST_ARCH)),$O/tests/unit-arm64/test_sha256)
UNIT_ARM64_OBJECTS := $(patsubst %,$O/tests/unit-arm64/%.o,tests/unit/test_sha256.c $(call sha256-paths,arm64))

$O/tests/unit-arm64/%.o: % tests/tests.mk $(FOREIGN_STAMP_arm64)
	$(say) CC $@
	mkdir -p $(@D)
	$(HOSTCC_arm64) $(HOST_FLAGS) -O2 -g -Wa,--noexecstack -MMD -MP -c $< -o $@

$O/tests/unit-arm64/test_sha256: $(UNIT_ARM64_OBJECTS)
	$(say) LD $@
	$(HOSTCC_arm64) $^ -lcmocka '-Wl,-rpath,$$ORIGIN/../../foreign/$(FOREIGN_LIB)' -o $@

-include $(UNIT_ARM64_OBJECTS:.o=.d)

# The loader library for Python's ctypes.
LOADER_SHARED := $O/tests/libpurgatory.so

$(LOADER_SHARED): $(LOADER_SOURCES_$(HOST_ARCH)) $(wildcard loader/*.h include/*.h include/purgatory/*.h) tests/tests.mk
	$(say) HOSTLD $@
	mkdir -p $(@D)
	$(HOSTCC) $(HOST_FLAGS) -O2 -g -fpic -shared -Wl,-z,noexecstack $(filter %.c %.S,$^) -lfdt -o $@

# Flat programs for the QEMU tests: what enters the purgatory, and what it enters.
MACHINE_PROGRAMS := $(patsubst %,$O/tests/%,launch-arm64.bin launch-x86_64.elf payload-arm64.bin payload-x86_64.bin \
	payload-x86_32.bin payload-x86_16.bin)

# $(call machine-program,ARCH,MODE,ADDRESS): %-MODE.S, linked to run there
define machine-program
$O/tests/%-$(2).bin: tests/qemu/%-$(2).S $(wildcard tests/qemu/*.inc) tests/tests.mk
	$$(say) AS $$@
	mkdir -p $$(@D)
	$$(CC_$(1)) $$(WARNINGS) -c $$< -o $$(@:.bin=.o)
	$$(BINUTILS_$(1))ld -static -nostdlib -z noexecstack -e 0 -Ttext=$(3) $$(@:.bin=.o) -o $$(@:.bin=.linked)
	$$(BINUTILS_$(1))objcopy -O binary -j .text $$(@:.bin=.linked) $$@
endef
$(foreach arch,$(ARCHES),$(eval $(call machine-program,$(arch),$(arch),0)))
# A program of 32 bits cannot be without addresses: X86_64.payload_at in tests/qemu/machine.py.
$(eval $(call machine-program,x86_64,x86_32,0x5000000))
$(eval $(call machine-program,x86_64,x86_16,0))

# x86_64 is launched by the PVH protocol, at 32 MiB.
$O/tests/launch-x86_64.elf: tests/qemu/launch-x86_64.S tests/tests.mk
	$(say) LD $@
	mkdir -p $(@D)
	$(CC_x86_64) $(WARNINGS) -c $< -o $(@:.elf=.o)
	$(BINUTILS_x86_64)ld -static -nostdlib -z noexecstack -e 0 -Ttext-segment=0x2000000 --section-start=.tables=0x2200000 \
		$(@:.elf=.o) -o $@

# The fault campaign's harness, where Harness in tests/faults/scenario.py puts it; its mailbox lies behind it.
HARNESS_AT_arm64 := 0x4e000000
HARNESS_AT_x86_64 := 0x8000000
HARNESSES := $(foreach arch,$(ARCHES),$O/tests/harness-$(arch).bin)

define harness
$O/tests/harness-$(1).bin: tests/faults/start-$(1).S tests/faults/harness.c tests/faults/harness.h include/purgatory/abi.h \
		tests/tests.mk linker/freestanding.mk
	$$(say) LD $$@
	mkdir -p $$(@D)
	$$(CC_$(1)) $$(filter-out -flto%,$$(FREESTANDING)) $$(ARCH_FLAGS_$(1)) -nostdlib -static -no-pie \
		-Wl,-z,noexecstack,--build-id=none,-e,start,-Ttext=$$(HARNESS_AT_$(1)) \
		-Wl,--defsym=harness_mailbox=$$(HARNESS_AT_$(1))+0x100000 $$(filter %.S %.c,$$^) -o $$(@:.bin=.elf)
	$$(BINUTILS_$(1))objcopy -O binary $$(@:.bin=.elf) $$@
endef
$(foreach arch,$(ARCHES),$(eval $(call harness,$(arch))))

# Debian's kexec-tools, built in its own tree, by its own makefiles.
KEXEC_TOOLS := $O/kexec-tools
KEXEC_TOOLS_MAKE := env -i PATH="$$PATH" LC_ALL=C make -C $(KEXEC_TOOLS)

$(KEXEC_TOOLS)/version: tests/kexec-tools.sh tests/apt.sh tests/mirror.sh
	$(say) FETCH "kexec-tools' source"
	tests/kexec-tools.sh $(KEXEC_TOOLS)

$(KEXEC_TOOLS)/%/purgatory/purgatory.ro: $(KEXEC_TOOLS)/version
	$(say) MAKE $@
	$(KEXEC_TOOLS_MAKE)/$* purgatory/purgatory.ro >$(KEXEC_TOOLS)/$*/log 2>&1 || { cat $(KEXEC_TOOLS)/$*/log; exit 1; }

# Its command with its own purgatory, with ours, and with our plain form: nothing differs but the array that it has the
# purgatory in. PURGATORY names the file that becomes the array; it has a rule there, so PURGATORY_OBJS takes away what it
# is made from. Each waits for the one before, since they are built in one tree.
KEXEC_COMMANDS := $(foreach arch,$(ARCHES),$(foreach purgatory,stock ours plain,$O/kexec/$(arch)/$(purgatory)/kexec))

$O/kexec/%/stock/kexec: $(KEXEC_TOOLS)/%/purgatory/purgatory.ro
	$(say) MAKE $@
	mkdir -p $(@D)
	$(KEXEC_TOOLS_MAKE)/$* build/sbin/kexec >$(KEXEC_TOOLS)/$*/log 2>&1 || { cat $(KEXEC_TOOLS)/$*/log; exit 1; }
	cp $(KEXEC_TOOLS)/$*/build/sbin/kexec $@

# kexec-variant,NAME: with the purgatory that is the first prerequisite.
define kexec-variant
	$(say) MAKE $@
	mkdir -p $(@D)
	$(KEXEC_TOOLS_MAKE)/$* PURGATORY=$(abspath $<) PURGATORY_OBJS= PURGATORY_HEX_C=$(1)/purgatory.c SBINDIR=$(1) \
		$(1)/kexec >$(KEXEC_TOOLS)/$*/log 2>&1 || { cat $(KEXEC_TOOLS)/$*/log; exit 1; }
	cp $(KEXEC_TOOLS)/$*/$(1)/kexec $@
endef

$O/kexec/%/ours/kexec: $O/purgatory-%.ro $O/kexec/%/stock/kexec
	$(call kexec-variant,ours)

$O/kexec/%/plain/kexec: $O/purgatory-%.rel.o $O/kexec/%/ours/kexec
	$(call kexec-variant,plain)

# What it loads besides Debian's kernel: that kernel as an ELF, a multiboot image, a program for real mode.
KEXEC_GUESTS := $(patsubst %,$O/kexec/%,vmlinux xen real-mode.bin)

$O/kexec/vmlinux: tests/kexec/vmlinux.py $O/debian/x86_64/initrd
	$(say) LZ4 $@
	mkdir -p $(@D)
	/usr/bin/python3 tests/kexec/vmlinux.py $O/debian/x86_64/vmlinuz $@

$O/kexec/xen: tests/kexec/xen.sh tests/apt.sh
	$(say) FETCH "Debian's Xen"
	mkdir -p $(@D)
	tests/kexec/xen.sh $@

$O/kexec/real-mode.bin: tests/kexec/real-mode.S tests/qemu/serial-x86.inc tests/tests.mk
	$(say) AS $@
	mkdir -p $(@D)
	$(CC_x86_64) $(WARNINGS) -c $< -o $(@:.bin=.o)
	$(BINUTILS_x86_64)ld -static -nostdlib -z noexecstack -e 0 -Ttext=0 $(@:.bin=.o) -o $(@:.bin=.linked)
	$(BINUTILS_x86_64)objcopy -O binary -j .text $(@:.bin=.linked) $@

# The other architecture's makedumpfile, beside the installed one: it reads dumps of its own architecture only, and does so
# in QEMU's emulation of programs.
MAKEDUMPFILE := $O/makedumpfile/version

$(MAKEDUMPFILE): tests/foreign.sh tests/apt.sh
	$(say) FETCH 'makedumpfile for $(FOREIGN_ARCH)'
	tests/foreign.sh $(FOREIGN_ARCH) $(@D) makedumpfile libdw1 libelf1 liblzo2-2 zlib1g libbz2-1.0 liblzma5

# What make bench calls in userland: the purgatory's SHA-256, compiled as for x86_64; kexec-tools' purgatory's; a plain read.
# Each library's calls of memcpy are of its own memcpy.
BENCH_PROGRAMS := $(patsubst %,$O/bench/%,sha256.so kexec-tools.so read.so place.so kexec-tools-arm64.bin count.so)
LIBRARY := -nostdlib -shared -Wl$(comma)-Bsymbolic$(comma)-z$(comma)noexecstack

$O/bench/sha256.so: src/sha256.c src/striped.c src/string.c $(wildcard arch/x86_64/sha256_*.S) tests/bench/ways.c \
		linker/freestanding.mk
	$(say) LD $@
	mkdir -p $(@D)
	$(CC_x86_64) $(filter-out -include %hidden.h -fvisibility=hidden -flto%,$(FREESTANDING)) $(ARCH_FLAGS_x86_64) -fpic \
		$(LIBRARY) $(filter %.c %.S,$^) -o $@

$O/bench/read.so: tests/bench/read.c
	$(say) LD $@
	mkdir -p $(@D)
	$(CC_x86_64) -O3 -march=native $(WARNINGS) -fpic $(LIBRARY) $< -o $@

# libpurgatory as the command has it.
$O/bench/place.so: tests/bench/place.c loader/map.c loader/space.c loader/map.h include/purgatory/loader.h include/number.h
	$(say) LD $@
	mkdir -p $(@D)
	$(HOSTCC) $(HOST_FLAGS) -O2 -fpic -shared $(filter %.c,$^) -o $@

# Its code is not position independent.
$O/bench/kexec-tools.so: $(KEXEC_TOOLS)/x86_64/purgatory/purgatory.ro
	$(say) LD $@
	mkdir -p $(@D)
	$(CC_x86_64) $(LIBRARY) -Wl,-z,notext $(<D)/sha256.o $(<D)/string.o -o $@

# It is entered where the purgatory is, at 0x42000000: ARM64 in tests/qemu/machine.py.
$O/bench/kexec-tools-arm64.bin: tests/bench/kexec-tools-arm64.S $(KEXEC_TOOLS)/arm64/purgatory/purgatory.ro
	$(say) LD $@
	mkdir -p $(@D)
	$(CC_arm64) $(WARNINGS) -static -nostdlib -no-pie -Wl,-z,noexecstack,--build-id=none,-e,0,-Ttext=0x42000000 $< \
		$(KEXEC_TOOLS)/arm64/purgatory/sha256.o $(KEXEC_TOOLS)/arm64/purgatory/string.o -o $(@:.bin=.elf)
	$(BINUTILS_arm64)objcopy -O binary $(@:.bin=.elf) $@

# The TCG plugin: a library for QEMU, which has the functions that it calls.
$O/bench/count.so: tests/bench/count.c
	$(say) LD $@
	mkdir -p $(@D)
	$(CC_x86_64) -std=gnu11 -O2 $(WARNINGS) -fpic -shared $< -o $@

.PHONY: test-programs bench-programs kexec-programs debian debian-backports qemu10 clang-build
test-programs: $(UNIT_TESTS) $(UNIT_ARM64) $(MACHINE_PROGRAMS) $(HARNESSES) $(COMMAND_SANITIZED) $(LOADER_SHARED)

bench-programs: $(BENCH_PROGRAMS) $(MACHINE_PROGRAMS)

kexec-programs: $(KEXEC_COMMANDS) $(KEXEC_GUESTS) $(MAKEDUMPFILE)

# A kernel and a busybox initrd for each architecture.
debian: $(foreach arch,$(ARCHES),$O/debian/$(arch)/initrd)

$O/debian/%/initrd: tests/debian.sh tests/apt.sh tests/init.sh
	$(say) FETCH 'Debian kernel and busybox for $*'
	tests/debian.sh $* $O/debian/$*

# The kernels of Debian 12's backports, the same way.
debian-backports: $(foreach arch,$(ARCHES),$O/debian/$(arch)-backports/initrd)

$O/debian/%-backports/initrd: tests/debian.sh tests/apt.sh tests/mirror.sh tests/init.sh
	$(say) FETCH 'Debian backports kernel for $*'
	tests/debian.sh $* $O/debian/$*-backports bookworm-backports

# The QEMU of Debian 12's backports, beside the installed one.
qemu10: $O/qemu10/version

$O/qemu10/version: tests/qemu10.sh tests/apt.sh tests/mirror.sh
	$(say) FETCH 'QEMU 10 of bookworm-backports'
	tests/qemu10.sh $O/qemu10

# The same as built by clang and lld, for the boots.
CLANG_BUILD := $O/clang
clang-build: debian
	$(MAKE) TOOLCHAIN=clang O=$(CLANG_BUILD) all $(patsubst $O/%,$(CLANG_BUILD)/%,$(MACHINE_PROGRAMS) $(LOADER_SHARED))
	ln -sfn ../debian $(CLANG_BUILD)/debian

# For make check-kernel: Linux with its own purgatory, and from the same objects with ours.
KERNEL := $O/kernel
KERNEL_TESTS := $(KERNEL)/client $(patsubst %,$(KERNEL)/%/bzImage,stock ours ours-clang)
LINUX_OBJECT := purgatory-x86_64-linux.ro

$(KERNEL)/version: tests/kernel/linux.sh tests/apt.sh tests/mirror.sh
	$(say) FETCH "Linux' source"
	tests/kernel/linux.sh $(KERNEL) source

$(KERNEL)/stock/bzImage: tests/kernel/config $(KERNEL)/version
	$(say) KBUILD $@
	tests/kernel/linux.sh $(KERNEL) stock

# One after the other: they are built in one place.
$(KERNEL)/ours/bzImage: $O/$(LINUX_OBJECT) $(KERNEL)/stock/bzImage
$(KERNEL)/ours-clang/bzImage: $(CLANG_BUILD)/$(LINUX_OBJECT) $(KERNEL)/ours/bzImage
$(KERNEL)/ours/bzImage $(KERNEL)/ours-clang/bzImage:
	$(say) KBUILD $@
	tests/kernel/linux.sh $(KERNEL) $(notdir $(@D)) $<

.PHONY: always
$(CLANG_BUILD)/$(LINUX_OBJECT): always
	$(MAKE) TOOLCHAIN=clang O=$(CLANG_BUILD) $@

$(KERNEL)/client: tests/kernel/client.c
	$(say) CC $@
	mkdir -p $(@D)
	$(BINUTILS_x86_64)gcc -std=gnu11 -D_GNU_SOURCE -O2 $(WARNINGS) -static $< -o $@

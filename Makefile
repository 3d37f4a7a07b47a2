# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
#
# make help lists the targets. V=1 shows the commands, O=dir builds elsewhere, TOOLCHAIN=clang builds with clang and lld.

O ?= build
TOOLCHAIN ?= gcc
PREFIX ?= /usr/local
ARCHES := arm64 x86_64

ifneq ($(TOOLCHAIN),gcc)
ifneq ($(TOOLCHAIN),clang)
$(error TOOLCHAIN=$(TOOLCHAIN): must be gcc or clang)
endif
endif

# The same bytes from the same source: no locale, no time, no path of the build.
export LC_ALL := C
export TZ := UTC

# For the scripts in tests/.
export BUILD = $O
export TOOLCHAIN

ifeq ($(V),1)
say := @:
else
say := @printf '  %-8s %s\n'
MAKEFLAGS += -s --no-print-directory
endif

.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

include linker/freestanding.mk
include front/front.mk
include tools/host.mk
include loader/loader.mk
include tools/tools.mk
include tests/tests.mk
include tests/fuzz/fuzz.mk

.PHONY: all commands demo check check-unit check-tools check-qemu check-kexec check-live check-faults check-kernel fuzz \
	size bench lint format install deps clean help

all: $(BLOBS) $(COMMAND) $(ARCHIVES) ## build the purgatory in all its forms, the command, and the library

commands: $(COMMANDS) ## the command for both architectures, as build/command/ARCH/purgatory

demo: deps ## boot two Debian kernels through the purgatory, see a damaged one refused, and leave a running one
	$(MAKE) all commands debian
	tests/demo.sh

check: deps ## all tests but check-kernel
	$(MAKE) all commands test-programs fuzz-programs debian debian-backports qemu10 clang-build kexec-programs
	tests/check.sh

check-unit: $(UNIT_TESTS) $(UNIT_ARM64) ## the unit tests, on this machine under ASan and UBSan; arm64's SHA-256 emulated
	tests/check.sh unit unit-arm64

check-tools: all commands $(COMMAND_SANITIZED) $(LOADER_SHARED) ## the tests of the forms, the library's build and the command
	tests/check.sh forms tools

check-qemu: all $(MACHINE_PROGRAMS) debian qemu10 clang-build ## the boots under QEMU, of Debian 12 and of its backports
	tests/check.sh qemu qemu10 clang

check-kexec: debian kexec-programs ## kexec-tools load Debian's kernels under QEMU, with their own purgatory and with ours
	tests/check.sh kexec

check-live: commands debian debian-backports $(KEXEC_GUESTS) $(MAKEDUMPFILE) ## the command loads Debian's kernels under QEMU, with all kinds of firmware
	tests/check.sh live

check-faults: all $(MACHINE_PROGRAMS) $(HARNESSES) ## flip FAULT_RUNS (10000) bits on each architecture; FAULT_SEED
	FAULT_RUNS=$${FAULT_RUNS:-10000} tests/check.sh faults

check-kernel: ## Linux built with our purgatory: kexec_file_load, a crash, a damaged load; takes minutes, and 2 GB of disk
	tests/deps.sh kernel
	$(MAKE) all $(KERNEL_TESTS)
	/usr/bin/python3 -m pytest -q -p no:cacheprovider tests/kernel

fuzz: fuzz-programs ## each parser, FUZZ_SECONDS (60) of CPU time, by libFuzzer; FUZZ_TARGETS: which; build/fuzz/report.txt
	tests/fuzz/fuzz.py --seconds $(FUZZ_SECONDS) $(FUZZ_TARGETS)

size: $(BLOBS) ## how large each form is, beside kexec-tools' purgatory
	tests/size.sh

bench: ## how fast: SHA-256 beside its peers in userland, counts under QEMU; into build/bench.json and build/bench.svg
	tests/deps.sh bench
	$(MAKE) all bench-programs
	/usr/bin/python3 tests/bench/bench.py

C_FILES = $(shell git ls-files --cached --others --exclude-standard '*.c' '*.h')
SHELL_FILES = $(shell git ls-files --cached --others --exclude-standard '*.sh' .ci/run)

lint: ## clang-format, cppcheck, shellcheck
	$(say) LINT 'clang-format, cppcheck, shellcheck'
	clang-format --dry-run -Werror $(C_FILES)
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability --inline-suppr \
		-Iinclude src arch front loader tools
	shellcheck $(SHELL_FILES)

format: ## clang-format every C file
	clang-format -i $(C_FILES)

install: all ## install command, blobs, library and headers under PREFIX (default /usr/local), below DESTDIR
	$(say) INSTALL $(DESTDIR)$(PREFIX)
	install -D -m 755 $(COMMAND) $(DESTDIR)$(PREFIX)/bin/purgatory
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/purgatory $(BLOBS) $(filter-out $(ARCHIVE),$(ARCHIVES))
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib $(ARCHIVE)
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/pkgconfig loader/libpurgatory.pc
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/include/purgatory include/purgatory/*.h

deps: ## install the Debian packages that are missing
	tests/deps.sh

clean: ## remove what was built
	rm -rf $O

help: ## this list
	@sed -n 's/^\([a-z-]*\):.* ## \(.*\)/  \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'
	@echo '  V=1 shows commands; O=dir builds there (default build); TOOLCHAIN=gcc|clang'

# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# libpurgatory: for programs of this machine, and freestanding for each architecture. SHA-256 is the purgatory's own. Its
# sources are those that libpurgatory.mk tells to others.

LIBPURGATORY := .

# LOADER_SOURCES_arm64, and so on
define loader-arch
LIBPURGATORY_ARCH := $(1)
include loader/libpurgatory.mk
LOADER_SOURCES_$(1) := $$(LIBPURGATORY_SOURCES:./%=%) $$(LIBPURGATORY_DTB_SOURCES:./%=%)
endef
$(foreach arch,$(ARCHES),$(eval $(call loader-arch,$(arch))))

# What all architectures have, and $(call loader-sha256,ARCH): the ways of an architecture's CPUs
LOADER_SOURCES := $(filter-out arch/%,$(LOADER_SOURCES_$(firstword $(ARCHES))))
loader-sha256 = $(filter arch/%,$(LOADER_SOURCES_$(1)))

ARCHIVE := $O/libpurgatory.a
ARCHIVES := $(ARCHIVE) $(foreach arch,$(ARCHES),$O/libpurgatory-$(arch).a)

# Anybody's linker must take it, so it is compiled file by file; and it may lie far from the rest of what it is in, hence
# not the tiny code model. For programs it must go into a shared library as well; there too a compiler may not make calls of
# strlen or bcmp of what is written out.
ARCHIVE_FLAGS_arm64 = $(PLAIN) $(patsubst -mcmodel=%,-mcmodel=small,$(ARCH_FLAGS_arm64))
ARCHIVE_FLAGS_x86_64 = $(PLAIN) $(ARCH_FLAGS_x86_64)
ARCHIVE_FLAGS_host = $(HOST_FLAGS) -O2 -fPIC -fvisibility=hidden -fno-builtin-bcmp $(NO_VECTORS)

# $(call library-object,NAME,SOURCE): the names of an archive's objects are unlike each other, as those of sources are not
library-object = $O/$(1)/$(subst /,-,$(2)).o

# library-file,NAME,COMPILER,FLAGS,SOURCE
define library-file
$(call library-object,$(1),$(4)): $(4) loader/loader.mk loader/libpurgatory.mk linker/freestanding.mk $$(TOOLCHAIN_STAMP)
	$$(say) CC $$@
	mkdir -p $$(@D)
	$$($(2)) $$($(3)) $$(LIBPURGATORY_CFLAGS) -Wa,--noexecstack -MMD -MP -c $$< -o $$@
endef

# library,NAME,ARCH,COMPILER,FLAGS
define library
$(foreach source,$(LOADER_SOURCES_$(2)),$(eval $(call library-file,$(1),$(3),$(4),$(source))))

$O/$(1).a: $(foreach source,$(LOADER_SOURCES_$(2)),$(call library-object,$(1),$(source)))
	$$(say) AR $$@
	rm -f $$@
	$$(BINUTILS_$(2))ar rcD $$@ $$^

-include $(foreach source,$(LOADER_SOURCES_$(2)),$(patsubst %.o,%.d,$(call library-object,$(1),$(source))))
endef
$(foreach arch,$(ARCHES),$(eval $(call library,libpurgatory-$(arch),$(arch),CC_$(arch),ARCHIVE_FLAGS_$(arch))))
$(eval $(call library,libpurgatory,$(HOST_ARCH),HOSTCC,ARCHIVE_FLAGS_host))

/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <purgatory/loader.h>

/* A switch, not a table of pointers: that would have to be relocated. */
const char *purg_strerror(int64_t error)
{
	switch (error) {
	case PURG_ERR_ARGUMENT:
		return "an argument is not one that the function takes";
	case PURG_ERR_ROOM:
		return "the output does not fit into the caller's memory";
	case PURG_ERR_ALIGN:
		return "an address is not aligned, or an alignment is no power of two";
	case PURG_ERR_WRAP:
		return "an address and a size lead past the end of the address space";
	case PURG_ERR_BLOB_CUT:
		return "it is shorter than its header says";
	case PURG_ERR_BLOB_MAGIC:
		return "there is no purgatory";
	case PURG_ERR_BLOB_VERSION:
		return "it is of an ABI that this library does not know";
	case PURG_ERR_BLOB_ARCH:
		return "it is for another architecture";
	case PURG_ERR_BLOB_SIZES:
		return "its header contradicts itself";
	case PURG_ERR_PARAMS_MAGIC:
		return "there is no parameter block of this version where the header says";
	case PURG_ERR_PARAMS_FULL:
		return "there are more segments, copies or consoles than the block can hold";
	case PURG_ERR_PARAMS_NAME:
		return "a segment's name is empty or longer than PURG_NAME_SIZE";
	case PURG_ERR_STRIPES:
		return "a striped digest has 2, 4, 8 or 16 lanes";
	case PURG_ERR_ELF_CUT:
		return "a header, section or segment lies outside the file";
	case PURG_ERR_ELF_IDENT:
		return "not a 64-bit little-endian ELF file of version 1";
	case PURG_ERR_ELF_MACHINE:
		return "for neither arm64 nor x86_64";
	case PURG_ERR_ELF_TYPE:
		return "neither relocatable nor static PIE nor executable";
	case PURG_ERR_ELF_HEADER:
		return "a header's entries have another size than ELF gives them";
	case PURG_ERR_ELF_SECTION:
		return "a section header contradicts itself or another one";
	case PURG_ERR_ELF_SEGMENT:
		return "a program header contradicts itself or overlaps another one";
	case PURG_ERR_ELF_SYMBOLS:
		return "a symbol table is damaged";
	case PURG_ERR_ELF_UNDEFINED:
		return "a symbol that is needed is not defined";
	case PURG_ERR_ELF_DYNAMIC:
		return "the dynamic section is damaged, or asks for a library or an interpreter";
	case PURG_ERR_ELF_RELOCATION:
		return "a relocation of a type that is not known here";
	case PURG_ERR_ELF_PLACE:
		return "a relocation changes bytes outside its section, or an instruction that is not aligned";
	case PURG_ERR_ELF_RANGE:
		return "a relocation's value does not fit where it belongs";
	case PURG_ERR_ELF_MISALIGNED:
		return "a relocation's value is not aligned as the instruction needs it";
	case PURG_ERR_ELF_SYMBOL:
		return "there is no such symbol";
	case PURG_ERR_ELF_SYMBOL_SIZE:
		return "the symbol has another size";
	case PURG_ERR_ELF_SYMBOL_PLACE:
		return "the symbol lies in nothing that is loaded";
	case PURG_ERR_ELF_ENTRY:
		return "the entry lies in nothing that is loaded for execution";
	case PURG_ERR_ELF_UNSUPPORTED:
		return "it has thread-local variables, indirect functions, or more than 65279 sections: not supported";
	case PURG_ERR_ELF_INSTRUCTION:
		return "a relocation is for another instruction than the one that is there";
	case PURG_ERR_MAP_SYNTAX:
		return "a line or a word is not of the map's format";
	case PURG_ERR_MAP_RANGE:
		return "a range ends before it starts, or wraps";
	case PURG_ERR_MAP_NESTING:
		return "a range is said to be inside another one, and is not";
	case PURG_ERR_MAP_HIDDEN:
		return "all addresses are zero: they are shown to root only";
	case PURG_ERR_MAP_EMPTY:
		return "there is no RAM in it, or none for the kernel that is asked for";
	case PURG_ERR_MAP_EFI:
		return "EFI descriptors of another version, or a size that does not fit";
	case PURG_ERR_MAP_FULL:
		return "there are more entries than the caller has room for";
	case PURG_ERR_NO_HOLE:
		return "no free range is large enough within the limits";
	case PURG_ERR_NOT_FREE:
		return "the place is not free";
	case PURG_ERR_KERNEL_UNKNOWN:
		return "not a kernel of this format: its magic is missing";
	case PURG_ERR_KERNEL_CUT:
		return "it is shorter than its header says";
	case PURG_ERR_BZIMAGE_HEADER:
		return "the setup header's end lies where it cannot";
	case PURG_ERR_BZIMAGE_PROTOCOL:
		return "boot protocol before 2.12 (Linux 3.8)";
	case PURG_ERR_BZIMAGE_64:
		return "no 64-bit entry";
	case PURG_ERR_BZIMAGE_LOW:
		return "a zImage, to be loaded low";
	case PURG_ERR_BZIMAGE_ALIGN:
		return "kernel_alignment is not a power of two";
	case PURG_ERR_BZIMAGE_SIZE:
		return "init_size is zero";
	case PURG_ERR_ARM64_ENDIAN:
		return "a big-endian kernel";
	case PURG_ERR_ARM64_SIZE:
		return "image_size is zero: a kernel before 3.17";
	case PURG_ERR_ARM64_OFFSET:
		return "text_offset is not a multiple of 4 below 2 MiB";
	case PURG_ERR_ZBOOT_PAYLOAD:
		return "the payload is empty, or lies outside the file";
	case PURG_ERR_ZBOOT_COMPRESSION:
		return "compressed with neither gzip nor zstd";
	case PURG_ERR_PE_HEADER:
		return "the PE headers are damaged";
	case PURG_ERR_PE_SECTION:
		return "a PE section lies outside the file";
	case PURG_ERR_UKI_TWICE:
		return "a section that a profile may have once is there twice";
	case PURG_ERR_UKI_LINUX:
		return "there is no section .linux, or it is empty";
	case PURG_ERR_PE_MACHINE:
		return "a PE file for neither arm64 nor x86_64";
	case PURG_ERR_BP_CMDLINE:
		return "the command line is longer than the kernel takes";
	case PURG_ERR_BP_HIGH:
		return "boot_params, command line or initrd lie higher than the kernel takes them";
	case PURG_ERR_BP_MAP:
		return "the memory map has no RAM, overlaps itself, is not sorted or not e820's, or is too long";
	case PURG_ERR_BP_EFI:
		return "there is no EFI system table, or its memory map is empty, larger than 252 KiB, or not of whole "
		       "descriptors of version 1";
	case PURG_ERR_DTB_DAMAGED:
		return "not a sound device tree";
	case PURG_ERR_DTB_CELLS:
		return "#address-cells or #size-cells of the device tree is neither 1 nor 2";
	case PURG_ERR_DTB_FIT:
		return "an address or a size does not fit into the cells that the device tree has for it";
	case PURG_ERR_DTB_SIZE:
		return "the device tree is larger than the 2 MiB that arm64 allows";
	case PURG_ERR_DTB_PROPERTY:
		return "a property of the device tree has a size that it cannot have";
	case PURG_ERR_CORE_COUNT:
		return "there is no note, no memory, or more of both than ELF can count";
	case PURG_ERR_CORE_RANGE:
		return "a range is empty, or wraps, physically or in the linear map";
	case PURG_ERR_OLD_VMCOREINFO:
		return "vmcoreinfo is cut, or what is needed of it is there twice or no number";
	case PURG_ERR_OLD_ROOT:
		return "where the kernel's top page table lies is not known, or that is no memory";
	case PURG_ERR_OLD_LEVELS:
		return "whether the kernel's page tables have 4 levels or 5 is not known";
	case PURG_ERR_OLD_MEMORY:
		return "there is no memory for page tables, or a range of it is empty or too high";
	case PURG_ERR_OLD_REGION:
		return "the crash kernel's region is empty, too high, or overlaps the running kernel's memory";
	case PURG_ERR_OLD_ADDRESS:
		return "the kernel's linear map cannot lie there, or vmcoreinfo says that it lies elsewhere";
	case PURG_ERR_OLD_SEARCH:
		return "where the kernel's linear map lies is not known, and there is too much memory to search for it";
	case PURG_ERR_OLD_ENCRYPTED:
		return "the kernel's memory is encrypted, so that its page tables cannot be looked at";
	case PURG_ERR_REPORT_NONE:
		return "there is no record of a boot";
	case PURG_ERR_REPORT_VERSION:
		return "the record is of an ABI that this library does not know";
	case PURG_ERR_REPORT_SIZE:
		return "the record is shorter than its version has it, or longer than the memory that it is in";
	case PURG_ERR_REPORT_DIGEST:
		return "the record does not have its digest: it was changed";
	default:
		return "unknown error";
	}
}

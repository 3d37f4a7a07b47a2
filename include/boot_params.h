/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The setup header and boot_params, for what of the library and of the front end writes them (Linux
 * Documentation/arch/x86/boot.rst, zero-page.rst). Offsets are those in boot_params; the setup header has the same ones
 * in a bzImage.
 */
#ifndef BOOT_PARAMS_H
#define BOOT_PARAMS_H

#include <string.h>

#include <purgatory/loader.h>

#define BP_SIZE 4096
#define BZIMAGE_ENTRY 0x200 /* the 64-bit entry, from where the kernel was loaded */

/* What is around the setup header. */
#define BP_SCREEN_INFO 0x000
#define BP_EXT_MEM_K 0x002 /* in screen_info */
#define BP_CL_MAGIC 0x020  /* in screen_info, with cl_offset behind it */
#define BP_IST_INFO 0x060
#define BP_ACPI_RSDP_ADDR 0x070
#define BP_EXT_RAMDISK_IMAGE 0x0c0
#define BP_EXT_RAMDISK_SIZE 0x0c4
#define BP_EXT_CMD_LINE_PTR 0x0c8
#define BP_EDID_INFO 0x140
#define BP_EFI_LOADER_SIGNATURE 0x1c0
#define BP_EFI_SYSTAB 0x1c4
#define BP_EFI_MEMDESC_SIZE 0x1c8
#define BP_EFI_MEMDESC_VERSION 0x1cc
#define BP_EFI_MEMMAP 0x1d0
#define BP_EFI_MEMMAP_SIZE 0x1d4
#define BP_EFI_SYSTAB_HI 0x1d8
#define BP_EFI_MEMMAP_HI 0x1dc
#define BP_EFI_SIGNATURE_64 0x34364c45 /* "EL64" */
#define BP_E820_ENTRIES 0x1e8
#define BP_EDDBUF_ENTRIES 0x1e9
#define BP_EDD_MBR_SIG_BUF_ENTRIES 0x1ea
#define BP_SECURE_BOOT 0x1ec
#define BP_EDD_MBR_SIG_BUFFER 0x290
#define BP_E820_TABLE 0x2d0
#define BP_EDDBUF 0xd00

/* The setup header, and where what follows it in boot_params begins. */
#define BP_HDR 0x1f1
#define BP_HDR_LIMIT 0x290
#define BP_SETUP_SECTS 0x1f1
#define BP_ROOT_FLAGS 0x1f2
#define BP_SYSSIZE 0x1f4
#define BP_VID_MODE 0x1fa
#define BP_BOOT_FLAG 0x1fe
#define BP_JUMP 0x200
#define BP_HEADER 0x202
#define BP_VERSION 0x206
#define BP_TYPE_OF_LOADER 0x210
#define BP_LOADFLAGS 0x211
#define BP_CODE32_START 0x214
#define BP_RAMDISK_IMAGE 0x218
#define BP_RAMDISK_SIZE 0x21c
#define BP_CMD_LINE_PTR 0x228
#define BP_INITRD_ADDR_MAX 0x22c
#define BP_KERNEL_ALIGNMENT 0x230
#define BP_RELOCATABLE_KERNEL 0x234
#define BP_XLOADFLAGS 0x236
#define BP_CMDLINE_SIZE 0x238
#define BP_HARDWARE_SUBARCH 0x23c
#define BP_SETUP_DATA 0x250
#define BP_PREF_ADDRESS 0x258
#define BP_INIT_SIZE 0x260
#define BP_HDR_END_2_12 0x268 /* where the header ends in protocol 2.12 */

#define BP_BOOT_FLAG_MAGIC 0xaa55
#define BP_HEADER_MAGIC 0x53726448 /* "HdrS" */
#define BP_VERSION_2_12 0x020c     /* xloadflags and the ext_ fields */
#define BP_LOADED_HIGH (1 << 0)    /* loadflags */
#define BP_CAN_USE_HEAP (1 << 7)
#define BP_XLF_KERNEL_64 (1 << 0) /* xloadflags */
#define BP_XLF_CAN_BE_LOADED_ABOVE_4G (1 << 1)
#define BP_XLF_EFI_KEXEC (1 << 4)
#define BP_XLF_5LEVEL (1 << 5)

#define BP_E820_TABLE_ENTRIES 128
#define BP_E820_ENTRY_SIZE 20

/* The fields are not aligned. */
static inline uint16_t bp_get16(const uint8_t *field)
{
	uint16_t value;

	memcpy(&value, field, sizeof(value));
	return value;
}

static inline uint32_t bp_get32(const uint8_t *field)
{
	uint32_t value;

	memcpy(&value, field, sizeof(value));
	return value;
}

static inline uint64_t bp_get64(const uint8_t *field)
{
	uint64_t value;

	memcpy(&value, field, sizeof(value));
	return value;
}

static inline void bp_set16(uint8_t *field, uint16_t value)
{
	memcpy(field, &value, sizeof(value));
}

static inline void bp_set32(uint8_t *field, uint32_t value)
{
	memcpy(field, &value, sizeof(value));
}

static inline void bp_set64(uint8_t *field, uint64_t value)
{
	memcpy(field, &value, sizeof(value));
}

/*
 * The setup header in size bytes that have it where a bzImage has, and boot_params too: all of *kernel but offset, size
 * and mem_size. Errors: as purg_bzimage_read; *kernel may have changed.
 */
int bzimage_read_header(struct purg_bzimage *kernel, const uint8_t *data, size_t size);

/* Write a kernel's setup header (NULL: one for an ELF vmlinux) into boot_params that are zero, as a loader has it. */
void boot_params_write_header(uint8_t *out, const struct purg_bzimage *kernel, uint64_t kernel_address);

/* purg_boot_params_write, but any map that is not empty will do. */
int64_t boot_params_write(void *out, size_t room, const struct purg_boot_params *in);

#endif

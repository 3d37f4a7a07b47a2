/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include "dtb.h"
#include "number.h"

int64_t purg_dtb_report(const void *dtb, size_t size)
{
	int error = dtb_check(dtb, size);
	const uint8_t *value;
	uint32_t length, offset, skip;

	if (error)
		return error;
	value = dtb_property(dtb, fdt_path_offset(dtb, "/chosen"), PURG_DTB_REPORT, &length);
	if (!value)
		return PURG_ERR_REPORT_NONE;
	offset = (uint32_t)(value - (const uint8_t *)dtb);
	skip = -offset % DTB_REPORT_ALIGN;
	return number_inside(skip, sizeof(struct purg_report), length) ? (int64_t)offset + skip : PURG_ERR_REPORT_SIZE;
}

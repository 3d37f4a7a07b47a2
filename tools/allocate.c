/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <stdlib.h>

#include "allocate.h"
#include "error.h"

void *allocate(size_t count, size_t size)
{
	void *data = calloc(count, size);

	if (!data)
		fail(NULL, NULL, "not enough memory");
	return data;
}

/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What memory gives to one core that does nothing with it but read it: the roof over every hash. */
#include <stddef.h>
#include <stdint.h>

#define LANES 32 /* sums that do not wait for each other */

uint64_t read_all(const uint64_t *data, size_t bytes);

uint64_t read_all(const uint64_t *data, size_t bytes)
{
	uint64_t sums[LANES] = {0}, sum = 0;
	size_t words = bytes / sizeof(*data);

	for (size_t i = 0; i + LANES <= words; i += LANES)
		for (size_t lane = 0; lane < LANES; lane++)
			sums[lane] += data[i + lane];
	for (size_t lane = 0; lane < LANES; lane++)
		sum += sums[lane];
	return sum;
}

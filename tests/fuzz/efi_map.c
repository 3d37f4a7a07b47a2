/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* EFI memory maps: a byte for the descriptors' size, one for their version, and the descriptors. */
#include "maps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct purg_mem entry[ROOM];
	struct purg_map map = {entry, 0, ROOM};
	int result;

	if (size < 2)
		return 0;
	result = purg_map_from_efi(&map, data + 2, size - 2, data[0], data[1]);
	MUST(result <= 0 && (result == 0 || map.count == 0));
	if (result == 0) {
		MUST(map.count <= (size - 2) / 40);
		check_map(&map);
	}
	return 0;
}

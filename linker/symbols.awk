# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# From `nm` of the linked image: the symbols that loaders look up in the relocatable form, for linker/wrap.S.

{ value[$3] = "0x" $1 }

END {
	printf "\t.set FLAT_MEM_SIZE, %s\n", value["image_mem_size"]
	printf "\tsymbol purgatory_start, function, 0, %s\n", value["image_ro_size"]
	printf "\tsymbol purg_params, object, %s, %s\n", value["image_params"], value["image_params_size"]
}

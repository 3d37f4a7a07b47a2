# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# From `nm -S` of the linked image, the symbols that a client looks up in its relocatable form, for linker/wrap.S: the
# entry, the block, and as NAME each symbol prefixNAME, with the client's prefix (include/clients.h). No other client's:
# who is given a form that is not his must not find his symbols.

{
	name = $NF
	value[name] = "0x" $1
	size[name] = NF == 4 ? "0x" $2 : "0"
	kind[name] = $(NF - 1) ~ /[tT]/ ? "function" : "object"
	order[++count] = name
}

END {
	printf "\t.set FLAT_MEM_SIZE, %s\n", value["image_mem_size"]
	printf "\t.set COMPAT_CLIENT, %s\n", value["compat_client"]
	printf "\tsymbol purgatory_start, function, 0, %s\n", value["image_ro_size"]
	printf "\tsymbol purg_params, object, %s, %s\n", value["image_params"], value["image_params_size"]
	for (i = 1; i <= count; i++)
		if (sub("^" prefix, "", order[i]))
			printf "\tsymbol %s, %s, %s, %s\n", order[i], kind[prefix order[i]], \
				value[prefix order[i]], size[prefix order[i]]
}

# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""A reader of BTF, in which a kernel says how its structs look (Documentation/bpf/btf.rst)."""

import struct

HEADER = struct.Struct("<HBBIIIII")
MAGIC = 0xEB9F
TYPE = struct.Struct("<III")
MEMBER = struct.Struct("<III")
INT, ARRAY, STRUCT, UNION, ENUM, FUNC_PROTO, VAR, DATASEC, DECL_TAG, ENUM64 = 1, 3, 4, 5, 6, 13, 14, 15, 17, 19
# What follows a type: so many bytes, and so many for each of its members.
FIXED = {INT: 4, ARRAY: 12, VAR: 4, DECL_TAG: 4}
EACH = {STRUCT: 12, UNION: 12, ENUM: 8, FUNC_PROTO: 8, DATASEC: 12, ENUM64: 12}


def members(btf, wanted):
    """{member: offset} of the struct of that name."""
    magic, _, _, head, types, types_size, strings, _ = HEADER.unpack_from(btf)
    assert magic == MAGIC

    def name(at):
        start = head + strings + at
        return btf[start : btf.index(b"\0", start)].decode()

    at, end = head + types, head + types + types_size
    while at < end:
        named, info, _ = TYPE.unpack_from(btf, at)
        kind, count = info >> 24 & 0x1F, info & 0xFFFF
        at += TYPE.size
        if kind == STRUCT and name(named) == wanted:
            found = [MEMBER.unpack_from(btf, at + i * MEMBER.size) for i in range(count)]
            return {name(member): (offset & 0xFFFFFF) // 8 for member, _, offset in found}
        at += FIXED.get(kind, 0) + EACH.get(kind, 0) * count
    raise LookupError(f"BTF has no struct {wanted}")

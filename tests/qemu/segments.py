# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""What the segments of a boot hold, and striped digests of it."""

from abi import sha256


def pattern(size):
    """Bytes of which no stretch is like another nearby."""
    return b"".join(sha256(i.to_bytes(4, "little")) for i in range(-(-size // 32)))[:size]


STRIPED_SIZES = [0, 1, 63, 64, 65, 1023, 1024, 1025, 0x12345]


def striped(data, lanes):
    """The striped digest, as docs/abi.md defines it."""
    lane = len(data) // (64 * lanes) * 64
    ends = [*range(lane, lane * lanes, lane)] if lane else [0] * (lanes - 1)
    starts = [0, *ends]
    return sha256(b"".join(sha256(data[start:end]) for start, end in zip(starts, [*ends, len(data)])))


def striped_boot(boot, lanes, start=0):
    """A boot with a striped segment of each size."""
    boot.with_payload()
    for i, size in enumerate(STRIPED_SIZES):
        data = pattern(size)
        path = boot.segment(f"s{size}", boot.arch.spare_at + i * 0x20000 + start, data, "DIGEST_STRIPED")
        boot.params[f"{path}.lanes"] = lanes
        boot.params[f"{path}.digest"] = striped(data, lanes)
    boot.seal()
    return boot

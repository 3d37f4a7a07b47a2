# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Fixtures of the QEMU tests."""

import pytest

from machine import ARCHES, Boot


@pytest.fixture(params=ARCHES.values(), ids=ARCHES.keys())
def arch(request):
    """Each architecture in turn."""
    return request.param


@pytest.fixture
def boot(arch, tmp_path):
    """A boot with nothing in it but the purgatory."""
    return Boot(arch, tmp_path)


@pytest.fixture
def good(boot):
    """A boot that succeeds as it is: the payload is the only segment, and entered."""
    return boot.with_payload()

# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""What the QEMU tests know of the ABI and of ELF is used here too."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "qemu"))

# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""docs/embedding.md's lines for kexec-tools, from its source as it is unpacked to what is installed."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from machine import BUILD

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = "/usr/local/lib/purgatory"
DESTDIR = "/tmp/kexec"


def documented_lines():
    """The commands of the section."""
    section = (ROOT / "docs/embedding.md").read_text().split("## kexec-tools\n")[1].split("\n## ")[0]
    return re.findall(r"^    (.*)$", section, re.M)


def test_documented_build(tmp_path):
    """They install a kexec that has our purgatory in it; and their last line tells it from stock."""
    (source,) = (BUILD / "kexec-tools/apt").glob("kexec-tools_*.dsc")
    subprocess.run(["dpkg-source", "--no-check", "-x", source, tmp_path / "source"], check=True, capture_output=True)
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    *build, look = [
        line.replace(INSTALLED, str(BUILD)).replace(DESTDIR, str(tmp_path / "installed")) for line in documented_lines()
    ]
    assert len(build) == 3
    for line in build:
        subprocess.run(line, shell=True, cwd=tmp_path / "source", env=environment, check=True, capture_output=True)
    found = subprocess.run(look, shell=True, check=True, capture_output=True, text=True).stdout
    assert int(found) > 0

    shutil.copy(BUILD / "kexec/x86_64/stock/kexec", tmp_path / "installed/usr/local/sbin/kexec")
    assert subprocess.run(look, shell=True, check=False, capture_output=True, text=True).stdout == "0\n"

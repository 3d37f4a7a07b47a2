# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""PURGATORY names the command (default build/purgatory), PURGATORY_SANITIZED the same built with
-fsanitize=address,undefined, which gets the hostile input (default: PURGATORY). PURG_TEST_LARGE=1 adds what takes
minutes, and files of 5 GiB that are mostly holes."""
import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

import kernels  # noqa: E402

COMMAND = os.path.abspath(os.environ.get("PURGATORY", "build/purgatory"))
SANITIZED = os.path.abspath(os.environ.get("PURGATORY_SANITIZED", COMMAND))


class Command:
    """Runs the command in a directory of its own."""

    def __init__(self, directory, module):
        self.directory = directory
        self.path = SANITIZED if getattr(module, "HOSTILE", False) else COMMAND

    def __call__(self, *args, **options):
        done = subprocess.run([self.path, *map(str, args)], cwd=self.directory, capture_output=True, text=True,
                              errors="replace", timeout=600, **options)
        assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
        assert done.returncode in (0, 1, 2), (done.returncode, done.stderr)
        return done

    def ok(self, *args, **options):
        done = self(*args, **options)
        assert done.returncode == 0, done.stderr
        return done

    def file(self, name, content):
        path = self.directory / name
        path.write_bytes(content)
        return path

    def pack(self, *args, kernel=None, out="out"):
        self.file("kernel", kernel)
        return self.ok("pack", "--kernel", "kernel", "--console", "none", *args, "-o", out)

    def left(self):
        return sorted(path.name for path in self.directory.iterdir())


@pytest.fixture
def purgatory(tmp_path, request):
    return Command(tmp_path, request.module)


@pytest.fixture(scope="module")
def shared(tmp_path_factory, request):
    """One directory for a module."""
    return Command(tmp_path_factory.mktemp("shared"), request.module)


@pytest.fixture(params=["arm64", "arm64.gz", "x86_64"])
def kernel(request):
    return {"arm64": kernels.arm64, "arm64.gz": kernels.arm64_gz, "x86_64": kernels.x86_64}[request.param]()

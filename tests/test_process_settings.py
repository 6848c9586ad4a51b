"""What a process sets before PyTorch starts: waiting threads give their core away, freed memory is used again."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

SET = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")
SET += ("THP_MEM_ALLOC_ENABLE",)


def _said(program: str, own: dict[str, str]) -> str:
    kept = {name: value for name, value in os.environ.items() if name not in SET}
    done = subprocess.run([sys.executable, "-c", program], env=kept | own, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("own", "found"),
    [({}, "10000 None"), ({"GOMP_SPINCOUNT": "7"}, "7 None"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "None ACTIVE")],
)
def test_the_wait_is_bounded_unless_the_user_says_how(own: dict[str, str], found: str) -> None:
    ask = "import pixelwise, os; print(os.environ.get('GOMP_SPINCOUNT'), os.environ.get('OMP_WAIT_POLICY'))"
    assert _said(ask, own) == found


FAULTS = """
import pixelwise, resource, torch
def tensor(): torch.empty(2**24).fill_(1)  # 64 MiB: 16,384 pages
for _ in range(2): tensor()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(4): tensor()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's malloc has these thresholds")
def test_freed_memory_is_used_again_unless_the_user_says_how() -> None:
    own = {"MALLOC_MMAP_THRESHOLD_": str(2**20), "THP_MEM_ALLOC_ENABLE": "0"}
    assert int(_said(FAULTS, {})) < 100
    assert int(_said(FAULTS, own)) > 4 * 2**14 - 100

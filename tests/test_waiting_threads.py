"""Threads that wait give their core away soon, so that jobs may share cores; the user's own choice stands."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

ASK = "import pixelwise, os; print(os.environ.get('GOMP_SPINCOUNT'), os.environ.get('OMP_WAIT_POLICY'))"


@pytest.mark.parametrize(
    ("own", "found"),
    [({}, "10000 None"), ({"GOMP_SPINCOUNT": "7"}, "7 None"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "None ACTIVE")],
)
def test_the_wait_is_bounded_unless_the_user_says_how(own: dict[str, str], found: str) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    done = subprocess.run([sys.executable, "-c", ASK], env=kept | own, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == found

"""The GPU's path without a GPU: the `check_*.py` files beside this one, each in a process with emulated cards."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux") or not shutil.which("cc"), reason="needs Linux and cc"),
    pytest.mark.skipif(torch.version.cuda is None or torch.cuda.is_available(), reason="needs torch for CUDA, no card"),
]


@pytest.mark.parametrize("file", sorted(path.name for path in HERE.glob("check_*.py")))
def test_on_an_emulated_card(file: str) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
    command = [sys.executable, "-m", "tests.gpu_emulated", "test", "-q", "--tb=short", "-p", "no:cacheprovider"]
    command.append(str(HERE / file))
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]

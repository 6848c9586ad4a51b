from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.cards.machine import CARD, OLD, smi

ROOT = Path(__file__).parents[1]
needs_none = pytest.mark.skipif(torch.cuda.is_available(), reason="a machine without a card")
PARAMS = """
profile: small
networks:
  dncnn: {architecture: dncnn}
profiles:
  small:
    title: One denoiser
    datasets: {photos: {kind: photos, train: 2, val: 1}}
    train: {dncnn: {task: denoising, dataset: photos, network: dncnn, batch: 2, steps: 3}}
  large:
    title: Many patches at a time
    datasets: {photos: {kind: photos, train: 2, val: 1}}
    train: {dncnn: {task: denoising, dataset: photos, network: dncnn, batch: 4096, steps: 100000}}
  broken: {title: Nothing}
"""


def doctor(folder, path, **environment):
    """The lines of `pixelwise doctor`, by subject."""
    (folder / "params.yaml").write_text(PARAMS)
    kept = {name: value for name, value in os.environ.items() if name not in ("CUDA_VISIBLE_DEVICES", "CC")}
    kept |= {"PATH": path, "PYTHONPATH": str(ROOT / "src")} | environment
    command = [sys.executable, "-m", "pixelwise", "doctor"]
    done = subprocess.run(command, capture_output=True, text=True, env=kept, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr
    return {line[2:20].strip(): (line[0] == "!", line[21:]) for line in done.stdout.splitlines()}


@needs_none
def test_a_machine_without_a_card_or_a_compiler(tmp_path):
    found = doctor(tmp_path, str(tmp_path))
    assert found["Python"][1].startswith(sys.version.split()[0])
    assert found["compiler"][0] and "no C compiler on the PATH" in found["compiler"][1]
    assert torch.__version__ in found["PyTorch"][1]
    assert found["GPU"] == (False, "none; 'device: auto' computes on the CPU")
    assert found["profile broken"][0] and "params.yaml: " in found["profile broken"][1]
    assert "takes the CPU" in found["device"][1] and not found["device"][0]
    (tmp_path / "cc").symlink_to(sys.executable)
    assert "no C compiler" in doctor(tmp_path, str(tmp_path))["compiler"][1], "Triton takes no other than gcc and clang"
    assert found["profile large"][0] and "needs a GPU with" in found["profile large"][1]


@needs_none
def test_an_old_card_with_an_old_driver_gets_the_line_that_mends_it(tmp_path):
    found = doctor(tmp_path, smi(tmp_path / "bin", [OLD]))
    assert found["driver"] == (False, "560.70")
    assert found["GPU 0"][0] and "sm_61" in found["GPU 0"][1] and "560.70 is too old" in found["GPU 0"][1]
    assert "--torch-backend=cu126" in found["way out"][1] and "torch==" in found["way out"][1]
    assert found["device"][0] and "560.70 is too old" in found["device"][1]
    assert not found["compiler"][0]


@needs_none
def test_memory_that_is_not_told_and_one_that_is_too_small(tmp_path):
    found = doctor(tmp_path, smi(tmp_path / "bin", [CARD | {"memory.total": "[N/A]", "memory.free": "[N/A]"}]))
    assert "an unknown amount of memory" in found["GPU 0"][1] and not found["profile large"][0]
    found = doctor(tmp_path, smi(tmp_path / "bin", [CARD | {"memory.total": "12288", "memory.free": "12000"}]))
    assert found["profile large"][0] and "needs a GPU with" in found["profile large"][1]
    assert not found["profile small"][0]
    hidden = doctor(tmp_path, smi(tmp_path / "bin", [CARD]), CUDA_VISIBLE_DEVICES="")
    assert hidden["GPU"][1].startswith("none (CUDA_VISIBLE_DEVICES=)")

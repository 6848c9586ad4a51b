from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from pixelwise.artifacts import write_json
from pixelwise.cards import roomy, selecting
from pixelwise.cards.found import Card
from pixelwise.claims.predicted_records import Datasets
from pixelwise.errors import PixelwiseError
from pixelwise.planning.graph import plan
from tests.cards.machine import CARD, OLD, smi

ROOT = Path(__file__).parents[2]
needs_none = pytest.mark.skipif(torch.cuda.is_available(), reason="a machine without a card")
CODE = "from pixelwise.evaluation.hardware import select_device; print(select_device({name!r}, 1))"


def choose(name, path, **environment):
    """What a process prints that asks for a device."""
    environment = {k: v for k, v in os.environ.items() if k != "CUDA_VISIBLE_DEVICES"} | environment
    environment |= {"PATH": path, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-c", CODE.format(name=name)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


@needs_none
def test_a_card_that_cannot_be_used_is_never_passed_over_in_silence(tmp_path):
    path = smi(tmp_path / "bin", [OLD])
    line = choose("auto", path)
    assert "device: auto; NVIDIA GeForce GTX 1080 Ti is there, but driver 560.70 is too old" in line
    assert "--torch-backend=cu126" in line and "compute: {device: cpu}" in line
    assert "560.70 is too old" in choose("cuda", path)
    assert choose("cpu", path) == "cpu"
    assert choose("auto", path, CUDA_VISIBLE_DEVICES="") == "cpu"


@needs_none
def test_a_good_card_that_does_not_answer_is_told(tmp_path):
    line = choose("auto", smi(tmp_path / "bin", [CARD]))
    assert "NVIDIA H200 is there, but PyTorch cannot use it: " in line and "compute: {device: cpu}" in line


@needs_none
def test_without_a_card_auto_is_the_processor(tmp_path):
    assert choose("auto", str(tmp_path)) == "cpu"
    assert "device: cuda; this machine has no usable CUDA device" in choose("cuda", str(tmp_path))


def test_cards_on_which_others_work_come_last(monkeypatch):
    monkeypatch.setattr(
        selecting.found, "once", lambda: (Card(0, "a", "A", memory=10, free=3), Card(1, "b", "B", memory=10, free=9.9))
    )
    cards = [Card(0, "a", "A"), Card(1, "b", "B"), Card(2, "c", "C")]
    assert [card.name for card in selecting._ordered(cards)] == ["b", "c", "a"]


def test_a_job_of_several_processes_reserves_a_card_for_each(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(selecting, "usable", lambda: [Card(0, "a", "A"), Card(1, "b", "B"), Card(2, "c", "C")])
    monkeypatch.setattr(selecting.found, "once", lambda: ())
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    try:
        assert selecting.reserve("auto", 2) == "0,1"
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,GPU-x,7")
        assert selecting.reserve("cuda", 3) == "4,GPU-x,7"
        with pytest.raises(PixelwiseError, match="processes: 4; each needs a graphics card, and this machine has 3"):
            selecting.reserve("auto", 4)
    finally:
        for name in "ABC":
            selecting.leases.release(name)
    assert selecting.reserve("cpu", 4) is None


def test_cards_too_small_for_the_job_are_not_leased(monkeypatch, tmp_path, capsys):
    run = plan(ROOT / "params.yaml", "facades")
    job = next(job for job in run.jobs if job.id == "train/facades/pix2pixhd/seed0")
    height, width = Datasets(list(run.jobs)).size(job)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    write_json(Path(job.file), {"job": job.description()})
    write_json(Path(job.inputs["data"]) / "dataset.json", {"height": height, "width": width})
    small, middle, large = (Card(i, f"{size}", f"{size}", memory=size * 1e9) for i, size in enumerate((24, 48, 85)))
    cards = [small, middle, large]
    assert roomy.roomy(cards, 1) == cards  # no job runs
    monkeypatch.setattr(roomy, "job", Path(job.file))
    assert roomy.roomy(cards, 1) == [large]
    assert roomy.roomy([small, small], 1) == [small, small]  # of one size
    assert capsys.readouterr().err == ""
    assert roomy.roomy([small, middle], 1) == [middle, small]
    assert "needs 1 cards of 71 GB, 0 are here; tries the largest" in capsys.readouterr().err
    Path(job.file).write_text("{}")
    assert roomy.roomy(cards, 1) == cards and "takes any card" in capsys.readouterr().err


def test_cuda_counts_as_nvidia_smi_does():
    code = "import os, pixelwise.cards.selecting; print(os.environ['CUDA_DEVICE_ORDER'])"
    known = {k: v for k, v in os.environ.items() if k != "CUDA_DEVICE_ORDER"} | {"PYTHONPATH": str(ROOT / "src")}
    for given, wanted in (({}, "PCI_BUS_ID"), ({"CUDA_DEVICE_ORDER": "FASTEST_FIRST"}, "FASTEST_FIRST")):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=known | given, check=True
        )
        assert done.stdout.strip() == wanted

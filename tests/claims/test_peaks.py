from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pixelwise.claims import costs, peaks
from pixelwise.claims.predicted_records import Datasets
from pixelwise.planning.configuration import read
from pixelwise.planning.graph import plan

ROOT = Path(__file__).parents[2]


def jobs(profile):
    run = plan(ROOT / "params.yaml", profile)
    return [job for job in run.jobs if job.kind in peaks.KINDS], Datasets(list(run.jobs))


@pytest.mark.slow
def test_the_table_agrees_with_the_emulated_device():
    profile = "tiny"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    command = [sys.executable, "-W", "ignore", "-m", "tests.claims.emulated_peaks", profile]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    counted = {entry["job"]: entry["peak"] for entry in map(json.loads, done.stdout.splitlines())}
    chosen, datasets = jobs(profile)
    assert len(counted) >= 5
    for job in chosen:
        if (peak := counted.get(f"{profile}: {job.id}")) is not None:
            assert peaks.memory_gb(job, datasets) == pytest.approx(peak, rel=0.25, abs=0.01), job.id


# Counted once at full size by the same program; street's tile 4 keeps a grid of parameters for every 16 pixels.
FULL = {
    "street: train/camvid/asapnet/seed0": 5.39,
    "street: train/camvid/spade/seed0": 13.65,
    "street: train/train400/asapnet_residual_s4/seed0": 3.47,
    "street: train/train400/dncnn/seed0": 0.88,
    "paper: train/cityscapes/pix2pixhd/seed0": 35.01,
    "paper: train/cityscapes/spade/seed2": 20.72,
    "camvid-cpu: train/camvid/asapnet/seed0": 0.142,
    "camvid-cpu: train/camvid/pix2pixhd/seed0": 0.259,
    "camvid-cpu: train/camvid/spade/seed0": 0.282,
    "facades: train/facades/asapnet/seed0": 39.78,
    "facades: train/facades/pix2pixhd/seed0": 63.97,
}


def test_full_sizes_are_those_that_were_counted():
    for place, peak in FULL.items():
        chosen, datasets = jobs(place.partition(": ")[0])
        (job,) = [job for job in chosen if job.id == place.partition(": ")[2]]
        assert peaks.memory_gb(job, datasets) == pytest.approx(peak, rel=0.25)
        assert peaks.needed_gb(peak) > peak


def test_every_training_of_every_profile_has_an_entry():
    for profile in read(ROOT / "params.yaml", {})["profiles"]:
        chosen, datasets = jobs(profile)
        assert all(peaks.counted_gb(job, datasets) for job in chosen), profile


def test_memory_follows_batch_parts_and_precision():
    chosen, datasets = jobs("paper")
    job = next(job for job in chosen if job.id == "train/cityscapes/asapnet/seed0")

    def found(**changes):
        return peaks.memory_gb(
            type(job)(job.id, job.kind, job.settings.model_copy(update=changes), job.out, job.file, job.inputs),
            datasets,
        )

    assert found(accumulate=4) < found(accumulate=2) < found() < found(batch=64)
    assert found(precision="bf16") < 0.75 * found()
    assert found(architecture="nobody's") is None


def test_what_was_not_counted_is_taken_by_what_its_network_declares(monkeypatch):
    chosen, datasets = jobs("paper")
    job = next(job for job in chosen if job.id == "train/cityscapes/asapnet/seed0")
    monkeypatch.setattr(peaks, "table", tuple)
    assert peaks.counted_gb(job, datasets) is None
    assert peaks.memory_gb(job, datasets) == costs.memory_gb(job, datasets, costs.table()) > 1

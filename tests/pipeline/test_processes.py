"""A training in two processes, through the graph: one line of the profile is all it takes."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from safetensors.numpy import load_file

from pixelwise.planning import processes
from pixelwise.terminal import progress
from tests.pipeline.micro import Clone

ONE_STEP = {"optimiser": "sgd", "betas": [0.0, 0.9], "learning_rate": 1.0, "batch": 4, "steps": 1, "log_every": 1}
"""With these the weights after the step are those before it less the gradients."""


@pytest.fixture
def shared(clone: Clone) -> Iterator[Clone]:
    """The clone with three more trainings: one step in one process and in two, and many steps in two."""
    file = clone.folder / "params.yaml"
    params = yaml.safe_load(file.read_text())
    train = params["profiles"]["micro"]["train"]
    for name, more in (("one", {}), ("two", {"processes": 2}), ("long", {"processes": 2, "steps": 100_000})):
        train[name] = json.loads(json.dumps(train["dncnn"] | ONE_STEP | more))
    train["long"]["learning_rate"] = 1e-6
    file.write_text(yaml.safe_dump(params, sort_keys=False))
    return clone


def manifest(name: str) -> str:
    return f"results/micro/train/photos/{name}/seed0/manifest.json"


def test_two_processes_give_the_gradients_of_one(shared: Clone) -> None:
    shared.snakemake(manifest("one"), manifest("two"))
    one, two = ((shared.folder / manifest(name)).parent for name in ("one", "two"))
    assert [json.loads((made / "training.json").read_text())["processes"] for made in (one, two)] == [1, 2]
    assert (one / "loss.csv").read_text().split(",")[:3] == (two / "loss.csv").read_text().split(",")[:3]
    values = [[float(n) for n in (m / "loss.csv").read_text().splitlines()[1].split(",")] for m in (one, two)]
    assert values[1] == pytest.approx(values[0], rel=1e-6)  # the PSNR too
    shown = [shared.folder / f"logs/micro/train/photos/{name}/seed0/step-00000001.png" for name in ("one", "two")]
    assert all(picture.is_file() for picture in shown)
    wanted, found = (load_file(made / "model.safetensors") for made in (one, two))
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-5, atol=1e-5, err_msg=name)


def test_two_processes_are_stopped_together_and_say_so_in_one_line(shared: Clone, tmp_path: Path) -> None:
    assert shared.server is not None
    shared.snakemake("-n", manifest("long"))
    job = "results/micro/jobs/train/photos/long/seed0.json"
    source, errors = str(shared.folder / "src"), tmp_path / "errors"
    running = shared.server.start("pixelwise", "train", job, cwd=shared.folder, errors=errors, PYTHONPATH=source)
    work = shared.folder / "work/results/micro/train/photos/long/seed0"
    deadline = time.monotonic() + 300
    while not ((told := progress.read(work / progress.FILE)) and told.done) and not running.ended():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert told is not None and (told.of, told.unit) == (100_000, "steps")
    os.kill(running.pid, signal.SIGTERM)
    status, _ = running.wait()
    said = errors.read_text()
    assert status == 2 and said.count("\n") == 1, said
    assert "stopped by SIGTERM after step" in said and "the same command continues" in said
    assert len(list(work.glob("*/checkpoint.pt"))) == 1 and not (work / progress.FILE).exists()
    assert not (shared.folder / manifest("long")).exists()


@pytest.mark.parametrize(
    ("ended", "told", "line"),
    [
        ({2: 2, 1: -signal.SIGTERM}, "stopped; continues", "stopped; continues"),  # ended while it was ending
        ({1: -signal.SIGKILL, 2: 2}, "lost process 1", "job.json: process 1 of 2 was ended by SIGKILL"),
        ({1: -signal.SIGTERM, 2: -signal.SIGKILL}, "lost", "job.json: process 2 of 2 was ended by SIGKILL"),
        ({1: -signal.SIGTERM, 2: -signal.SIGTERM}, "", "job.json: process 1 of 2 was ended by SIGTERM"),
        ({2: 2}, "", "job.json: its processes ended with status 2"),
    ],
)
def test_the_cause_is_told_and_not_what_follows_from_it(ended: dict[int, int], told: str, line: str) -> None:
    assert processes._why(Path("job.json"), ended, 2, told) == line

"""Job files whose inputs are not those that their step reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pixelwise.errors import PixelwiseError
from pixelwise.planning import graph, paths
from tests.pipeline.micro import PARAMS, ROOT

PLAN = graph.plan_of(PARAMS)
TRAIN = next(job for job in PLAN.jobs if job.id == "train/photos/dncnn/seed0")


@pytest.mark.parametrize(
    "inputs",
    [
        {"data": "data/micro/photos/raw"},
        {"data": "results/micro/claims"},
        {"model": "data/micro/photos/prepared"},
        {"../x": "data/micro/photos/prepared"},
        {"a\x1b[2J": "data/micro/photos/prepared"},
        {"fetch/photos": "data/micro/photos/prepared"},
        {"real": "data/micro/photos/prepared"},
    ],
)
def test_an_input_of_another_kind_is_refused(inputs: dict[str, str]) -> None:
    with pytest.raises(PixelwiseError, match=r"^job: inputs: .* which the job .* makes$"):
        paths.checked("job", TRAIN.step, TRAIN.id, TRAIN.out, inputs)


@pytest.mark.slow
def test_an_input_that_is_left_out_is_named(tmp_path: Path) -> None:
    """A training without its data set, and a data set without its files."""
    for job in (TRAIN, next(job for job in PLAN.jobs if job.id == "prepare/photos")):
        document: dict[str, Any] = {"job": {**job.description(), "inputs": {}}}
        (tmp_path / "job.json").write_text(json.dumps(document))
        command = [sys.executable, "-m", "pixelwise", job.step, "job.json"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 2
        assert done.stderr.startswith("pixelwise: error: job.json: job.inputs: no ")
        assert done.stderr.count("\n") == 1
        assert not (tmp_path / job.out).exists()


@pytest.mark.parametrize("name", ["shuffled", "real", "x-smoke"])
def test_a_timed_network_has_no_reserved_name(name: str) -> None:
    config = yaml.safe_load(yaml.safe_dump(PARAMS))
    micro = config["profiles"]["micro"]
    micro["networks"][name] = micro["networks"]["dncnn"]
    micro["time"]["denoising"]["networks"] = [name]
    with pytest.raises(PixelwiseError, match="a reserved name"):
        graph.plan_of(config)

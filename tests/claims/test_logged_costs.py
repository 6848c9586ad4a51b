"""What the run log says of a job's cost: only lines of the same settings, all attempts, and never a broken line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pixelwise.claims import costs, plan
from pixelwise.claims.limits import LONGEST, Limits
from pixelwise.claims.predicted_records import Datasets
from pixelwise.planning.graph import plan_of
from pixelwise.planning.jobs import Job
from tests.claims.log_lines import line
from tests.pipeline.micro import PARAMS

TRAIN, FID = "train/streets/asapnet/seed0", "fid/streets/asapnet/seed0"
BAD = ['{"job": "train/streets', "{}", "nothing", '{"out": "a", "status": "done", "seconds": -1}']


def jobs_of(**changes: Any) -> dict[str, Job]:
    """The jobs of the micro profile; `train` changes its translation, `streets` the data set of that."""
    params = json.loads(json.dumps(PARAMS))
    for kind, name in (("train", "asapnet"), ("datasets", "streets")):
        params["profiles"]["micro"][kind][name] |= changes.get(kind, {})
    return {job.id: job for job in plan_of(params).jobs}


def logged(jobs: dict[str, Job], tmp_path: Path, lines: Sequence[str]) -> dict[str, float]:
    """Job -> seconds that its line of the log gives."""
    log = tmp_path / "run.jsonl"
    log.write_text("\n".join(lines) + "\n")
    found = costs.from_log(list(jobs.values()), Datasets(list(jobs.values())), log, "cpu")
    return {entry.basis.split(", ")[-1].rstrip(")"): entry.seconds for entry in found}


def test_lines_of_the_same_settings_count_alone(tmp_path: Path) -> None:
    jobs = jobs_of()
    lines = [line(jobs[name], jobs) for name in (TRAIN, FID)]
    assert logged(jobs, tmp_path, lines) == {TRAIN: 3600.0, FID: 3600.0}
    assert logged(jobs_of(train={"presentations": 4000}), tmp_path, lines) == {FID: 3600.0}
    assert logged(jobs_of(datasets={"height": 64, "width": 128}), tmp_path, lines) == {}
    earlier = json.loads(lines[0])
    del earlier["settings"]
    assert logged(jobs, tmp_path, [json.dumps(earlier)]) == {}


def test_what_goes_on_takes_the_seconds_of_all_attempts(tmp_path: Path) -> None:
    jobs, other = jobs_of(), jobs_of(train={"presentations": 4000})
    lines = [
        line(jobs[TRAIN], jobs, 100.0, "failed"),
        line(other[TRAIN], other, 5000.0, "failed"),  # of other settings
        line(jobs[FID], jobs, 40.0, "failed"),  # starts anew
        line(jobs[FID], jobs, 4.0),
        line(jobs[TRAIN], jobs, 200.0, "failed"),
        line(jobs[TRAIN], jobs, 30.0),
        line(jobs[TRAIN], jobs, 9.0, "failed"),  # after it
    ]
    assert logged(jobs, tmp_path, lines) == {TRAIN: 330.0, FID: 4.0}


@pytest.mark.parametrize("cut", [True, False])
def test_a_broken_line_stops_nothing(tmp_path: Path, cut: bool) -> None:
    jobs, log = jobs_of(), tmp_path / "run.jsonl"
    lines = [BAD[1], line(jobs[TRAIN], jobs, 7200.0), *BAD]
    log.write_text("\n".join(lines) + ("" if cut else "\n"))
    limits = Limits(list(jobs.values()), log)
    assert limits.seconds(jobs[TRAIN]) == 7200.0
    left_out: list[str] = []
    groups = plan.groups_of(list(jobs.values()), log, "cpu", left_out=left_out)
    assert {group["jobs"]: group for group in groups}["train/streets/asapnet"]["hours"] == 2.0
    assert len(left_out) == 5 and left_out[0].startswith(f"{log}: line 1 is not a line of the run log")


def test_a_log_that_is_no_text_stops_nothing_and_memory_does_not_read_it(tmp_path: Path) -> None:
    jobs, log = jobs_of(), tmp_path / "run.jsonl"
    log.write_bytes(b"\xff\xfe\x00")
    limits = Limits(list(jobs.values()), log)
    assert limits.memory(jobs[TRAIN]) > 0 and "recorded" not in vars(limits)
    assert 0 < limits.runtime(jobs[TRAIN]) <= LONGEST

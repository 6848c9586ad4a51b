"""Processor seconds of trainings, from the run log."""

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from pixelwise.planning import execute
from pixelwise.reporting import training_costs


def line(out: str, status: str, cpu: float | None) -> str:
    known = {} if cpu is None else {"cpu_seconds": cpu}
    return json.dumps({"job": "j", "kind": "train", "out": out, "status": status, "seconds": 9.0, **known})


def gathered(tmp_path: Path, lines: list[str]) -> pd.DataFrame:
    (tmp_path / "run.jsonl").write_text("\n".join(lines) + "\n")
    folders = {f"train/streets/{name}/seed0": Path(f"r/{name}") for name in ("a", "b")}
    return training_costs.gather({**folders, "fid/streets/a/seed0": Path("r/fid")}, tmp_path / "run.jsonl")


def test_attempts_that_the_last_one_went_on_from_are_added(tmp_path):
    lines = [line("r/a", "done", 500), line("r/a", "failed", 30), line("r/b", "done", 7), line("r/a", "done", 12)]
    table = gathered(tmp_path, [*lines, line("r/a", "failed", 1000)])
    assert dict(zip(table["model"], table["cpu_seconds"], strict=True)) == {"a": 42, "b": 7}
    table.to_csv(tmp_path / training_costs.FILE, index=False)
    pd.testing.assert_frame_equal(training_costs.read(tmp_path), table, check_dtype=False)


def test_a_line_of_an_earlier_version_leaves_the_training_out(tmp_path):
    table = gathered(tmp_path, [line("r/a", "failed", None), line("r/a", "done", 12), line("r/b", "done", 7)])
    assert table["model"].tolist() == ["b"]
    assert training_costs.gather({"train/streets/a/seed0": Path("r/a")}, tmp_path / "none").empty
    assert training_costs.read(tmp_path / "elsewhere").empty


def test_seconds_of_threads_and_children_count():
    before, child = execute._cpu_seconds(), os.times().children_user
    os.system("i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done")
    used = os.times().children_user - child
    assert used > 0 and execute._cpu_seconds() - before == pytest.approx(used, abs=0.2)
    assert execute._cpu_seconds() - before > used - 0.01

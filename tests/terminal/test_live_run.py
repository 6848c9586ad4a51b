"""A run on a terminal of 80 columns and in a file, with jobs that tell how far they are, fail and print."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from rich.console import Console

from pixelwise.planning import graph
from pixelwise.planning.jobs import Job
from pixelwise.planning.watched import Run, takes
from pixelwise.terminal import live_run, progress
from tests.pipeline.micro import PARAMS
from tests.pseudo_terminal import recorded

LOSSES = dict.fromkeys(("adversarial", "feature_matching", "perceptual", "pixel", "discriminator_fake"), 0.123456)
JOBS = graph.plan_of(json.loads(json.dumps(PARAMS))).jobs
TRAIN = "train/streets/asapnet/seed0"


def run(jobs: list[Job], goes_on: bool = True) -> Run:
    return Run("micro", jobs, lambda: {job.id: 60.0 for job in jobs}, (2, 0), goes_on)


def told(job: str, **facts: object) -> None:
    folder = Path(next(other for other in JOBS if other.id == job).places.work)
    folder.mkdir(parents=True, exist_ok=True)
    given = progress.Progress(3, 9, "steps", LOSSES, 123.0, "images", 90.0, time.time())
    (folder / progress.FILE).write_text(json.dumps(asdict(given) | facts))


def shown(run: Run, width: int = 80, height: int = 24) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=False)
    console.print(live_run.screen(run, time.time(), width, height))
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [60, 80, 200])
def test_each_job_at_work_has_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.chdir(tmp_path)
    made = run(JOBS)
    for job in (TRAIN, "time/denoising"):
        made.start(job)
    told(TRAIN)
    head, train, timing = shown(made, width)
    assert head.startswith(f"run micro  0/{len(JOBS)} jobs  0:00:00 gone  ") and " left" in head and len(head) <= width
    assert "asapnet/seed0  step 3/9  0:01:30 left" in train and len(train) <= width
    assert ("adversarial 0.1235" in train) == (width >= 80)
    assert ("discriminator fake 0.1235" in train) == (width == 200)
    assert timing == "time/denoising  0:00:00 gone  0:01:04 left"


def test_what_a_job_told_before_it_started_anew_is_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told(TRAIN, time=time.time() - 100)
    made = run(JOBS)
    made.start(TRAIN)
    assert "step" not in shown(made)[1]


def test_a_terminal_of_few_lines_counts_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = run(JOBS)
    for job in JOBS[:9]:
        made.start(job.id)
    lines = shown(made, height=8)
    assert len(lines) == 7 and lines[-1] == "and 4 more"


def test_what_needs_a_failed_job_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    left = []
    for goes_on in (True, False):
        made = run(JOBS, goes_on)
        for job in [job for job in JOBS if job.step in ("fetch", "prepare", "weights")]:
            made.start(job.id)
            made.end(job.id)
        before = made.left(time.time())[0]
        made.start(TRAIN)
        made.end(TRAIN, failed=True)
        left.append(made.left(time.time())[0])
        assert 0 <= left[-1] < before and "1 failed" in shown(made)[0]
    assert left[0] > left[1] == 0  # without --keep-going nothing starts any more


PROGRAM = """
import os, subprocess, sys, time
from pathlib import Path
from pixelwise.planning import graph, watched
from pixelwise.terminal import progress
from pixelwise.terminal.run_lines import RunLog
import json
jobs = graph.plan_of(json.loads(sys.argv[1])).jobs
watched.current = watched.Run("micro", jobs, lambda: {}, (2, 0), True)
log = RunLog()
Path("logs").mkdir()
Path("logs/a.log").write_text("asapnet: step 1\\npixelwise: error: training: loss is not finite at step 3\\n")
log.start(1, ["train", "streets", "asapnet", "seed0"], ["logs/a.log"])
log.start(2, ["prepare", "photos"], ["logs/b.log"])
log.start(3, ["all"], [])
work = Path("work/results/micro/train/streets/asapnet/seed0")
work.mkdir(parents=True)
with progress.of_job(work, work):
    for step in range(3):
        progress.SECONDS_BETWEEN = 0
        progress.tell(step, 5000, "steps", dict.fromkeys(["adversarial", "feature_matching", "perceptual"], 0.5))
        subprocess.run([sys.executable, "-S", "-c", "import sys; print('a word\\x1b[2J', file=sys.stderr)"])
        print("on standard output")
        log.tick()
        time.sleep(0.1)
log.fail(1, "train", ["logs/a.log"])
log.fail(1, "train", ["logs/a.log"])
log.end(2)
log.end(3)
log.close()
subprocess.run([sys.executable, "-S", "-c", "import sys; print('afterwards', file=sys.stderr)"])
"""
FAILED = "failed    train/streets/asapnet/seed0  after 0:00:0"
ENDED = f"pixelwise: 1/{len(JOBS)} jobs, 1 failed, {len(JOBS) - 2} not made"
ERROR = "training: loss is not finite at step 3  (log: logs/a.log)"


def program(folder: Path, handle: int) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    environment = kept | {"TERM": "xterm", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-c", PROGRAM, json.dumps(PARAMS)]
    subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=handle, stderr=handle, env=environment, check=True
    )


@pytest.mark.parametrize(("width", "height"), [(80, 24), (0, 0)])  # `script` and others report no size
def test_a_terminal_shows_steps_below_whatever_else_is_written(tmp_path: Path, width: int, height: int) -> None:
    with recorded(width, height) as terminal:
        program(tmp_path, terminal.handle)
    screens = list(terminal.screens())
    steps = []
    for screen in screens:
        heads = [number for number, line in enumerate(screen) if line.startswith("run micro  ")]
        assert len(heads) <= 1 and max(map(len, screen)) <= 80
        if heads and len(screen) == heads[0] + 3:
            assert screen[-1].startswith("prepare/photos  0:00:0")
            steps += [screen[-2]] if "step" in screen[-2] else []
    assert len(steps) >= 3
    assert steps[0].startswith("train/streets/asapnet/seed0  step 0/5000  ? left  adversarial 0.5")
    assert all(" left" in line for line in steps)
    text = "\n".join(screens[-1])
    assert text.count("a word\\x1b[2J") == text.count("on standard output") == 3
    assert text.count(FAILED) == 1 and ERROR in text.replace("\n", "")
    *_, last, after = screens[-1]
    assert last.startswith(f"{ENDED} in 0:00:0") and last.endswith("; logs: logs/micro/")
    assert after == "afterwards"


def test_a_file_gets_a_line_for_what_happens(tmp_path: Path) -> None:
    with open(tmp_path / "out", "w") as stream:
        program(tmp_path, stream.fileno())
    lines = [line for line in (tmp_path / "out").read_text().splitlines() if not line.startswith(("a word", "on st"))]
    assert lines[:2] == [
        "started   train/streets/asapnet/seed0  (log: logs/a.log)",
        "started   prepare/photos  (log: logs/b.log)",
    ]
    assert lines[2].startswith(FAILED) and lines[2].endswith(ERROR)
    assert lines[3].startswith("finished  prepare/photos  in 0:00:0") and lines[3].endswith(
        f"  (1/{len(JOBS)} jobs done)"
    )
    assert lines[4].startswith(f"{ENDED} in 0:00:0") and lines[5:] == ["afterwards"]


def test_what_jobs_take_of_a_machine_and_of_a_cluster() -> None:
    params = json.loads(json.dumps(PARAMS))
    params["defaults"]["compute"] = {"device": "auto", "threads": 2}
    params["profiles"]["micro"]["train"]["dncnn"]["processes"] = 2
    jobs = {job.id: job for job in graph.plan_of(params).jobs}
    assert takes(jobs["train/photos/dncnn/seed0"]) == (4, 2)
    assert takes(jobs[TRAIN]) == (2, 1) and takes(jobs["prepare/photos"]) == (1, 0)
    alone, cards = takes(jobs["time/denoising"])
    assert alone > 1000 and cards == 1
    chosen = [jobs[name] for name in ("train/photos/dncnn/seed0", "train/photos/asapnet_denoise/seed0")]
    long = {job.id: 600.0 for job in chosen}
    capacities: list[tuple[int, int] | int] = [2, (8, 2), (8, 3)]
    apart = [Run("micro", chosen, lambda: long, capacity, True).left(time.time())[0] for capacity in capacities]
    assert apart[0] == apart[2] == apart[1] / 2  # a slot for each job of a cluster; here as many as there are cards

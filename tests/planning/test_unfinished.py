"""What of a run is not done and why, from what jobs leave behind: manifests, logs, locks and half-trained networks."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pixelwise import artifacts
from pixelwise.artifacts import MARK
from pixelwise.errors import PixelwiseError
from pixelwise.partial_run import write
from pixelwise.planning import leftovers, staleness, unfinished
from pixelwise.planning.graph import Plan
from pixelwise.planning.jobs import Job
from pixelwise.settings.reporting import Missing
from tests.planning.finished import TRAIN, make, named, plan

PLAN = plan()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A run that lacks one training; what was made of it is there, but stale."""
    monkeypatch.chdir(tmp_path)
    make(PLAN)
    shutil.rmtree(training().out)
    staleness.prepare(PLAN.jobs)
    return PLAN


def training() -> Job:
    return named(PLAN, TRAIN)


def states(run: Plan) -> dict[str, Missing]:
    return {entry.job: entry for entry in unfinished.missing(run.jobs, unfinished.finished(run.jobs)).missing}


def logged(line: str, age: int = 0) -> None:
    log = Path(training().places.log)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(f"dncnn: step 0 of 9\n{line}\n\n")
    when = artifacts.stamp(training().file)[1] + 10**9 - age * 10**9
    os.utime(log, ns=(when, when))


def half_trained(steps: int) -> None:
    job = training()
    state = artifacts.digest({"job": job.description(), "inputs": staleness.present_inputs(job)})
    folder = Path(job.places.work, state)
    folder.mkdir(parents=True)
    (folder / MARK).touch()
    (folder / "loss.csv").write_text(
        "step,presentations,l2\n" + "".join(f"{n},{2 * n},0.5\n" for n in range(1, steps + 1))
    )


def test_what_waits_names_what_it_waits_for(run: Plan) -> None:
    found = states(run)
    assert found[TRAIN] == Missing(job=TRAIN, state="not started")
    assert found["restore/photos/dncnn/seed0"].why == f"waits for {TRAIN}"
    assert set(found) == {TRAIN, "restore/photos/dncnn/seed0"}
    lacks = unfinished.missing(run.jobs, unfinished.finished(run.jobs))
    assert (lacks.done, lacks.of) == (lacks.of - 2, len([job for job in run.jobs if job.out.count("/") > 2]))


@pytest.mark.parametrize(
    ("line", "state", "why"),
    [
        ("pixelwise: error: training: l2 is not finite at step 7", "failed", "training: l2 is not finite at step 7"),
        ("pixelwise: error: dncnn: stopped by SIGINT after step 7 of 9; saved", "stopped", "dncnn: stopped by SIGINT"),
        ("dncnn: step 7 of 9", "stopped", "dncnn: step 7 of 9"),  # killed before it could say anything
    ],
)
def test_the_last_line_of_the_log_says_how_it_ended(run: Plan, line: str, state: str, why: str) -> None:
    half_trained(6)
    logged(line)
    entry = states(run)[TRAIN]
    assert (entry.state, entry.step) == (state, 6) and entry.why.startswith(why)
    assert next(iter(states(run))) == TRAIN  # the worst stands first


def test_a_log_of_earlier_settings_says_nothing(run: Plan) -> None:
    logged("pixelwise: error: training: l2 is not finite at step 7", age=60)
    assert states(run)[TRAIN] == Missing(job=TRAIN, state="not started")


def test_a_job_at_work_is_said_to_run(run: Plan) -> None:
    half_trained(3)
    with artifacts.locked(Path(training().places.work, "lock")):
        assert states(run)[TRAIN] == Missing(job=TRAIN, state="running", step=3)


def test_outputs_of_other_sources_are_no_evidence(run: Plan) -> None:
    Path(training().out).mkdir()
    artifacts.write_manifest(Path(training().out), {**training().description(), "code": {}}, {})
    assert states(run)[TRAIN].state == "outdated"


def test_a_page_is_refused_where_nothing_is_missing_or_nothing_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PixelwiseError, match=r"no measurement is finished \(0 of 26 jobs are done"):
        write(PLAN)
    make(PLAN)
    with pytest.raises(PixelwiseError, match="all 26 jobs are done, so it is not partial"):
        write(PLAN)
    assert not unfinished.folder(PLAN.name).exists()


def test_the_page_goes_when_the_run_is_complete_and_not_before(run: Plan) -> None:
    page = unfinished.folder(run.name)
    artifacts.empty(page)
    unfinished.replaced(run)
    assert page.is_dir() and not list(leftovers.of(run))
    shutil.rmtree("results"), shutil.rmtree("data")
    make(PLAN)
    artifacts.empty(page)
    assert [found.path for found in leftovers.of(run)] == [page]
    unfinished.replaced(run)
    assert not page.exists()

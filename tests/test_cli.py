"""The command line: one line for every mistake, nothing half-written left as done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pixelwise.cli import STEPS, app
from pixelwise.planning import graph, jobs, staleness
from tests.pipeline.micro import PARAMS, ROOT


def pixelwise(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "pixelwise", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, jobs.Job]:
    """The micro run's job files, in a folder of their own."""
    monkeypatch.chdir(tmp_path)
    plan = graph.plan_of(PARAMS)
    staleness.prepare(plan.jobs)
    return {job.id: job for job in plan.jobs}


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("pixelwise: error: ") and done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_it_says_its_version() -> None:
    from importlib.metadata import version

    found = CliRunner().invoke(app, ["--version"])
    assert (found.exit_code, found.stdout) == (0, f"pixelwise {version('pixelwise')}\n")


@pytest.mark.parametrize(
    ("typed", "place", "offered"),
    [
        ("pixelwise cl", 1, {"claims", "clean"}),
        ("pixelwise plan --profile street", 3, {"street", "street-cpu"}),
        ("pixelwise claims --verdict conf", 3, {"confirmed"}),
    ],
)
def test_the_shell_completes_commands_profiles_and_verdicts(typed: str, place: int, offered: set[str]) -> None:
    asked = {"_PIXELWISE_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(place)}
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **asked}
    command = [sys.executable, "-X", "importtime", "-m", "pixelwise"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and set(done.stdout.split()) == offered, done.stdout
    assert " torch" not in done.stderr  # what was imported


def test_every_step_is_a_subcommand() -> None:
    assert {kind.step for kind in jobs.KINDS.values()} == set(STEPS)


def test_a_job_runs_by_hand_and_verifies(planned: dict[str, jobs.Job], tmp_path: Path) -> None:
    job = planned["fetch/photos"]
    assert pixelwise("fetch", job.file, cwd=tmp_path).returncode == 0
    assert staleness.verify(planned.values()) == []
    log = json.loads((tmp_path / "logs/run.jsonl").read_text())
    assert (log["job"], log["status"]) == ("fetch/photos", "done")
    assert "fetch/photos" not in staleness.prepare(planned.values())
    image = next((tmp_path / job.out).rglob("*.png"))
    image.write_bytes(image.read_bytes()[:-1] + b"\0")
    assert str(image.relative_to(tmp_path)) in staleness.verify(planned.values())[0]
    assert str(image.relative_to(tmp_path)) in refused(
        pixelwise("prepare", planned["prepare/photos"].file, cwd=tmp_path)
    )


@pytest.mark.slow
def test_mistakes(planned: dict[str, jobs.Job], tmp_path: Path) -> None:
    file = Path(planned["fetch/photos"].file)
    assert "no such file" in refused(pixelwise("fetch", "absent.json", cwd=tmp_path))
    assert "a job of step 'fetch', not of 'prepare'" in refused(pixelwise("prepare", str(file), cwd=tmp_path))
    assert "is not there" in refused(pixelwise("prepare", planned["prepare/photos"].file, cwd=tmp_path))
    document = json.loads(file.read_text())
    document["job"]["code"]["pixelwise/data/kinds/photos.py"] = "0" * 64
    file.write_text(json.dumps(document))
    assert "another version of pixelwise/data/kinds/photos.py" in refused(pixelwise("fetch", str(file), cwd=tmp_path))
    document["job"]["settings"]["nam"] = "x"
    file.write_text(json.dumps(document))
    assert "settings.nam" in refused(pixelwise("fetch", str(file), cwd=tmp_path))
    file.write_text("{")
    assert "not readable as JSON" in refused(pixelwise("fetch", str(file), cwd=tmp_path))


def test_the_profile_that_dvc_follows_is_named_and_another_one_refused() -> None:
    asked = ["active", "--config", str(ROOT / "params.yaml")]
    assert CliRunner().invoke(app, asked).stdout == "profile: tiny\n"
    assert CliRunner().invoke(app, [*asked, "--profile", "tiny"]).exit_code == 0
    error = CliRunner().invoke(app, [*asked, "--profile", "street"]).exception
    assert "params.yaml: profile: tiny; DVC follows it alone, so write 'profile: street' there" in str(error)


def test_a_full_disk_leaves_nothing(planned: dict[str, jobs.Job], tmp_path: Path) -> None:
    job = planned["fetch/photos"]
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000));"
        f"sys.argv = ['pixelwise', 'fetch', {job.file!r}]; from pixelwise.cli import main; main()"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert "File too large" in refused(done)
    assert not (tmp_path / job.out).exists()


def test_a_second_copy_is_refused(planned: dict[str, jobs.Job], tmp_path: Path) -> None:
    from pixelwise.artifacts import locked

    job = planned["fetch/photos"]
    with locked(tmp_path / "work" / job.out / "lock"):
        assert "held by another process" in refused(pixelwise("fetch", job.file, cwd=tmp_path))


@pytest.mark.slow
def test_the_recorded_run_has_its_table(tmp_path: Path) -> None:
    done = pixelwise("table", str(ROOT / "results" / "recorded" / "street-cpu"), cwd=tmp_path)
    assert done.returncode == 0 and "BM3D" in done.stdout and "ASAP-Net" in done.stdout
    assert "summary/metrics.csv: no such file" in refused(pixelwise("table", str(tmp_path), cwd=tmp_path))

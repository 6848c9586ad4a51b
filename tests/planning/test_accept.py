"""`pixelwise accept`: a finished training stands although code or a package changed; nothing else passes for that."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pixelwise.artifacts import as_made, locked, read_manifest, sha256, write_json
from pixelwise.errors import PixelwiseError
from pixelwise.planning import staleness
from pixelwise.planning.acceptance import LONGEST
from pixelwise.planning.graph import Plan
from pixelwise.planning.upkeep import accept
from pixelwise.reporting import page, provenance
from tests.pipeline.micro import PARAMS, ROOT
from tests.planning.finished import TRAIN, make, named, plan, planting

WHY = "A message was worded anew."
FILE = "pixelwise/training/denoising.py"
OLD = "0" * 64


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    yield from planting(tmp_path / "site", monkeypatch)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A finished run whose training of DnCNN was made with another line in one file."""
    (tmp_path / "clone").mkdir()
    monkeypatch.chdir(tmp_path / "clone")
    made = plan()
    make(made, {TRAIN: {"code": {**named(made, TRAIN).description()["code"], FILE: OLD, "pixelwise/gone.py": OLD}}})
    return made


def folders(run: Plan) -> dict[str, Path]:
    return {job.id: Path(job.out) for job in run.jobs}


def test_only_the_report_is_made_anew(run: Plan) -> None:
    manifest = named(run, TRAIN).manifest
    before, bytes_before = read_manifest(manifest), sha256(manifest)
    assert staleness.stale(run.jobs) == [TRAIN]
    words = accept(run, TRAIN, f"  {WHY} ")
    assert words == f"{FILE} and 1 more source files" or words == "pixelwise/gone.py and 1 more source files"
    assert staleness.stale(run.jobs) == ["report"]
    assert staleness.prepare(run.jobs) == ["report"]
    after = read_manifest(manifest)
    [accepted] = after.pop("accepted")
    assert after == before
    now = named(run, TRAIN).description()["code"][FILE]
    assert accepted["why"] == WHY and accepted["packages"] == {}
    assert accepted["code"] == {FILE: [OLD, now], "pixelwise/gone.py": [OLD, ""]}
    assert as_made(manifest) == bytes_before != sha256(manifest)
    assert staleness.verify(run.jobs) == []


def test_the_same_acceptance_has_the_same_bytes(run: Plan) -> None:
    manifest = Path(named(run, TRAIN).manifest)
    before = manifest.read_bytes()
    accept(run, TRAIN, WHY)
    first = manifest.read_bytes()
    manifest.write_bytes(before)
    accept(run, TRAIN, WHY)
    assert manifest.read_bytes() == first


def test_what_changes_after_an_acceptance_makes_the_job_stale_again(run: Plan, install: Callable[..., None]) -> None:
    accept(run, TRAIN, WHY)
    install("h5py", "99.1")
    assert TRAIN in staleness.stale(run.jobs)
    assert accept(run, TRAIN, "h5py reads nothing here.").startswith("h5py 3.")
    assert TRAIN not in staleness.stale(run.jobs)
    reasons = [entry["why"] for entry in read_manifest(named(run, TRAIN).manifest)["accepted"]]
    assert reasons == [WHY, "h5py reads nothing here."]


def test_a_package_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, install: Callable[..., None]) -> None:
    monkeypatch.chdir(tmp_path)
    made = plan()
    make(made)
    before = named(made, TRAIN).description()["packages"]["torch"]
    install("torch", "99.1+cu999")
    assert accept(made, TRAIN, WHY) == f"torch {before} -> 99.1+cu999"
    assert staleness.valid(named(made, TRAIN)) and not staleness.valid(named(made, "train/streets/asapnet/seed0"))


def test_a_run_from_before_packages_were_noted_can_be_accepted(run: Plan) -> None:
    manifest = Path(named(run, TRAIN).manifest)
    document = json.loads(manifest.read_text())
    del document["job"]["packages"], document["digest"]
    write_json(manifest, document)
    accept(run, TRAIN, WHY)
    assert staleness.valid(named(run, TRAIN))


def refused(run: Plan, message: str, job: str = TRAIN, why: str = WHY) -> None:
    before = {path: path.read_bytes() for path in Path("results").rglob("*") if path.is_file()}
    with pytest.raises(PixelwiseError, match=message) as caught:
        accept(run, job, why)
    assert "\n" not in str(caught.value)
    assert before == {path: path.read_bytes() for path in Path("results").rglob("*") if path.is_file()}


@pytest.mark.parametrize("why", ["", "  ", "x" * (LONGEST + 1), "two\nlines", "\x1b[2J"])
def test_a_reason_is_one_short_line(run: Plan, why: str) -> None:
    refused(run, rf"^--why: .*one line of 1 to {LONGEST} characters", why=why)


def test_other_settings_are_named(run: Plan) -> None:
    other = yaml.safe_load(yaml.safe_dump(PARAMS["profiles"]))
    other["micro"]["train"]["dncnn"]["learning_rate"] = 0.02
    refused(plan(profiles=other), r"settings\.learning_rate was 0\.001 and is 0\.02; only a change of code or packages")


def test_other_inputs_are_named(run: Plan) -> None:
    job = named(run, "prepare/photos")
    document = json.loads(Path(job.manifest).read_text())
    del document["digest"]
    write_json(Path(job.manifest), document)
    refused(run, r"data/micro/photos/prepared is another one now; only a change of code or packages can be accepted$")


def test_what_else_is_refused(run: Plan) -> None:
    refused(run, r"'train/x': no job of run micro", job="train/x")
    refused(run, r"valid as it is; nothing to accept$", job="train/photos/asapnet_denoise/seed0")
    out = Path(named(run, TRAIN).out)
    with locked(Path("work", out, "lock")):
        refused(run, r"held by another process")
    (out / "result.txt").write_text("y")
    refused(run, r"result\.txt: sha256 .* differs from .*; what was changed can't be accepted$")
    (out / "result.txt").unlink()
    refused(run, r"result\.txt: missing; what was changed can't be accepted$")
    Path(named(run, TRAIN).manifest).unlink()
    refused(run, r"no such file; .* has no outputs that could be accepted$")


def test_nobody_accepts_by_writing_into_the_manifest(run: Plan) -> None:
    manifest = Path(named(run, TRAIN).manifest)
    accept(run, TRAIN, WHY)
    manifest.write_text(manifest.read_text().replace("A message", "No reason"))
    assert TRAIN in staleness.stale(run.jobs)
    assert "changed since it was written" in staleness.verify(run.jobs)[0]


@pytest.mark.parametrize("entry", [1, {}, {"code": {}}, {"code": 1, "packages": {}, "modules": []}])
def test_an_acceptance_that_is_none_accepts_nothing(run: Plan, entry: Any) -> None:
    manifest = Path(named(run, TRAIN).manifest)
    document = json.loads(manifest.read_text())
    del document["digest"]
    write_json(manifest, {**document, "accepted": [entry]})
    assert TRAIN in staleness.stale(run.jobs)
    left_out: list[str] = []
    assert provenance.accepted(folders(run), left_out).rows == []
    assert len(left_out) == 1 and f"{manifest}: accepted" in left_out[0]


def test_the_page_tells_of_it(run: Plan) -> None:
    accept(run, TRAIN, "Wording <b>alone</b>.")
    table = provenance.accepted(folders(run))
    now = named(run, TRAIN).description()["code"][FILE]
    assert [TRAIN, FILE, OLD[:12], now[:12], "Wording <b>alone</b>."] in table.rows
    facts = {"commit": "", "machines": [], "jobs": [], "packages": provenance.packages(folders(run))}
    template = page.environment().from_string(
        '{% from "macros.html" import table %}{% include "provenance.html" %}',
    )
    html = template.render(**facts, accepted=[table], unlocked=["numpy 1 is installed, and 2 is locked"])
    assert "Wording &lt;b&gt;alone&lt;/b&gt;." in html and OLD[:12] in html
    assert "installed packages differ from the lock: numpy 1 is installed, and 2 is locked" in html
    assert f"torch {named(run, TRAIN).description()['packages']['torch']}" in html


def test_by_the_command_line(run: Plan) -> None:
    Path("params.yaml").write_text(yaml.safe_dump(PARAMS))
    command = [sys.executable, "-m", "pixelwise", "accept", TRAIN]
    env = {"PYTHONPATH": str(ROOT / "src"), "PATH": ""}
    missing = subprocess.run(command, env=env, capture_output=True, text=True)
    assert missing.returncode == 2 and "--why" in missing.stderr
    done = subprocess.run([*command, "--why", WHY], env=env, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith(f"accepted: {TRAIN}: "), done.stderr
    assert staleness.stale(run.jobs) == ["report"]

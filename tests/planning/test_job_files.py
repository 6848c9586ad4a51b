"""Job files: whatever stands in one, the step refuses it in one line before it touches anything."""

from __future__ import annotations

import copy
import json
import time
from pathlib import Path
from typing import Any

import pytest

from pixelwise import artifacts
from pixelwise.errors import PixelwiseError
from pixelwise.planning import execute, graph, staleness
from tests.pipeline.micro import PARAMS

WRONG: dict[str, tuple[str, Any, str]] = {
    "a kind that is a list": ("kind", [], "not a job file"),
    "another kind": ("kind", "fetsch", "not a job file"),
    "settings that are a list": ("settings", [], "job.settings"),
    "settings that are nothing": ("settings", None, "job.settings"),
    "inputs that are a list": ("inputs", [], "job.inputs"),
    "an input that is a number": ("inputs", {"raw": 1}, "job.inputs.raw"),
    "an input above": ("inputs", {"raw": "../x"}, "job.inputs.raw"),
    "an absolute input": ("inputs", {"raw": "/etc"}, "job.inputs.raw"),
    "an output that is nothing": ("out", "", "job.out"),
    "an output that is here": ("out", ".", "job.out"),
    "an output above": ("out", "results/../../x", "job.out"),
    "an absolute output": ("out", "/tmp/x", "job.out"),
    "an output with a byte 0": ("out", "results/\0", "job.out"),
    "modules that are text": ("modules", "pixelwise.cli", "job.modules"),
    "a module of others": ("modules", ["os"], "job.modules.0"),
    "a module that is a path": ("modules", ["pixelwise.../x"], "job.modules.0"),
    "a module that is not there": ("modules", ["pixelwise.models.absent"], "no module pixelwise.models.absent"),
    "code that is a list": ("code", [], "job.code"),
    "a hash that is none": ("code", {"pixelwise/a.py": "x"}, "job.code"),
    "packages that are a list": ("packages", [], "job.packages"),
    "a version that is none": ("packages", {"numpy": "1 2"}, "job.packages.numpy"),
    "more than a job": ("more", 1, "no such parameter"),
    "an id above": ("id", "../x", "job.id"),
}


@pytest.fixture
def description(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the job file of a data set's preparation holds; the current folder is empty."""
    monkeypatch.chdir(tmp_path)
    return next(job for job in graph.plan_of(PARAMS).jobs if job.id == "prepare/photos").description()


@pytest.mark.parametrize(("name", "value", "message"), WRONG.values(), ids=WRONG)
def test_wrong_job_files(description: dict[str, Any], name: str, value: Any, message: str) -> None:
    wrong = {**copy.deepcopy(description), name: value}
    Path("job.json").write_text(json.dumps({"job": wrong}))
    with pytest.raises(PixelwiseError) as caught:
        execute.execute(Path("job.json"), "prepare")
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert [path.name for path in Path.cwd().iterdir()] == ["job.json"], "something was written"


@pytest.mark.parametrize("missing", ["id", "kind", "settings", "inputs", "out", "modules", "code", "packages"])
def test_a_job_file_that_lacks_something(description: dict[str, Any], missing: str) -> None:
    del description[missing]
    Path("job.json").write_text(json.dumps({"job": description}))
    with pytest.raises(PixelwiseError, match=r"^job\.json: "):
        execute.execute(Path("job.json"), "prepare")


def test_a_mark_of_being_stale_is_no_mistake(description: dict[str, Any]) -> None:
    Path("job.json").write_text(json.dumps({"job": description, "stale": time.time_ns()}))
    assert execute.load(Path("job.json"), "prepare")[0] == description


def test_a_damaged_manifest_makes_the_job_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    job = next(job for job in graph.plan_of(PARAMS).jobs if job.id == "fetch/photos")
    out = Path(job.out)
    out.mkdir(parents=True)
    (out / "a.png").write_text("x")
    artifacts.write_manifest(out, job.description(), {})
    assert staleness.prepare([job]) == []
    written = (out / "manifest.json").read_text()
    for damage in ("[]", "{", written.replace('"inputs"', '"input"'), '{"job": 1, "inputs": [], "files": 3}'):
        (out / "manifest.json").write_text(damage)
        assert staleness.prepare([job]) == ["fetch/photos"]
        assert "manifest" in staleness.verify([job])[0]


def test_steps_that_gather_go_on_and_are_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged input stops every step but those that gather; their manifest never counts as made from it."""
    monkeypatch.chdir(tmp_path)
    folder = Path("results/micro/inspect")
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text("x")
    artifacts.write_manifest(folder, {}, {})
    (folder / "metrics.json").write_text("y")
    for kind in ("summarise", "judge", "report"):
        job = {"kind": kind, "inputs": {"inspect": folder.as_posix()}}
        assert execute._inputs(Path("job.json"), job, {}) == {folder.as_posix(): artifacts.DAMAGED}
    with pytest.raises(PixelwiseError, match=r"delete results/micro/inspect/manifest\.json"):
        execute._inputs(Path("job.json"), {"kind": "figures", "inputs": {"summary": folder.as_posix()}}, {})
    out = Path("results/micro/claims")
    out.mkdir()
    artifacts.write_manifest(out, {}, {folder.as_posix(): artifacts.DAMAGED})
    assert artifacts.read_manifest(out / "manifest.json")["inputs"] != {folder.as_posix(): artifacts.DAMAGED + "x"}

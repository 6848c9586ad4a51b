"""`pixelwise record`: the record of a profile is whole and new, or as it was."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from pixelwise import artifacts, recorded_run
from pixelwise.artifacts import write_json, write_manifest
from pixelwise.errors import PixelwiseError
from pixelwise.planning import graph, jobs
from pixelwise.planning.graph import Plan
from pixelwise.reporting import kept_pictures
from tests.pipeline.micro import PARAMS, ROOT
from tests.reporting.conftest import _plant
from tests.sharing import made_once

PLAN = graph.plan_of(PARAMS)
FILES = (
    "metrics.json",
    "table.csv",
    "picture.png",
    "figure.svg",
    "index.html",
    "model.safetensors",
    "images/a.png",
    "training.json",
)


SHOWN = {"summarise": "summary", "judge": "claims", "figures": "figures"}
"""Jobs whose outputs the page shows -> their folder in the planted run."""
SAMPLED = ("prepare/streets", "generate/streets/asapnet/seed0")


def finished(plan: Plan, planted: Path) -> None:
    """Outputs of every job, valid by their manifests, and the log's lines; what the page shows is of a planted run."""
    for job in plan.jobs:
        out = Path(job.out)
        artifacts.empty(out)
        if job.id in (*SHOWN, *SAMPLED):
            shutil.copytree(planted / SHOWN.get(job.id, job.id), out, dirs_exist_ok=True)
        for name in FILES if job.id not in SHOWN else ():
            (out / name).parent.mkdir(exist_ok=True)
            (out / name).write_text(f"{job.id} {name}")
        inputs = {folder: artifacts.sha256(f"{folder}/manifest.json") for folder in job.inputs.values()}
        write_manifest(out, job.description(), inputs)
    jobs.RUN_LOG.parent.mkdir()
    lines = [
        json.dumps({"job": job.id, "kind": job.kind, "out": job.out, "status": "done", "seconds": 1.5})
        for job in plan.jobs
    ]
    others = [json.dumps({"job": "x", "out": f"results/{name}/x"}) for name in ("microx", "other", "micro-smoke")]
    jobs.RUN_LOG.write_text("\n".join([*lines, *others]) + "\n")


def checkout(folder: Path) -> None:
    """The files of this repository that a record keeps."""
    shutil.copy(ROOT / "Snakefile", folder)
    shutil.copytree(ROOT / "workflow", folder / "workflow")


@pytest.fixture
def run(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """The finished micro run, in a folder with a blank in its path."""
    (tmp_path / "a clone").mkdir()
    monkeypatch.chdir(tmp_path / "a clone")
    checkout(Path.cwd())
    finished(PLAN, made_once(tmp_path_factory, "planted", _plant) / "results/planted")
    return PLAN


def listing(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def refused(run: Plan, message: str) -> None:
    before = listing(Path.cwd())
    with pytest.raises(PixelwiseError, match=message):
        recorded_run.record(run)
    assert listing(Path.cwd()) == before


def test_what_is_kept(run: Plan) -> None:
    leftover = Path("results/micro/restore/photos/removed/seed0")
    write_json(leftover / "metrics.json", {})
    target = recorded_run.record(run)
    assert target == Path("results/recorded/micro")
    kept = listing(target)
    texts = ("metrics.json", "table.csv", "figure.svg", "index.html", "manifest.json", "training.json")
    names = {name for name in kept if name.startswith("fid/streets/asapnet")}
    assert names == {f"fid/streets/asapnet/seed0/{name}" for name in texts}
    assert {name for name in kept if name.startswith("train/")} == {
        f"{job.id}/{name}" for job in run.of("train") for name in ("manifest.json", "training.json")
    }
    drawn = {f"figures/{path.name}" for path in Path("results/micro/figures").glob("*.png")}
    assert drawn and {name for name in kept if name.endswith(".png") and not name.startswith("pictures/")} == drawn
    workflow = {"Snakefile", *(path.relative_to(ROOT).as_posix() for path in (ROOT / "workflow/rules").glob("*.smk"))}
    assert workflow <= set(kept) and all(kept[name] == (ROOT / name).read_bytes() for name in workflow)
    described = {entity["@id"] for entity in json.loads(kept["ro-crate-metadata.json"])["@graph"]}
    assert set(kept) <= described | {"ro-crate-metadata.json"}
    assert not [name for name in kept if name.split("/")[0] in ("generate", "jobs") or "removed" in name]
    assert len(kept["run.jsonl"].splitlines()) == len(run.jobs)
    made_anew = {"run.jsonl", "ro-crate-metadata.json", "report/index.html", "report/manifest.json", *workflow}
    for name in {name for name in kept if not name.startswith("pictures/")} - made_anew:
        assert kept[name] == Path("results/micro", name).read_bytes()
    assert artifacts.verify_manifest(target / "report/manifest.json") == []


def test_few_pictures_are_kept_with_their_source(run: Plan) -> None:
    """Label map and scene of four rows are eight pictures; what the network made of the label maps stands beside."""
    target = recorded_run.record(run)
    (grid,) = kept_pictures.grids(target / "pictures")
    assert grid.columns == ["label map", "drawn scene", "ASAP-Net"] and len(grid.rows) == 4 and grid.synthetic
    scene = np.asarray(Image.open(f"results/micro/generate/streets/asapnet/seed0/images/{grid.rows[0][0]}.png"))
    cell = grid.rows[0][1][2]
    assert cell is not None and (cell.pixels == scene).all()
    page = (target / "report/index.html").read_text()
    assert len(re.findall("<img[^>]*data:image/(?:png|webp)", page)) == 12
    assert kept_pictures.NOTE in page
    told = (target / "pictures/SOURCES.txt").read_text()
    assert "From drawn by this program. Licence: MIT (drawn by this program)." in told
    shutil.copytree(target, "results/recorded/other")
    recorded_run.record(run)
    assert not (target / "pictures").exists(), "the other record holds six of the eight: no room for a method's picture"


def test_a_record_takes_the_place_of_the_one_before(run: Plan) -> None:
    first = listing(recorded_run.record(run))
    Path("results/recorded/micro/of-the-one-before.json").write_text("{}")
    assert listing(recorded_run.record(run)) == first
    assert [path.name for path in Path("results/recorded").iterdir()] == ["micro"]


def test_a_run_that_is_not_whole_is_no_record(run: Plan) -> None:
    recorded_run.record(run)
    table = Path("results/micro/summary/metrics.csv")
    made = table.read_bytes()
    table.write_text("edited")
    refused(run, r"summary/metrics\.csv: sha256")
    table.unlink()
    refused(run, "1 of 30 jobs, such as summarise, are not done")
    table.write_bytes(made)
    jobs.RUN_LOG.write_text('{"out": "results/other/x"}\n')
    refused(run, r"logs/run\.jsonl: no line of run micro")
    jobs.RUN_LOG.write_text("{\n")
    refused(run, "line 1 is not a line of the run log")
    jobs.RUN_LOG.unlink()
    refused(run, r"logs/run\.jsonl: no line of run micro")


def test_what_is_no_record_stays(run: Plan) -> None:
    mine = Path("results/recorded/micro/mine.txt")
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    refused(run, "results/recorded/micro: no record of a run")
    mine.unlink()
    mine.parent.rmdir()
    Path("mine").mkdir()
    mine.parent.symlink_to("../../mine")
    refused(run, "results/recorded/micro: a link to")


def test_a_failure_leaves_the_one_before(run: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded_run.record(run)
    before = listing(Path.cwd())
    rename = Path.rename

    def fails(path: Path, target: Path) -> Any:
        if path.name.endswith(".new"):
            raise OSError(28, "No space left on device", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(OSError, match="No space left"):
        recorded_run.record(run)
    assert listing(Path.cwd()) == before


@pytest.mark.parametrize("profile", ["absent", "../micro", ""])
def test_a_wrong_profile_touches_nothing(run: Plan, profile: str) -> None:
    write_json(Path("results/recorded/micro/metrics.json"), {})
    Path("params.yaml").write_text(yaml.safe_dump(PARAMS))
    before = listing(Path.cwd())
    command = [sys.executable, "-m", "pixelwise", "record", "--profile", profile]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stderr.startswith("pixelwise: error: params.yaml: profile: "), done.stderr
    assert done.stderr.count("\n") == 1
    assert listing(Path.cwd()) == before

"""A clone in which the micro run is finished: data and one training for real, scores from the recorded tiny run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from pixelwise.artifacts import MANIFEST, digest, read_json, sha256, write_json, write_manifest
from pixelwise.planning import execute, graph
from pixelwise.planning.jobs import Job
from pixelwise.planning.staleness import prepare
from pixelwise.settings.data import WeightsSettings
from pixelwise.settings.models import ConvertSettings
from tests.fuzz.weights import write
from tests.pipeline.micro import PARAMS, ROOT

RECORDED = ROOT / "results" / "recorded" / "tiny"
RUN = "results/micro"
REAL = ("fetch/streets", "prepare/streets", "fetch/photos", "prepare/photos", "train/photos/dncnn/seed0")
SAME = {"dncnn": "dncnn_narrow", "asapnet_denoise": "asapnet_narrow", "summarise": "summary", "judge": "claims"}
README = (
    "# Numbers\n\n<!-- generated:verdicts micro -->\n<!-- end -->\n<!-- generated:headline micro -->\n<!-- end -->\n"
    "<!-- generated:denoising micro -->\n<!-- end -->\n<!-- generated:translation micro -->\n<!-- end -->\n"
    "<!-- generated:timing micro -->\n<!-- end -->\n<!-- generated:sentences micro -->\n<!-- end -->\n"
    "took <!-- generated:duration micro --><!-- end -->.\n"
)


def fill(folder: Path) -> None:
    """Make every output of the micro run below a folder."""
    (folder / "params.yaml").write_text(yaml.safe_dump(PARAMS, sort_keys=False))
    (folder / "README.md").write_text(README)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        plan = graph.plan_of(PARAMS)
        prepare(plan.jobs)
        for job in sorted(plan.jobs, key=lambda job: job.id not in REAL):
            if job.id in REAL:
                execute.execute(Path(job.file), job.step)
            else:
                _forge(job)
                inputs = {place: sha256(f"{place}/{MANIFEST}") for place in job.inputs.values()}
                write_manifest(Path(job.out), job.description(), inputs)
        shutil.copyfile(RECORDED / "run.jsonl", "results/micro/run.jsonl")
        _released()
        shutil.rmtree("work")


def _forge(job: Job) -> None:
    """Outputs of a job as they would look, without the work."""
    out = Path(job.out)
    same = {} if job.step == "inspect" else SAME  # networks keep their names, entries of `train` do not
    recorded = RECORDED / "/".join(same.get(part, part) for part in job.id.split("/"))
    if job.step == "train":
        out.mkdir(parents=True)
        for name in ("training.json", "loss.csv"):
            shutil.copyfile(f"results/micro/train/photos/dncnn/seed0/{name}", out / name)
    elif job.step == "generate":
        for name in read_json("data/micro/streets/prepared/dataset.json")["splits"]["val"]["names"]:
            _picture(out / "images" / f"{name}.png", (32, 64, 3))
    elif job.step == "weights":
        write_json(out / "source.json", {"name": "inception", "source": "own", "file": "inception.safetensors"})
        (out / "inception.safetensors").write_bytes(b"\0" * 64)
    else:
        shutil.copytree(recorded, out, dirs_exist_ok=True)
        (out / MANIFEST).unlink(missing_ok=True)
        for entry in read_json(out / "samples.json")["samples"] if job.step == "restore" else ():
            _picture(out / entry["file"], (16, 16))


def _released() -> None:
    """A job that converts published weights, and those weights."""
    folder = Path("data/micro/weights/released")
    write(folder)
    for name in ("denoiser", "generator"):
        (folder / f"{name}.safetensors").unlink()
    write_json(
        folder / "source.json",
        {"name": "released", "source": "own", "file": "official.pth", "url": "x", "licence": "y"},
    )
    made = Job(
        "weights/released", "weights", WeightsSettings(name="released", file="x.pth"), str(folder), f"{RUN}/jobs/w.json"
    )
    write_manifest(folder, made.description(), {})
    where = "train/photos/released/seed0"
    settings = ConvertSettings(architecture="dncnn", options={"depth": 3, "width": 4, "channels": 1})
    inputs, used = {"weights": str(folder)}, ("pixelwise.models.architectures.dncnn",)
    prepare([Job(where, "convert", settings, f"{RUN}/{where}", f"{RUN}/jobs/{where}.json", inputs, used)])


def _picture(path: Path, shape: tuple[int, ...]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)).save(path)


def rewrite(folder: Path, name: str) -> None:
    """Make a manifest say that a changed file is as it was made, and those after it that they were made from that."""
    path = folder / MANIFEST
    document = json.loads(path.read_text())
    document["files"][name] = sha256(folder / name)
    document["digest"] = digest({part: document[part] for part in ("job", "inputs", "files")})
    path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")

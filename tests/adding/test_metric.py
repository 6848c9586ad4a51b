"""A metric is one file: in a copy of the package one more stands in the summary, the report's tables and figures."""

from __future__ import annotations

import csv
import html
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests import sharing

ROOT = Path(__file__).parents[2]
METRICS = "pixelwise/evaluation/metrics"
MEAN_ERROR = '''
"""Mean absolute error of the output as computed, in grey levels."""

from pixelwise.quantities import Metric


def mean_error(image):
    return abs(image.clean - image.estimate).mean() * 255


METRICS = [
    Metric(
        name="mean_error",
        label="mean error",
        units=("grey levels",),
        high=255,
        better="lower",
        places=3,
        shown=("table", "figure", "differences"),
        compute=mean_error,
    )
]
'''
WEIGHTED_IOU = '''
"""IoU of the classes, weighted by how often they are the truth."""

from pixelwise.evaluation.confusion import class_iou
from pixelwise.quantities import Metric


def weighted(counts):
    share = counts.pooled.sum(axis=-1) / counts.pooled.sum(axis=(-2, -1))[..., None]
    iou = class_iou(counts.pooled)
    iou[share == 0] = 0
    return (share * iou).sum(axis=-1)


METRICS = [
    Metric(
        name="weighted_iou",
        label="weighted IoU",
        units=("%",),
        high=100,
        better="higher",
        shown=("table", "figure", "each"),
        compute=weighted,
    )
]
'''
TOYS = {"restoration/mean_error.py": MEAN_ERROR, "segmentation/weighted_iou.py": WEIGHTED_IOU}
RUN = '''
"""Score baselines of denoising and a reader of pictures, plant a time, and report."""

from pathlib import Path

import numpy as np
import torch
from skimage import data

from pixelwise.artifacts import write_json, write_manifest
from pixelwise.claims import judge
from pixelwise.data.pack_writing import Item, write_pack
from pixelwise.evaluation import restore, segment
from pixelwise.models import build, checkpoint
from pixelwise.record import Record, Value, write_records
from pixelwise.reporting import figures, page, paired_differences, summary
from pixelwise.settings.claims import JudgeSettings
from pixelwise.settings.evaluation import SegmentSettings
from pixelwise.settings.reporting import FiguresSettings, ReportSettings, SummarySettings
from pixelwise.settings.restoration import RestorationSettings

out, jobs = Path("results/toy"), {}


def folder(job):
    jobs[job] = out / job
    jobs[job].mkdir(parents=True)
    return jobs[job]


def close(job, kind):
    write_manifest(out / job, {"id": job, "kind": kind, "out": f"results/toy/{job}", "code": {"a.py": "0" * 64}}, {})


gray = [data.camera()[place : place + 48, 100:164] for place in (100, 200, 300)]
write_pack(folder("prepare/photos"), "val", [Item(f"photo{i}", image) for i, image in enumerate(gray)])
write_json(out / "prepare/photos/dataset.json", {"kind": "photos", "synthetic": False})
close("prepare/photos", "prepare")
given = {"name": "baselines", "dataset": "photos", "protocol": "photos", "device": "cpu", "resamples": 50, "samples": 0}
settings = RestorationSettings(**given, sigmas=(15.0, 25.0), baselines=("identity", "tile_mean"))
restore.run(settings, {"data": out / "prepare/photos"}, folder("restore/photos/baselines/seed0"), Path("work/restore"))
close("restore/photos/baselines/seed0", "restore")

rng = np.random.default_rng(0)
labels = [rng.integers(0, 3, (2, 4)).repeat(16, 0).repeat(16, 1).astype(np.uint8) for _ in range(4)]
pictures = [np.stack([80 * label + 20] * 3, -1).astype(np.uint8) for label in labels]
scenes = [Item(f"scene{i}", picture, label) for i, (picture, label) in enumerate(zip(pictures, labels))]
facts = {"kind": "streets", "task": "translation", "synthetic": True, "palette": [[0, 0, 0]] * 3}
facts |= {"eval_map": [0, 1, 2], "eval_names": ["x", "y", "z"], "num_labels": 3}
write_pack(folder("prepare/scenes"), "val", scenes)
write_json(out / "prepare/scenes/dataset.json", facts)
close("prepare/scenes", "prepare")
torch.manual_seed(0)
options = {"num_classes": 3, "stages": 2, "width": 4}
checkpoint.save(folder("train/reader") / "model.safetensors", build("segmenter", **options), "segmenter", options, {})
write_json(out / "train/reader/training.json", {"short": True, "dataset": {"synthetic": True}})
settings = SegmentSettings(name="real", dataset="scenes", protocols=("native",), device="cpu", resamples=50)
inputs = {"data": out / "prepare/scenes", "segmenter": jobs.pop("train/reader")}
segment.run(settings, inputs, folder("segment/scenes/real/seed0"), Path("work"))
close("segment/scenes/real/seed0", "segment")

condition = {"height": 32, "width": 64, "batch": 1, "precision": "fp32", "scope": "generator", "mode": "eager"}
facts = {"kind": "latency", "task": "translation", "dataset": "random", "protocol": "interleaved", "n": 9}
facts |= {"condition": condition, "synthetic": False, "short": True}
time = {name: Value(value=9.0, unit="ms", low=8.0, high=10.0, interval="bootstrap") for name in ("median",)}
write_records(folder("time/all") / "metrics.json", [Record(**facts, model="asapnet", values=time)])
close("time/all", "time")

scored = {job: place for job, place in jobs.items() if not job.startswith("prepare")}
summary.run(SummarySettings(run="toy", resamples=100), scored, folder("summary"), Path("work"))
judge.run(JudgeSettings(run="toy"), {"summary": out / "summary", **scored}, folder("claims"), Path("work"))
paired = paired_differences.table(scored, ("identity",), 100, 0)
paired.to_csv(out / "differences.csv", index=False)
figures.run(FiguresSettings(run="toy", dpi=50), {"summary": out / "summary"}, folder("figures"), Path("work"))
made = {name: out / name for name in ("summary", "claims", "figures")}
page.run(ReportSettings(run="toy", profile="toy"), made | scored, folder("report"), Path("work"))
'''
PLAN = """
import json, sys
from pathlib import Path
from pixelwise.planning import code
from pixelwise.planning.graph import plan
print(json.dumps({job.id: job.description() for job in plan(Path(sys.argv[1]), sys.argv[2]).jobs}))
code.keep()
"""


def package(folder: Path, *toys: str) -> Path:
    """A copy of the package with some of `TOYS`."""
    sharing.package(folder / "pixelwise")
    for toy in toys:
        (folder / METRICS / toy).write_text(TOYS[toy])
    return folder


def python(folder: Path, code: str, *words: str, cwd: Path | None = None) -> str:
    env = os.environ | {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
    made = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=cwd or folder, env=env, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr[-2000:]
    return made.stdout


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A small run by a package with both toys: `out`, the rows of its summary, its page, its figures by name."""
    folder = package(tmp_path_factory.mktemp("toy"), *TOYS)
    python(folder, RUN)
    out = folder / "results/toy"
    index = json.loads((out / "figures/figures.json").read_text())
    return SimpleNamespace(
        out=out,
        summary=rows(out / "summary/metrics.csv"),
        page=(out / "report/index.html").read_text("utf-8"),
        drawn={figure["name"]: figure for figure in index["figures"]},
        missing={figure["name"]: figure["why"] for figure in index["missing"]},
    )


def of(toy: SimpleNamespace, name: str) -> list[dict[str, str]]:
    return [row for row in toy.summary if row["metric"] == name]


def table(page: str, anchor: str) -> tuple[list[str], list[list[str]]]:
    """Headings and cells of a table of the page."""
    found = re.search(rf'id="{anchor}".*?<table.*?</table>', page, re.DOTALL)
    assert found, anchor
    lines = re.findall(r"<tr.*?</tr>", found[0], re.DOTALL)
    cells = [
        [html.unescape(re.sub(r"<[^>]*>", "", cell)).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", line, re.S)]
        for line in lines
    ]
    return cells[0], cells[1:]


def test_a_metric_of_restoration_is_computed_as_it_is_defined(toy: SimpleNamespace) -> None:
    from skimage import data

    noisy = {(row["model"], float(row["sigma"])): row for row in of(toy, "mean_error")}
    assert set(noisy) == {(model, sigma) for model in ("identity", "tile_mean") for sigma in (15.0, 25.0)}
    images = [data.camera()[place : place + 48, 100:164] for place in (100, 200, 300)]
    for sigma in (15.0, 25.0):
        draws = [np.random.RandomState(i).normal(0, sigma, image.shape) for i, image in enumerate(images)]
        row = noisy["identity", sigma]
        assert float(row["value"]) == pytest.approx(np.mean([abs(draw).mean() for draw in draws]), rel=1e-5)
        assert row["unit"] == "grey levels" and float(row["low"]) < float(row["value"]) < float(row["high"])
    means = [image.astype(float).reshape(3, 16, 4, 16).mean((1, 3)).repeat(16, 0).repeat(16, 1) for image in images]
    least = np.mean([abs(image - mean).mean() for image, mean in zip(images, means, strict=True)])
    assert float(noisy["tile_mean", 15.0]["value"]) == pytest.approx(least, rel=0.05)  # the noise averages out


def test_a_metric_of_segmentation_is_computed_as_it_is_defined(toy: SimpleNamespace) -> None:
    (row,) = of(toy, "weighted_iou")
    folder = toy.out / "segment/scenes/real/seed0"
    cells = {(cell["truth"], cell["predicted"]): int(cell["pixels"]) for cell in rows(folder / "confusion.csv")}
    total, wanted = sum(cells.values()), 0.0
    for name in "xyz":
        truth = sum(count for (t, _), count in cells.items() if t == name)
        union = truth + sum(count for (t, p), count in cells.items() if p == name and t != name)
        wanted += truth / total * cells[name, name] / union if union else 0
    assert total == 4 * 32 * 64 and wanted > 0
    assert float(row["value"]) == pytest.approx(100 * wanted) and row["unit"] == "%"
    assert {line["metric"] for line in rows(folder / "per_image.csv")} >= {"miou", "weighted_iou"}
    assert "weighted_iou" in rows(folder / "resamples.csv")[0]


def test_the_tables_have_a_column_with_label_unit_and_direction(toy: SimpleNamespace) -> None:
    heads, lines = table(toy.page, "table-denoising")
    place = heads.index("mean error, grey levels (lower is better)")
    assert len(heads) <= 12 and len(lines) == 4
    (noisy,) = [row for row in of(toy, "mean_error") if (row["model"], row["sigma"]) == ("identity", "15.0")]
    assert any(line[place].startswith(f"{float(noisy['value']):.3f} grey levels [") for line in lines)
    heads, lines = table(toy.page, "table-miou")
    shown = lines[0][heads.index("weighted IoU, % (higher is better)")]
    assert float(shown.split(" ")[0]) == pytest.approx(float(of(toy, "weighted_iou")[0]["value"]), abs=0.5)
    paired = [row for row in rows(toy.out / "differences.csv") if row["metric"] == "mean_error"]
    assert len(paired) == 2 and {row["unit"] for row in paired} == {"grey levels"}


def test_the_figures_have_panels_of_it(toy: SimpleNamespace) -> None:
    drawn = toy.drawn["denoising_photos"]
    assert "PSNR, mean error" in drawn["title"]
    (noisy,) = [row for row in of(toy, "mean_error") if (row["model"], row["sigma"]) == ("identity", "15.0")]
    (_, alt) = drawn["alt"].split("mean error, grey levels (lower is better). noise 15: ")
    assert f"Noisy input {float(noisy['value']):.3f}" in alt.partition(";")[0]
    svg = (toy.out / "figures/denoising_photos.svg").read_text()
    assert svg.count("mean error, grey levels (lower is better)") == 2 and svg.count("PSNR, dB (higher is better)") == 2
    against_time = toy.drawn["weighted_iou_runtime"]
    assert against_time["title"] == "Weighted IoU against inference time"
    svg = (toy.out / "figures/weighted_iou_runtime.svg").read_text()
    assert "weighted IoU, %" in svg and "higher is better" in svg


def planned(folder: Path) -> dict[str, Any]:
    """Descriptions of the jobs of `tiny`; packages side by side share what was parsed."""
    found: dict[str, Any] = json.loads(python(folder, PLAN, str(ROOT / "params.yaml"), "tiny", cwd=folder.parent))
    return found


def test_a_metric_makes_its_own_jobs_stale_and_no_other(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    sharing.know_sources(tmp_path_factory, tmp_path)
    before = planned(package(tmp_path / "before"))
    reports = {"summarise", "judge", "figures", "report"}
    for name, step in (("restoration/mean_error.py", "restore"), ("segmentation/weighted_iou.py", "segment")):
        after = planned(package(tmp_path / step, name))
        assert set(after) == set(before)
        changed = {job.split("/")[0] for job in before if before[job] != after[job]}
        assert changed == {step} | reports
        assert all(before[job] != after[job] for job in before if job.split("/")[0] == step)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "declares no METRICS"),
        (MEAN_ERROR.replace('"differences"', '"front"'), r"mean_error: shown\.2: Input should be 'table'"),
        (MEAN_ERROR.replace('"mean_error"', '"psnr"'), "psnr: another metric of kind restoration has this name"),
    ],
)
def test_a_wrong_declaration_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    (package(tmp_path) / METRICS / "restoration/mean_error.py").write_text(text)
    code = "from pixelwise.errors import PixelwiseError\nfrom pixelwise.quantities import metrics\n"
    code += "try:\n    metrics('restoration')\nexcept PixelwiseError as error:\n    print(error)"
    (line,) = python(tmp_path, code).splitlines()
    assert re.search(message, line) and line.startswith("pixelwise.evaluation.metrics.restoration.")

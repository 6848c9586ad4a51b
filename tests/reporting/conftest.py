"""A planted run: plausible numbers that nobody measured, for tests of the reporting alone."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from pixelwise.artifacts import digest, write_json, write_manifest
from pixelwise.claims import judge
from pixelwise.data.pack_writing import Item, write_pack
from pixelwise.record import Record, Run, Value, write_records
from pixelwise.reporting import figures, summary
from pixelwise.settings.claims import JudgeSettings
from pixelwise.settings.reporting import FiguresSettings, SummarySettings
from tests.sharing import made_once

PLANTED = {"cpu": "PLANTED test processor", "threads": 2, "device": "cpu", "torch": "0"}
TIMES = {"asapnet": 410.0, "pix2pixhd": 1180.0}
PALETTE = [[128, 64, 128], [70, 70, 70], [70, 130, 180], [0, 0, 142], [220, 20, 60]]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CLASSES = ["road", "building", "sky", "car", "pedestrian"]


def run(name: str, kind: str) -> Run:
    """A network for each name, timed as published."""
    architecture = {"pix2pixhd": "pix2pixhd_global"}.get(name, "dncnn" if name.startswith("dncnn") else name)
    return Run(architecture=architecture, network=digest(name), treatment="published" if kind == "latency" else None)


def record(kind: str, task: str, model: str, values: dict[str, Value], **more) -> Record:
    defaults = {"dataset": "streets", "protocol": "planted", "n": 20, "synthetic": True, "short": True}
    runs = {side: run(name, kind) for side, name in zip(("subject", "rival"), model.split("/"), strict=False)}
    return Record(kind=kind, task=task, model=model, values=values, hardware=PLANTED, **{**defaults, **runs, **more})


def spread(value: float, width: float, unit: str) -> Value:
    return Value(value=value, unit=unit, low=value - width, high=value + width, interval="bootstrap, 95 %")


def _job(root: Path, job: str, kind: str) -> Path:
    folder = root / "results/planted" / job
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _close(root: Path, job: str, kind: str, folder: Path) -> None:
    description = {"id": job, "kind": kind, "out": folder.relative_to(root).as_posix(), "code": {"a.py": "0" * 64}}
    write_manifest(folder, description, {})


def _timing(root: Path) -> Path:
    folder = _job(root, "time/translation", "time")
    records = []
    for height, width, factor in ((256, 512, 1.0), (512, 1024, 4.2)):
        condition = {
            "height": height,
            "width": width,
            "batch": 1,
            "precision": "fp32",
            "scope": "generator",
            "mode": "published",
        }
        clean = {
            "protocol": "timing",
            "condition": condition,
            "synthetic": False,
            "short": False,
            "n": 40,
            "dataset": "none",
        }
        for model, time in TIMES.items():
            own = time * factor * (0.8 if model == "asapnet" and factor > 1 else 1)
            records.append(
                record(
                    "latency",
                    "translation",
                    model,
                    {
                        "median": spread(own, own * 0.02, "ms"),
                        "gflop": Value(value=own / 4, unit="GFLOP"),
                        "p90": Value(value=own * 1.1, unit="ms"),
                        "p99": Value(value=own * 1.2, unit="ms"),
                    },
                    **clean,
                )
            )
        records.append(
            record(
                "latency",
                "translation",
                "pix2pixhd/asapnet",
                {"ratio": spread(2.88 if factor == 1 else 3.6, 0.08, "1")},
                **clean,
            )
        )
    for model, gmacs in (("asapnet", (48.9, 55.3)), ("pix2pixhd", (122.3, 489.3))):
        for size, value in zip(((256, 512), (512, 1024)), gmacs, strict=True):
            counted = {"condition": {"height": size[0], "width": size[1]}, "synthetic": False, "short": False, "n": 1}
            operations = {"gmacs": Value(value=value, unit="GMAC"), "parameters": Value(value=8e7, unit="1")}
            records.append(record("flops", "translation", model, operations, dataset="random", **counted))
    write_records(folder / "metrics.json", records)
    _close(root, "time/translation", "time", folder)
    folder = _job(root, "time/denoising", "time")
    condition = {
        "height": 321,
        "width": 481,
        "batch": 1,
        "precision": "fp32",
        "scope": "generator",
        "mode": "published",
    }
    clean = {
        "protocol": "timing",
        "condition": condition,
        "synthetic": False,
        "short": False,
        "n": 40,
        "dataset": "none",
    }
    write_records(
        folder / "metrics.json",
        [
            record("latency", "denoising", name, {"median": spread(time, 5, "ms")}, **clean)
            for name, time in (("dncnn_s", 620.0), ("asapnet_direct", 150.0), ("asapnet_residual", 152.0))
        ],
    )
    _close(root, "time/denoising", "time", folder)
    return folder


def _quality(root: Path) -> None:
    for number, (model, fid, iou) in enumerate(
        (("asapnet", 88.0, 0.31), ("pix2pixhd", 80.0, 0.36), ("real", 14.0, 0.71), ("shuffled", 0, 0.12))
    ):
        condition = {"height": 256, "width": 512}
        if model != "shuffled":
            folder = _job(root, f"fid/streets/{model}/seed0", "fid")
            write_records(
                folder / "metrics.json",
                [
                    record(
                        "fid",
                        "translation",
                        model,
                        {"fid": spread(fid, 3, "1")},
                        protocol="pytorch-fid",
                        condition=condition,
                        seed=0,
                    )
                ],
            )
            _close(root, f"fid/streets/{model}/seed0", "fid", folder)
        folder = _job(root, f"segment/streets/{model}/seed0", "segment")
        per_class = {
            f"iou_{name}": Value(value=100 * max(0.02, iou + 0.05 * (2 - place)), unit="%")
            for place, name in enumerate(CLASSES)
        }
        values = {"miou": spread(100 * iou, 2, "%"), "acc_all": spread(100 * iou + 20, 2, "%"), **per_class}
        write_records(
            folder / "metrics.json",
            [
                record(
                    "segmentation",
                    "translation",
                    model,
                    values,
                    protocol="native",
                    condition=condition,
                    seed=number * 0,
                )
            ],
        )
        _close(root, f"segment/streets/{model}/seed0", "segment", folder)


def _samples(folder: Path, methods: list[str], rng: np.random.Generator) -> None:
    (folder / "samples").mkdir()
    listed = []
    for image in ("test001", "test002"):
        for method in ("clean", "degraded", *methods):
            file = f"samples/{image}_sigma25_{method}.png"
            Image.fromarray(rng.integers(90, 160, (48, 48), dtype=np.uint8)).save(folder / file)
            listed.append({"file": file, "image": image, "sigma": 25.0, "method": method})
    write_json(folder / "samples.json", {"samples": listed})


def _restoration(root: Path) -> None:
    rng = np.random.default_rng(0)
    base = {15: 31.5, 25: 29.0, 50: 26.0}
    scene = rng.normal(0, 2, 12)
    losses = {"dncnn_s": 0.0, "asapnet_direct": 6.0, "asapnet_residual": 3.1}
    floors = {
        "identity": (6.9, 8.8, 11.9),
        "tile_mean": (11.5, 9.0, 6.1),
        "tile_wiener": (3.9, 4.2, 4.1),
        "bm3d": (0.4, 0.4, 0.4),
    }
    for job, methods in (*((name, {name: (loss,) * 3}) for name, loss in losses.items()), ("baselines", floors)):
        folder = _job(root, f"restore/bsd68/{job}/seed0", "restore")
        records, rows = [], []
        for name, drops in methods.items():
            for (sigma, level), drop in zip(base.items(), drops, strict=True):
                values = level - drop + scene + rng.normal(0, 0.05, 12)
                mean = float(values.mean())
                records.append(
                    record(
                        "restoration",
                        "denoising",
                        name,
                        {
                            **{"psnr": spread(mean, 0.9, "dB"), "ssim": Value(value=0.8 - drop / 30, unit="1")},
                            **{"blockiness": spread(1 + drop / 5, 0.02, "1"), "blockiness_clean": spread(1, 0.01, "1")},
                        },
                        dataset="bsd68",
                        protocol="bsd68",
                        condition={"sigma": sigma, "period": 16},
                        n=12,
                        synthetic=False,
                    )
                )
                rows += [
                    [name, sigma, f"test{place:03d}", "psnr", f"{value:.6f}"] for place, value in enumerate(values)
                ]
        _samples(folder, list(methods), rng)
        write_records(folder / "metrics.json", records)
        with (folder / "per_image.csv").open("w", newline="") as stream:
            csv.writer(stream).writerows([["model", "sigma", "image", "metric", "value"], *rows])
        _close(root, f"restore/bsd68/{job}/seed0", "restore", folder)


def _training(root: Path) -> None:
    rng = np.random.default_rng(1)
    for dataset, model, series in (
        ("streets", "asapnet", ("generator", "discriminator")),
        ("streets", "pix2pixhd", ("generator", "discriminator")),
        ("photos", "dncnn", ("loss", "psnr")),
    ):
        folder = _job(root, f"train/{dataset}/{model}/seed0", "train")
        with (folder / "loss.csv").open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["step", "samples", *series])
            for step in range(10, 1010, 10):
                fall = [
                    3 * np.exp(-step / 300) + 0.2 + 0.05 * rng.random(),
                    20 + 6 * (1 - np.exp(-step / 200)) if "psnr" in series else 1 + 0.1 * rng.random(),
                ]
                writer.writerow([step, step * 4, *(f"{value:.5f}" for value in fall)])
        write_json(
            folder / "training.json",
            {
                **{"dataset": {"synthetic": dataset == "streets"}, "short": True, "steps": 1000, "presentations": 4000},
                "deviations": [{"name": "steps", "published": 100000, "here": 1000}],
            },
        )
        _close(root, f"train/{dataset}/{model}/seed0", "train", folder)


def _scene(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A label map of three bands and a noisy picture of it, uint8 [64, 128] and [64, 128, 3]."""
    labels = np.repeat(np.repeat(np.sort(rng.integers(0, 5, 8)), 8)[:, None], 128, axis=1).astype(np.uint8)
    noise = rng.integers(0, 60, (64, 128, 3))
    return labels, np.clip(np.asarray(PALETTE, dtype=np.int64)[labels] * 0.7 + noise, 0, 255).astype(np.uint8)


def _data(root: Path) -> None:
    rng = np.random.default_rng(2)
    folder = _job(root, "prepare/streets", "prepare")
    scenes = [_scene(rng) for _ in range(5)]
    items = [Item(f"scene{place:02d}", image, labels) for place, (labels, image) in enumerate(scenes)]
    splits = {"val": {"n": 5, "names": write_pack(folder, "val", items)}}
    facts = {"kind": "streets", "task": "translation", "synthetic": True, "palette": PALETTE, "splits": splits}
    facts |= {"licence": "MIT (drawn by this program)", "address": "drawn by this program"}
    write_json(folder / "dataset.json", facts)
    _close(root, "prepare/streets", "prepare", folder)
    for model in ("asapnet", "pix2pixhd"):
        folder = _job(root, f"generate/streets/{model}/seed0", "generate")
        (folder / "images").mkdir(exist_ok=True)
        for item in items:
            fake = np.clip(item.image * 0.8 + rng.integers(0, 40, item.image.shape), 0, 255).astype(np.uint8)
            Image.fromarray(fake).save(folder / f"images/{item.name}.png")
        _close(root, f"generate/streets/{model}/seed0", "generate", folder)


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """A headless Chromium; the test is skipped where there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="needs the Python package playwright")
    path = os.environ.get("PIXELWISE_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip("needs Chromium: install the package 'chromium', or set PIXELWISE_CHROMIUM to its program")
    with api.sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture(scope="session")
def planted(tmp_path_factory) -> SimpleNamespace:
    """Folders of a planted run: `root`, `jobs` (job id -> folder), `inputs` of the report, `summary`, `figures`."""
    root = made_once(tmp_path_factory, "planted", _plant)
    base = root / "results/planted"
    jobs = _jobs(root)
    made = {name: base / name for name in ("summary", "claims", "figures")}
    index = json.loads((made["figures"] / "figures.json").read_text())
    return SimpleNamespace(root=root, jobs=jobs, scored=_scored(jobs), inputs={**made, **jobs}, index=index, **made)


def _plant(root: Path) -> None:
    for make in (_timing, _quality, _restoration, _training, _data):
        make(root)
    base = root / "results/planted"
    jobs = _jobs(root)
    made = {name: base / name for name in ("summary", "claims", "figures")}
    for folder in made.values():
        folder.mkdir()
    scored = _scored(jobs)
    summary.run(SummarySettings(run="planted", resamples=200), scored, made["summary"], root)
    judge.run(JudgeSettings(run="planted"), {"summary": made["summary"], **scored}, made["claims"], root)
    figures.run(FiguresSettings(run="planted", dpi=80), {"summary": made["summary"]}, made["figures"], root)


def _jobs(root: Path) -> dict[str, Path]:
    base = root / "results/planted"
    return {path.parent.relative_to(base).as_posix(): path.parent for path in sorted(base.rglob("manifest.json"))}


def _scored(jobs: dict[str, Path]) -> dict[str, Path]:
    return {job: folder for job, folder in jobs.items() if not job.startswith(("generate/", "prepare/"))}

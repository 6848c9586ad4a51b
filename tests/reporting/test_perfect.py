"""A perfect restoration: its PSNR is infinite, and that is a value in every file, table, figure and on the page."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from pixelwise.artifacts import write_text
from pixelwise.claims import judge
from pixelwise.evaluation.metrics.restoration.psnr import psnr
from pixelwise.evaluation.score_cache import ScoreCache
from pixelwise.evaluation.statistics import bootstrap_mean, paired_difference, percentile_interval
from pixelwise.record import Record, Value, measured, read_records, write_records
from pixelwise.reporting import figures, page_tables, paired_differences, summary, terminal_tables, tidy_tables
from pixelwise.settings.claims import JudgeSettings
from pixelwise.settings.reporting import FiguresSettings, SummarySettings

PERFECT = [31.0, math.inf, 33.0]
USUAL = [29.0, 30.0, 28.0]


def test_statistics_take_infinity() -> None:
    assert bootstrap_mean([math.inf, math.inf]) == (math.inf, math.inf, math.inf)
    mean, low, high = bootstrap_mean(PERFECT)
    assert mean == high == math.inf and 31.0 <= low < math.inf
    assert paired_difference(PERFECT, PERFECT) == (0.0, 0.0, 0.0)
    assert paired_difference(PERFECT, USUAL)[0] == math.inf
    assert all(math.isnan(end) for end in paired_difference([1.0, math.inf], [math.inf, 1.0]))
    assert all(math.isnan(end) for end in percentile_interval([math.nan]))
    with pytest.raises(ValueError, match="finite"):
        bootstrap_mean([1.0, math.nan])


@pytest.mark.filterwarnings("error")
def test_psnr_of_the_same_image_is_infinite_without_a_warning() -> None:
    image = np.random.default_rng(0).random((8, 8))
    assert psnr(image, image) == math.inf


def test_the_ledger_keeps_infinity(tmp_path: Path) -> None:
    ScoreCache(tmp_path / "scores.jsonl").put("a", {"psnr": math.inf, "ssim": 1.0})
    assert json.loads((tmp_path / "scores.jsonl").read_text())["scores"]["psnr"] == "Infinity"
    assert ScoreCache(tmp_path / "scores.jsonl").get("a") == {"psnr": math.inf, "ssim": 1.0}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two denoisers on three images, one of which the first restores perfectly; summary, claims and figures."""
    root = tmp_path_factory.mktemp("perfect")
    jobs = {}
    for name, scores in (("identity_8bit", PERFECT), ("dncnn", USUAL)):
        folder = root / name
        folder.mkdir()
        mean, low, high = bootstrap_mean(scores)
        values = {"psnr": measured(mean, "dB", low, high, "bootstrap"), "ssim": Value(value=0.9, unit="1")}
        facts = {"dataset": "bsd68", "protocol": "bsd68", "condition": {"sigma": 25.0}, "n": 3}
        marks = {"synthetic": False, "short": False}
        record = Record(kind="restoration", task="denoising", model=name, values=values, **facts, **marks)
        write_records(folder / "metrics.json", [record])
        rows = [f"{name},25,image{place},psnr,{score:.9g}" for place, score in enumerate(scores)]
        write_text(folder / "per_image.csv", "\n".join(["model,sigma,image,metric,value", *rows]) + "\n")
        jobs[f"restore/bsd68/{name}/seed0"] = folder
    made = {name: root / name for name in ("summary", "claims", "figures")}
    for folder in made.values():
        folder.mkdir()
    summary.run(SummarySettings(run="perfect", resamples=100), jobs, made["summary"], root)
    judge.run(JudgeSettings(run="perfect"), jobs, made["claims"], root)
    figures.run(FiguresSettings(run="perfect", dpi=50), {"summary": made["summary"]}, made["figures"], root)
    return made | jobs


def test_files_hold_it_in_the_documented_way(run: dict[str, Path]) -> None:
    folder = run["restore/bsd68/identity_8bit/seed0"]
    assert '"value": "Infinity"' in (folder / "metrics.json").read_text()
    assert read_records(folder / "metrics.json")[0].values["psnr"].value == math.inf
    table = tidy_tables.read_all(run["summary"]).set_index(["model", "metric"])
    assert table.loc[("identity_8bit", "psnr"), "value"] == math.inf
    (row,) = paired_differences.read(run["summary"]).to_dict("records")
    assert (row["model"], row["difference"], row["high"]) == ("identity_8bit", math.inf, math.inf)


def test_tables_and_sentences_show_it(run: dict[str, Path]) -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    terminal_tables.show(run["summary"], console)
    shown = console.export_text()
    assert "\u221e dB [" in shown and "nan" not in shown and "inf" not in shown.lower().replace("infinit", "")
    table = page_tables.differences(paired_differences.read(run["summary"]))
    assert "+\u221e dB [" in table.rows[0][-2]


def test_figures_name_what_no_axis_can_show(run: dict[str, Path]) -> None:
    index = json.loads((run["figures"] / "figures.json").read_text())
    drawn = {entry["name"]: entry for entry in index["figures"]}
    assert "has an infinite PSNR" in drawn["denoising"]["caption"]


def test_it_stands_beside_the_claims_and_decides_none(run: dict[str, Path]) -> None:
    document = json.loads((run["claims"] / "claims.json").read_text())
    assert document["left_out"] == []
    used = [record for claim in document["claims"] for record in claim["evidence"] if record["model"] != "dncnn"]
    assert used == []

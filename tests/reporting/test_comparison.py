"""`pixelwise compare`: recorded runs against themselves, against each other and against changed copies."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from rich.console import Console

from pixelwise.artifacts import write_json
from pixelwise.errors import PixelwiseError
from pixelwise.reporting import compared_curves, compared_numbers, compared_runs, comparison, style
from pixelwise.reporting.compared_runs import Side
from tests.voice import faults, printed

RECORDED = Path(__file__).parents[2] / "results" / "recorded"
TINY, STREET = RECORDED / "tiny", RECORDED / "street-cpu"


def text(*arguments, width=80, **options):
    console = Console(width=width, record=True, file=io.StringIO())
    comparison.show(*arguments, console=console, **options)
    return console.export_text()


def copied(folder, *parts):
    """A copy of parts of the recorded tiny run, without manifests, so that it may be changed."""
    for part in parts:
        shutil.copytree(TINY / part, folder / part)
    for path in folder.rglob("manifest.json"):
        if "train" not in path.parts:
            path.unlink()
    return folder


def test_paired_differences_are_those_of_the_pictures():
    run = compared_runs.read(TINY)
    found, _ = compared_numbers.compared(Side(run, "dncnn_narrow"), Side(run, "asapnet_narrow"))
    own = next(each for each in found if each.what == "photos, sigma 25" and each.metric.name == "psnr")
    columns = []
    for entry in ("dncnn_narrow", "asapnet_narrow"):
        table = pd.read_csv(TINY / f"restore/photos/{entry}/seed0/per_image.csv")
        table = table[table["model"].eq(entry) & table["metric"].eq("psnr") & table["sigma"].eq(25)]
        columns.append(table.set_index("image")["value"])
    difference = (columns[1] - columns[0]).to_numpy()
    draws = np.random.default_rng(5).choice(difference, (20000, len(difference))).mean(1)
    assert own.n == len(difference) and own.difference == pytest.approx(difference.mean())
    spread = difference.std()
    assert (own.low, own.high) == pytest.approx(np.quantile(draws, [0.025, 0.975]), abs=0.1 * spread)
    assert own.better == "A"


def test_draws_of_one_set_of_pictures_are_paired():
    run = compared_runs.read(TINY)
    found, _ = compared_numbers.compared(Side(run, "asapnet"), Side(run, "spade"))
    own = next(each for each in found if each.what == "streets, native" and each.metric.name == "miou")
    draws = [pd.read_csv(TINY / f"segment/streets/{name}/seed0/resamples.csv") for name in ("asapnet", "spade")]
    native = [table[table["protocol"].eq("native")]["miou"].to_numpy() for table in draws]
    width = np.subtract(*np.quantile(native[1] - native[0], [0.975, 0.025]))
    assert own.high - own.low == pytest.approx(width) and own.low < own.difference < own.high


def test_two_entries_of_a_run_are_told_in_80_columns(tmp_path):
    file = tmp_path / "curves.svg"
    told = text(TINY, None, ("dncnn_narrow", "asapnet_narrow"), figure=file)
    assert all(len(line.rstrip()) <= 80 for line in told.splitlines() if "results" not in line)
    for part in ("A: dncnn_narrow of ", "architecture", "asapnet_like_dncnn", "PSNR, dB", "B / A, in turn"):
        assert part in told
    for warning in ("Only 5 pictures", "One seed (both)", "Short trainings"):
        assert warning in told
    drawn = file.read_text()
    assert drawn.startswith("<?xml") and all(colour.lower() in drawn for colour in style.TINTS[:2])


def test_a_run_equals_itself():
    run = compared_runs.read(TINY)
    for a, b in compared_runs.pairs(run, compared_runs.read(TINY), ()):
        found, remarks = compared_numbers.compared(a, b)
        assert compared_runs.differing(a, b) == [] and remarks == [] and (found or a.entry == "segmenter")
        assert all(
            each.difference == 0 and each.better != "A" and each.better != "B" for each in found if not each.ratio
        )


def test_a_changed_copy_is_seen(tmp_path):
    other = copied(tmp_path / "other", "restore", "train")
    manifest = other / "train/photos/dncnn_narrow/seed0/manifest.json"
    document = json.loads(manifest.read_text())
    document["job"]["settings"]["learning_rate"] = 0.5
    document.pop("digest")
    write_json(manifest, document)
    for name, change in (("baselines", 0.5), ("dncnn_narrow", 1.0)):
        folder = other / f"restore/photos/{name}/seed0"
        records = json.loads((folder / "metrics.json").read_text())
        for record in records["records"]:
            for end in ("value", "low", "high"):
                if isinstance(record["values"]["psnr"].get(end), float):
                    record["values"]["psnr"][end] += change
            if name == "dncnn_narrow" and record["condition"]["sigma"] == 15:
                record["protocol_hash"] = "other"
        write_json(folder / "metrics.json", records)
        table = pd.read_csv(folder / "per_image.csv")
        table.loc[table["metric"].eq("psnr"), "value"] += change
        table.to_csv(folder / "per_image.csv", index=False)
    told = text(TINY, other, width=200)
    assert "learning_rate" in told and "0.002" in told and "0.5" in told
    assert "+1.00 [+1.00, +1.00]" in told
    assert "Other data: identity has psnr" in told
    assert "photos, sigma 15: not compared, for the two runs define this protocol differently." in told.replace(
        "Photos", "photos"
    )
    assert "Settings: the same, as far as these runs tell." in told  # of asapnet_narrow


def test_runs_that_keep_no_training_are_compared_by_their_records():
    told = text(STREET, None, ("dncnn", "asapnet_residual"))
    assert (
        "architecture" in told
        and "bsd68, sigma 25" in told.replace("\n", "")
        and "Only" not in told.split("Differences")[0]
    )
    rows = compared_curves.panels(
        compared_runs.pairs(run := compared_runs.read(STREET), run, ("dncnn", "asapnet_residual"))
    )
    assert [series for _, _, series, *_ in rows] == ["loss", "psnr"]


def test_figure_has_both_in_one_panel(tmp_path):
    run = compared_runs.read(STREET)
    pairs = compared_runs.pairs(run, run, ("dncnn", "dncnn_equal"))
    made = compared_curves.figure(pairs)
    for axes in made.axes:
        assert len({line.get_color() for line in axes.lines}) == 2
    compared_curves.write(pairs, tmp_path / "c.png", force=False)
    assert Image.open(tmp_path / "c.png").width > 600


@pytest.mark.parametrize(
    ("arguments", "options", "line"),
    [
        ((TINY, None), {}, r"one run; name a second one, or two entries of it by --entries$"),
        ((TINY / "time", TINY / "train"), {}, r"train: nothing was scored or trained in it"),
        ((TINY / "restore", TINY / "segment"), {}, r"no entry in common: .* name one of each by --entries$"),
        ((TINY, None, ("dncnn_wide", "spade")), {}, r"--entries: 'dncnn_wide' is not in .*tiny; it has .*dncnn_narrow"),
        ((Path("nowhere"), TINY), {}, r"nowhere: no such folder; runs here are "),
        ((RECORDED.parent / "bench", TINY), {}, r"bench: nothing was scored or trained in it"),
        ((TINY, None, ("asapnet", "spade")), {"figure": Path("x.pdf")}, r"x\.pdf: ending '\.pdf'; \.svg and \.png"),
        ((TINY, None, ("asapnet", "spade")), {"figure": Path("no/x.png")}, r"no: no such folder"),
    ],
)
def test_errors_are_one_line(arguments, options, line):
    with pytest.raises(PixelwiseError, match=line) as caught:
        text(*arguments, **options)
    assert "\n" not in str(caught.value)


def test_the_command_imports_no_torch(tmp_path):
    words = ["compare", str(TINY), "--entries", "asapnet", "spade", "--figure", "c.svg"]
    code = (
        f"import sys; from pixelwise.cli import app; app({words}, standalone_mode=False); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "False", done.stderr
    assert (tmp_path / "c.svg").is_file()


def test_it_speaks_plainly():
    for runs, entries in (((TINY, None), ("asapnet", "spade")), ((TINY, STREET), ())):
        assert faults(printed(text(*runs, entries, width=2000))) == []

"""What DVC compares: at most 20 numbers, one row a network, within 100 columns; and curves by the names of losses."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml
from dvc.compare import show_diff, show_metrics

from pixelwise.reporting import curves, key_numbers, tidy_tables
from pixelwise.training.adversarial import Translation
from pixelwise.training.denoising import Restoration
from pixelwise.training.segmentation import Segmentation

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "results/recorded"
TRAINED = {
    "tiny": ["asapnet", "asapnet_narrow", "dncnn_narrow", "pix2pixhd", "segmenter", "spade"],
    "street-cpu": [
        *("asapnet_l2", "asapnet_residual", "asapnet_residual_s4", "asapnet_residual_s8", "dncnn", "dncnn_equal"),
        *("dncnn_released", "dncnn_s15", "dncnn_s50", "asapnet_report", "asapnet", "pix2pixhd"),
    ],
}


@pytest.fixture(params=TRAINED)
def found(request):
    table = tidy_tables.read_all(RECORDED / request.param / "summary")
    return request.param, table, key_numbers.gather(table, TRAINED[request.param])


def test_the_numbers_fit_a_screen_as_dvc_shows_them(found, capsys):
    run, _, numbers = found
    assert 8 < sum(map(len, numbers.values())) <= key_numbers.MOST
    shown = {f"results/{run}/summary/key/{name}.json": {"data": values} for name, values in numbers.items()}
    show_metrics({"": {"data": shown}}, precision=5, round_digits=True)
    changed = {
        path: {name: {"old": value, "new": value * 1.01, "diff": value * 0.01} for name, value in entry["data"].items()}
        for path, entry in shown.items()
    }
    show_diff(changed, title="Metric", precision=5, round_digits=True, a_rev="HEAD", b_rev="workspace")
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100, max(lines, key=len)
    assert len(lines) == 1 + len(numbers) + 1 + sum(map(len, numbers.values()))


def test_each_is_a_number_of_the_tables(found):
    _, table, numbers = found
    for model, values in numbers.items():
        for name, value in values.items():
            kind, metric, _, _ = key_numbers.COLUMNS[name]
            rows = table[table["model"].eq(model) & table["kind"].eq(kind) & table["metric"].eq(metric)]
            assert value == pytest.approx(rows["value"].iloc[(rows["value"] - value).abs().argmin()], rel=1e-4)


def test_seeds_are_averaged_and_files_hold_what_was_found(tmp_path):
    table = tidy_tables.read_all(RECORDED / "tiny/summary")
    other = table.assign(seed=1, value=table["value"] + 2)
    numbers = key_numbers.gather(pd.concat([table, other], ignore_index=True), ["dncnn_narrow"])
    alone = key_numbers.gather(table, ["dncnn_narrow"])
    assert numbers["dncnn_narrow"]["psnr"] == pytest.approx(alone["dncnn_narrow"]["psnr"] + 1, rel=1e-4)
    key_numbers.write(numbers, tmp_path)
    assert json.loads((tmp_path / "dncnn_narrow.json").read_text()) == numbers["dncnn_narrow"]


def test_plots_name_the_losses_of_every_kind_of_training():
    known = {"translation": Translation, "denoising": Restoration, "segmentation": Segmentation}
    assert {name: set(losses) for name, losses in curves.LOSSES.items()} == {
        name: set(task.names) for name, task in known.items()
    }
    plots = yaml.safe_load((ROOT / "dvc.yaml").read_text())["plots"]
    assert plots == [
        {f"results/${{profile}}/summary/curves/{name}/": {"x": "step", "y": list(losses)}}
        for name, losses in curves.LOSSES.items()
    ]


def test_a_curve_lies_in_the_folder_of_its_losses(tmp_path):
    table = curves.read(RECORDED / "tiny/summary")
    curves.write_each(table, tmp_path)
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.csv")}
    assert "denoising/photos-dncnn_narrow-seed0.csv" in written and "translation/streets-spade-seed0.csv" in written
    assert len(written) == table["job"].nunique() and not (tmp_path / "other").exists()

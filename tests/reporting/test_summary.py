"""The tables: everything that was measured is in them, in a form that repeats to the byte."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

from pixelwise.errors import PixelwiseError
from pixelwise.record import read_records
from pixelwise.reporting import curves, paired_differences, summary, tidy_tables
from pixelwise.settings.reporting import SummarySettings


def test_every_value_of_every_record_has_one_row(planted):
    table = tidy_tables.read_all(planted.summary)
    expected = {
        (f"{job}/metrics.json", record.model, name, value.value)
        for job, folder in planted.scored.items()
        if (folder / "metrics.json").exists()
        for record in read_records(folder / "metrics.json")
        for name, value in record.values.items()
    }
    assert set(zip(table["source"], table["model"], table["metric"], table["value"], strict=True)) == expected


def test_timings_stand_apart(planted):
    assert set(tidy_tables.read(planted.summary / "timings.csv")["kind"]) == {"latency"}
    repeatable = tidy_tables.read(planted.summary / "metrics.csv")
    assert "latency" not in set(repeatable["kind"])
    assert not set(repeatable["unit"]) & tidy_tables.TIMING_UNITS


def test_two_runs_give_the_same_bytes(planted, tmp_path):
    out = tmp_path / "again"
    out.mkdir()
    shuffled = dict(reversed(planted.scored.items()))
    summary.run(SummarySettings(run="planted", resamples=200), shuffled, out, tmp_path)
    files = sorted(path.relative_to(out) for path in out.rglob("*") if path.is_file())
    assert len(files) >= 9
    for name in files:
        assert (out / name).read_bytes() == (planted.summary / name).read_bytes(), name


def test_paired_difference_is_the_mean_of_differences(planted):
    table = pd.read_csv(planted.summary / "denoising_differences.csv")
    row = table[(table["model"] == "asapnet_direct") & (table["sigma"] == 25)].iloc[0]
    ours, theirs = (
        pd.read_csv(planted.jobs[f"restore/bsd68/{name}/seed0"] / "per_image.csv")
        .query("sigma == 25")["value"]
        .to_numpy()
        for name in ("asapnet_direct", "dncnn_s")
    )
    assert row["reference"] == "dncnn_s"
    assert row["difference"] == pytest.approx(np.mean(ours - theirs), abs=1e-9)
    assert row["low"] < row["difference"] < row["high"] < 0
    # The spread between images, 2 dB, cancels within pairs; the interval knows only the 0.05 dB that does not.
    assert row["high"] - row["low"] < 0.2


def test_reference_is_the_best_of_its_family():
    means = pd.Series({"dncnn_b": 29.1, "dncnn_s": 29.2, "asapnet": 24.0, "dncnn_in_name_alone": 30.0})
    networks = {"dncnn_b": "dncnn", "dncnn_s": "dncnn", "asapnet": "asapnet", "dncnn_in_name_alone": "asapnet"}
    assert paired_differences.reference_of(means, ["dncnn"], networks) == "dncnn_s"
    assert paired_differences.reference_of(means, ["dncnn_b", "dncnn"], networks) == "dncnn_b"
    assert paired_differences.reference_of(means, ["dncnn_equal", "dncnn"], networks) == "dncnn_s"
    assert paired_differences.reference_of(means, ["unet"], networks) is None


def test_curves_know_samples_and_leave_clocks_out(tmp_path):
    path = tmp_path / "loss.csv"
    path.write_text("step,loss,images_per_s,seconds\n10,1.5,90,1\n20,1.0,91,2\n")
    table = curves.tidy(path)
    assert set(table["series"]) == {"loss"}
    assert curves.parts("train/photos/dncnn/seed3") == ("photos", "dncnn", 3)


def test_curves_are_thinned_and_keep_the_last_step():
    thin = curves.thin(pd.DataFrame({"step": range(1, 5001)}))
    assert len(thin) <= curves.POINTS
    assert thin["step"].iloc[-1] == 5000


def test_samples_follow_from_presentations(planted):
    table = pd.read_csv(planted.summary / "curves.csv")
    assert (table["samples"] == table["step"] * 4).all()


@pytest.mark.parametrize("content", ["model,image\n", "nothing"])
def test_wrong_per_image_file_names_the_missing_column(planted, tmp_path, content):
    folder = tmp_path / "job"
    shutil.copytree(planted.jobs["restore/bsd68/dncnn_s/seed0"], folder)
    (folder / "per_image.csv").write_text(content)
    (folder / "manifest.json").unlink()
    with pytest.raises(PixelwiseError, match=r"per_image\.csv: lacks the column"):
        paired_differences.table({"restore/bsd68/dncnn_s/seed0": folder}, "dncnn", 100, 0)


def test_missing_summary_says_what_to_do(tmp_path):
    with pytest.raises(PixelwiseError, match="snakemake --cores 2 all"):
        tidy_tables.read_all(tmp_path)


def test_run_without_any_number_gives_empty_tables(tmp_path):
    summary.run(SummarySettings(run="empty"), {}, tmp_path, tmp_path)
    assert len(tidy_tables.read_all(tmp_path)) == 0
    assert not (tmp_path / "key").exists() or list((tmp_path / "key").iterdir()) == []

"""Texts about one change of a denoiser, and about photographs kept out of a training."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pixelwise.artifacts import write_json
from pixelwise.reporting import isolated_causes, readme_blocks
from pixelwise.reporting.naming import family

RECORDED = Path(__file__).parents[2] / "results"
RUN = "recorded/street-cpu"


def test_differences_are_those_of_each_image():
    """Against an independent sum over the recorded scores of every image."""
    made = isolated_causes.paired(RECORDED / RUN, "bsd68", 25.0, "asapnet_residual_windows")
    scores = [pd.read_csv(path) for path in (RECORDED / RUN / "restore" / "bsd68").rglob("per_image.csv")]
    table = pd.concat(scores).query("sigma == 25 and metric == 'psnr'").set_index(["model", "image"])["value"]
    wanted = (table["dncnn"] - table["asapnet_residual_windows"]).mean()
    row = next(row for row in made.rows if row[0] == "DnCNN")
    assert row[2].startswith(f"{wanted:+.2f} dB [") and row[3:] == ["68", "1", "short"]
    few = isolated_causes.paired(RECORDED / RUN, "bsd68", 25.0, "asapnet_residual_windows", ["dncnn", "identity"])
    assert few.rows == [row for row in made.rows if row[0] in ("DnCNN", "Noisy input")]
    assert [float(row[2].split()[0]) for row in made.rows] == sorted(
        (float(row[2].split()[0]) for row in made.rows), reverse=True
    )


@pytest.mark.parametrize(("gain", "word"), [(0.02, "under 0.03 dB"), (0.2, "not under 0.03 dB")])
def test_what_the_last_fifth_gained(tmp_path, gain, word):
    facts = {"images": 20, "sigma": 25.0, "psnr": 28.9, "gain_last_fifth": gain}
    folder = tmp_path / RUN / "train" / "train400" / "dncnn" / "seed0"
    folder.mkdir(parents=True)
    write_json(folder / "training.json", {"short": True, "presentations": 200000, "held_out": facts})
    said = readme_blocks.unseen(tmp_path, [RUN])
    assert said.startswith("DnCNN: 28.90 dB on 20 photographs kept out, after 200000 patches.")
    assert f"gained {gain:+.3f} dB, {word}" in said


def test_a_run_that_is_not_recorded_says_so(tmp_path):
    for block, more in ((readme_blocks.paired, ["bsd68", "25", "dncnn"]), (readme_blocks.unseen, [])):
        assert block(tmp_path, ["recorded/denoising", *more]) == "no run recorded yet"


def test_an_oracle_is_of_no_family():
    assert family("asapnet_residual_s8_windows_oracle") != family("asapnet_residual_s8_windows") == "asapnet"

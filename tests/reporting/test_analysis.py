"""Denoising at a glance: the table and the sentences that it supports."""

from __future__ import annotations

import pandas as pd
import pytest

from pixelwise.reporting import analysis, tidy_tables


@pytest.fixture
def table(planted) -> pd.DataFrame:
    return tidy_tables.read_all(planted.summary)


@pytest.fixture
def differences(planted) -> pd.DataFrame:
    return pd.read_csv(planted.summary / "denoising_differences.csv")


def test_methods_stand_in_order_with_time_beside_quality(table):
    made = analysis.comparison(table, "bsd68")
    at_25 = [row for row in made.rows if row[1] == "25"]
    values = [float(row[4].split()[0]) for row in at_25]
    assert values == sorted(values, reverse=True)
    row = next(row for row in at_25 if row[2] == "ASAP-Net direct")
    assert row[made.columns.index("ms")] == "150 [145, 155]"
    assert len(at_25) == 7


def test_sentences_say_what_the_numbers_say(table, differences):
    said = " ".join(analysis.sentences(table, differences))
    assert "the best form of ASAP-Net's generator is ASAP-Net residual. Its PSNR minus that of DnCNN s is -3.1" in said
    # Planted drops at sigma 25: 3.1 dB for the residual form, 4.2 dB for the tile Wiener filter.
    assert float(said.split("That is ")[1].split()[0]) == pytest.approx(1.1, abs=0.1)
    assert "above an affine map per 16x16 tile, computed without the original (Tile Wiener)" in said
    assert "Steps across its tile borders are 1.62 times the mean step" in said
    assert ", short run)" in said


def test_smaller_tiles_are_held_against_the_affine_map_of_their_own_size(table, differences):
    smaller = table["condition"].str.replace('"period": 16', '"period": 4')
    ours = table.assign(condition=table["condition"].where(~table["model"].eq("asapnet_residual"), smaller))
    assert "affine map" not in " ".join(analysis.sentences(ours, differences))
    floor = ours["model"].eq("tile_wiener")
    twin = ours[floor].assign(model="tile_wiener_s4", condition=smaller[floor])
    extra = differences[differences["model"].eq("tile_wiener")].assign(model="tile_wiener_s4")
    said = " ".join(analysis.sentences(pd.concat([ours, twin]), pd.concat([differences, extra])))
    assert "above an affine map per 4x4 tile" in said


def test_reversed_numbers_reverse_the_sentence(table, differences):
    better = differences.assign(difference=-differences["difference"])
    said = " ".join(analysis.sentences(table, better))
    assert "is ASAP-Net direct. Its PSNR minus that of DnCNN s is +6.0" in said
    assert "dB above an affine map per 16x16 tile, computed without the original" in said


def test_run_without_denoising_says_nothing(table, differences):
    assert analysis.sentences(table, differences[differences["metric"] == "none"]) == []
    assert analysis.comparison(table[table["kind"] == "fid"]).rows == []

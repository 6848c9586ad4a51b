"""A third translation model stands beside the others in every figure and table."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from pixelwise.reporting import figures, page_tables, pairs, speed_tables, style
from pixelwise.reporting.figure_numbers import Numbers


def beside(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows, and once more those of pix2pixHD under another name, with twice its values."""
    more = table[table["model"].astype(str).str.contains("pix2pixhd")]
    more = more.assign(model=more["model"].str.replace("pix2pixhd", name))
    numbers = {column: 2 * more[column] for column in ("value", "low", "high") if column in more}
    return pd.concat([table, more.assign(**numbers)], ignore_index=True)


def draw(name, numbers):
    (plot,) = [plot for plot in figures.declared(numbers) if plot.name == name]
    return plot.draw(numbers)


@pytest.fixture(scope="module")
def numbers(planted) -> Numbers:
    found = Numbers.read(planted.summary, "planted")
    return dataclasses.replace(found, table=beside(found.table, "spade"), curves=beside(found.curves, "spade"))


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (
            "inference_time",
            ["pix2pixHD 1180 ms (2.88 times)", "SPADE 2360 ms (5.76", "SPADE 68.0 ms (3.95"],
        ),
        (
            "runtime_resolution",
            ["pix2pixHD / ASAP-Net, time, here: 2.88 at 0.13", "SPADE / ASAP-Net, time, here: 5.7"],
        ),
        ("runtime_resolution", ["SPADE / ASAP-Net, time, paper: "]),
        ("arithmetic", ["SPADE / ASAP-Net: operations: ", "SPADE / ASAP-Net: time, here: 5.76"]),
        ("fid_runtime", ["SPADE 160 at 2360 ms", "SPADE 58.5 at 68 ms"]),
        ("miou_runtime", ["SPADE 72.0 at 2360 ms", "SPADE 61.7 at 68 ms"]),
        ("class_iou", ["SPADE: road"]),
        ("loss_curves", ["SPADE on streets"]),
    ],
)
def test_figures(numbers, figure, words):
    with style.context():
        drawn = draw(figure, numbers)
    for text in words:
        assert text in drawn.alt, drawn.alt


def test_tables(numbers):
    ratios = {row[0] for row in speed_tables.ratios(numbers.table).rows}
    assert {"pix2pixHD / ASAP-Net", "SPADE / ASAP-Net"} <= ratios
    assert "SPADE" in {row[0] for table in page_tables.timings(numbers.table) for row in table.rows}
    assert "SPADE" in {row[0] for row in speed_tables.operations(numbers.table).rows}
    assert "SPADE" in page_tables.classes(numbers.table)[0].columns


def test_pairs_are_those_of_the_run(planted, numbers):
    assert pairs.compared(Numbers.read(planted.summary, "planted")) == [("pix2pixhd", "asapnet")]
    assert pairs.compared(numbers) == [("pix2pixhd", "asapnet"), ("spade", "asapnet")]
    only = dataclasses.replace(numbers, table=numbers.table[~numbers.table["model"].str.contains("pix2pixhd")])
    assert pairs.compared(only) == [("spade", "asapnet")]
    none = dataclasses.replace(numbers, table=numbers.table[~numbers.table["metric"].eq("ratio")])
    assert pairs.compared(none) == []


def test_a_model_that_nobody_knows(planted):
    found = Numbers.read(planted.summary, "planted")
    with style.context():
        drawn = draw("runtime_resolution", dataclasses.replace(found, table=beside(found.table, "resnet")))
    assert "resnet / ASAP-Net, time, here: 5.76 at 0.13" in drawn.alt

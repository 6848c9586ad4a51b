"""Scores and times are joined by what was run: names decide nothing, and what was not timed is not drawn."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from pixelwise.evaluation.subjects import built, method
from pixelwise.quantities import metrics
from pixelwise.reporting import analysis, published, tidy_tables
from pixelwise.reporting.figure_numbers import Numbers
from pixelwise.reporting.plots import plots_quality, plots_restoration
from pixelwise.reporting.same_network import of_network

from .conftest import record, spread


def row(**facts) -> SimpleNamespace:
    return SimpleNamespace(**facts)


def table(*records):
    return tidy_tables.pd.DataFrame(
        [line for one in records for line in tidy_tables.rows(one, "planted")], columns=list(tidy_tables.COLUMNS)
    )


def timed(name, ran):
    return record("latency", "translation", name, {"median": spread(10.0, 1, "ms")}, subject=ran)


SMALL, FULL = built("asapnet", {"width": 16}), built("asapnet", {})


def test_another_network_of_the_same_name_has_no_time():
    times = table(timed("asapnet", FULL), timed("something", SMALL))
    (scored,) = table(
        record("fid", "translation", "asapnet", {"fid": spread(80.0, 1, "1")}, subject=SMALL)
    ).itertuples()
    found, exactly = of_network(times, scored)
    assert list(found["model"]) == ["something"] and exactly
    found, _ = of_network(times[times["model"].eq("asapnet")], scored)
    assert found.empty


def test_label_channels_alone_may_differ_and_are_told():
    (scored,) = table(
        record("fid", "translation", "x", {"fid": spread(80.0, 1, "1")}, subject=built("asapnet", {"num_labels": 12}))
    ).itertuples()
    found, exactly = of_network(table(timed("y", FULL)), scored)
    assert len(found) == 1 and not exactly
    found, _ = of_network(table(timed("y", built("asapnet", {"tile": 32}))), scored)
    assert found.empty


def test_records_that_do_not_say_what_was_run_are_never_joined():
    (scored,) = table(record("fid", "translation", "a", {"fid": spread(8.0, 1, "1")}, subject=None)).itertuples()
    assert of_network(table(timed("a", FULL).model_copy(update={"subject": None})), scored)[0].empty


def test_windows_have_not_the_time_of_the_whole_image():
    whole = tidy_tables.same_network.columns(timed("a", FULL))
    windows = tidy_tables.same_network.columns(timed("a", FULL.model_copy(update={"method": "windows"})))
    assert not {whole[name] for name in ("network", "body")} & {windows[name] for name in ("network", "body")}
    assert tidy_tables.same_network.columns(timed("a", method("bm3d")))["network"]


@pytest.fixture
def numbers(planted) -> Numbers:
    return Numbers.read(planted.summary, "planted")


def test_a_point_without_a_time_of_exactly_this_network_is_not_drawn(numbers):
    metric = metrics("fid")["fid"]
    drawn = plots_quality.quality_against_time(numbers, "fid", metric)
    assert "Not drawn" not in drawn.caption and "ASAP-Net 88.0 at" in drawn.alt
    other = numbers.table.copy()
    chosen = other["kind"].eq("latency") & other["model"].eq("asapnet")
    other.loc[chosen, ["network", "body"]] = "of another width"
    drawn = plots_quality.quality_against_time(replace(numbers, table=other), "fid", metric)
    assert "Not drawn, since exactly this network was not timed: ASAP-Net." in drawn.caption
    mine = drawn.alt.partition("; Paper")[0]
    assert "ASAP-Net" not in mine and "pix2pixHD 80.0 at" in mine


def test_none_timed_leaves_floor_and_caption(numbers):
    other = numbers.table.copy()
    other.loc[other["kind"].eq("latency"), ["network", "body"]] = ""
    drawn = plots_quality.quality_against_time(replace(numbers, table=other), "fid", metrics("fid")["fid"])
    assert "Of these networks no time was measured." in drawn.caption
    here = drawn.figure.axes[-1]
    assert [tick.get_text() for tick in here.get_xticklabels()] == ["ASAP-Net", "pix2pixHD"]
    assert "time" in here.get_xlabel() and here.get_xscale() == "linear"
    assert analysis.comparison(other).columns.index("ms") and not [
        line for line in analysis.comparison(other).rows if line[analysis.comparison(other).columns.index("ms")]
    ]


def test_a_floor_of_fewer_pictures_says_so(numbers):
    other = numbers.table.copy()
    other.loc[other["kind"].eq("fid") & other["model"].eq("real"), "n"] = 10
    drawn = plots_quality.quality_against_time(replace(numbers, table=other), "fid", metrics("fid")["fid"])
    assert "drawn scenes against each other: 14.0 (10 pictures, not 20)" in drawn.alt
    other.loc[other["kind"].eq("restoration") & other["model"].eq("bm3d"), "n"] = 4
    drawn = plots_restoration.quality(replace(numbers, table=other), "bsd68")
    assert "(BM3D: 4)" in drawn.caption


def test_the_papers_points_stand_where_they_were_read():
    points = published.load().query("panel_kind == 'resolution' and height == 1024 and width == 2048")
    assert len(points) > 3 and set(points["megapixels"]) == {1.96}
    others = published.load().query("panel_kind == 'resolution' and height == 1024 and width == 1024")
    assert set(others["megapixels"]) == {1024 * 1024 / 1e6}

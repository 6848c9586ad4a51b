"""This package's engine beside other runtimes: what is compared, what is refused, what an interrupted run keeps."""

from dataclasses import replace

import pytest
import torch

from benchmarks import jobs, peers, runtimes, show
from benchmarks.processes import key
from benchmarks.saved import Saved
from benchmarks.sections import Bench
from pixelwise.errors import PixelwiseError
from pixelwise.record import Value
from pixelwise.reporting import runtimes_table

ONE = peers.Section("dncnn", 32, 32, "fp32", 1)


@pytest.fixture(scope="module")
def measured():
    def same(given):
        return lambda: given.form(*given.inputs)

    def other(given):
        return lambda: given.form(*given.inputs) + 1

    with pytest.MonkeyPatch.context() as patch:
        known = (("same", same), ("other", other), ("absent", "the package x is missing"))
        patch.setattr(runtimes, "here", lambda gpu, precision: iter(known))
        return peers.measure(ONE, "cpu", True, 0.1, (2, 2), 600.0)


def test_only_runtimes_that_make_the_same_image_are_timed(measured):
    (problem,) = measured.problems
    assert "other: PixelwiseError: another image: differs by up to 1, 1 on average" in problem
    times = {r.model: r for r in measured.records if "median" in r.values}
    assert set(times) == {"dncnn eager", "dncnn optimised", "dncnn same", "matrix product", "copy"}
    assert times["dncnn same"].values["distance"].value <= 5e-3 and times["dncnn same"].condition["threads"] == 1
    assert {r.task for name, r in times.items() if name.startswith("dncnn")} == {"denoising"}
    ratios = {r.model for r in measured.records if "ratio" in r.values}
    assert ratios == {"dncnn eager/dncnn optimised", "dncnn same/dncnn optimised"}
    assert {r.protocol for r in measured.records} == {"other runtimes, 1 thread"}


def test_the_table_says_who_is_first(measured):
    table = show.first(measured.records)
    (row,) = zip(*(column.cells for column in table.columns), strict=True)
    ratios = {r.model.split()[1].split("/")[0]: r.values["ratio"] for r in measured.records if "ratio" in r.values}
    assert row[:2] == ("32x32, fp32, batch 1, 1 thread", "DnCNN") and row[-2] == runtimes_table.first(ratios)
    assert 0 < float(row[-1]) < 2 and list(ratios) == ["eager", "same"]


def test_a_runtime_that_is_ahead_or_level_is_named():
    def ratio(value, low, high):
        return Value(value=value, unit="times", low=low, high=high, interval="95 %")

    behind, level, ahead = ratio(1.5, 1.4, 1.6), ratio(1.01, 0.99, 1.03), ratio(0.9, 0.85, 0.95)
    assert runtimes_table.first({"eager": behind, "openvino": behind}) == "this package"
    assert runtimes_table.first({"eager": behind, "openvino": level}) == "level with OpenVINO"
    assert runtimes_table.first({"eager": ahead, "openvino": level}) == "PyTorch"


def test_the_rates_of_the_machine_stand_once_beside_several_networks(measured):
    bench = Bench(torch.device("cpu"), True, 0.1, (2, 2))
    others = [
        record.model_copy(update={"model": record.model.replace("dncnn", "spade")}) for record in measured.records
    ]
    jobs.join(bench, measured)
    jobs.join(bench, replace(measured, records=others, samples=[], problems=[]))
    assert len({key(record) for record in bench.records}) == len(bench.records) == 2 * len(measured.records) - 2
    assert [record.model for record in bench.records].count("matrix product") == 1


def test_a_section_ends_at_its_limit():
    with pytest.raises(PixelwiseError, match="no result within 0 s"):
        peers.section(ONE, torch.device("cpu"), True, 0.1, (2, 2), 0.1)


def test_sections_that_have_ended_are_not_measured_again(tmp_path):
    asked = []

    def measure(bench):
        asked.append(1)
        bench._record(bench.condition(8, 8, 1), "p", "m", 1, {}, {})
        if len(asked) == 2:
            bench.problems.append("broken")

    benches = [Bench(torch.device("cpu"), True, 0.1, (1, 1)) for _ in range(4)]
    for name, bench in zip(("a", "a", "b", "b"), benches, strict=True):
        Saved(tmp_path).section(name, bench, measure)
    assert len(asked) == 3  # "a" once; "b" had a problem and is tried again
    assert [[r.model for r in bench.records] for bench in benches] == [["m"]] * 4
    assert benches[0].records == benches[1].records


def test_the_plan_begins_with_what_matters_most():
    first, *_, last = peers.plan(torch.device("cuda"), ["asapnet", "spade"], ["fp32", "tf32"], False)
    assert first == ("asapnet", 256, 512, "tf32", 0) and last == ("spade", 512, 1024, "fp32", 0)
    on_cpu = peers.plan(torch.device("cpu"), list(peers.NETWORKS), ["fp32"], False)
    assert len(on_cpu) == 12 and {(one.height, one.threads) for one in on_cpu} == {(256, 1), (256, 2), (512, 2)}

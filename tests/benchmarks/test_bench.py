"""The benchmark runs end to end on narrow networks, and what it writes is what the report reads."""

import argparse
import csv
import json
import shutil
import time

import numpy as np
import pytest
import torch

from benchmarks import bench, device_checks, gpu, precision_limits, processes, show, subjects
from benchmarks.sections import Bench
from pixelwise.artifacts import read_manifest
from pixelwise.evaluation.statistics import geometric_mean
from pixelwise.record import read_records

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    sections = "stream,generator,training,loading,denoiser,frechet"
    chosen = bench.options(["--quick", "--device", "cpu", "--threads", "1", "--rounds", "3", "--sections", sections])
    made, problems = bench.run(chosen)
    assert not problems
    show.tables(bench.write(made, folder, 1))
    return folder / "cpu"


def test_records(written):
    records = read_records(written / "metrics.json")
    ratios = {(r.protocol, r.model): r.values["ratio"] for r in records if "ratio" in r.values}
    assert {protocol for protocol, _ in ratios} >= {"as published", "both optimised", "against the direct form"}
    assert all(ratio.low <= ratio.value <= ratio.high for ratio in ratios.values())
    assert all(r.hardware["cpu"] and r.short and r.kind == "bench" for r in records)
    share = ratios["the loader's share", "batch/whole training step"]
    assert 0 < share.value < 1
    executed = {
        r.model: r.values["executed"].value for r in records if r.protocol == "generator" and "executed" in r.values
    }
    assert executed["asapnet optimised"] < executed["asapnet direct"]
    distances = {r.model: r.values["gradient_distance"].value for r in records if "gradient_distance" in r.values}
    assert distances["training step"] < max(1e-4, 3 * distances["training step direct"])
    frechet = [r.values["distance"].value for r in records if r.protocol == "Frechet distance"]
    assert np.isclose(*frechet, rtol=1e-4)


def test_files(written):
    with (written / "samples.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["protocol"] for row in rows} == {
        *("pixelwise stream", "generator", "training step", "whole training step", "denoiser")
    }
    assert (written / "bench.png").stat().st_size > 10_000
    assert "<svg" in (written / "bench.svg").read_text()


def test_a_run_of_fewer_sections_keeps_the_others(written, tmp_path):
    shutil.copytree(written, tmp_path / "cpu")
    chosen = bench.options(["--quick", "--device", "cpu", "--threads", "1", "--rounds", "4", "--sections", "denoiser"])
    bench.write(bench.run(chosen)[0], tmp_path, 1)
    before, after = (read_records(folder / "metrics.json") for folder in (written, tmp_path / "cpu"))
    assert sorted(map(processes.key, before)) == sorted(map(processes.key, after))
    assert {r.n for r in after if r.protocol == "denoiser"} == {4}
    assert {r.n for r in after if r.protocol == "generator"} == {3}
    counts = [
        sum(row["protocol"] == "denoiser" for row in csv.DictReader((folder / "samples.csv").open()))
        for folder in (written, tmp_path / "cpu")
    ]
    assert counts[1] * 3 == counts[0] * 4


def test_processes_are_put_together(written, tmp_path):
    records = read_records(written / "metrics.json")
    factors = (0.8, 1.0, 1.25)

    def part(factor):
        scaled = {"value": lambda v: v * factor, "low": lambda v: v * factor, "high": lambda v: v * factor}
        own = [r for r in records if r.protocol != "Frechet distance" or factor == factors[0]]
        made = [
            r.model_copy(
                update={
                    "values": {
                        n: v.model_copy(
                            update={k: f(getattr(v, k)) for k, f in scaled.items() if getattr(v, k) is not None}
                        )
                        for n, v in r.values.items()
                    }
                }
            )
            for r in own
        ]
        samples = [{"protocol": "denoiser", "model": "x", "round": 0, "milliseconds": factor}]
        return processes.Measured(torch.device("cpu"), True, made, samples, ["one"])

    whole = processes.together([part(factor) for factor in factors])
    assert [sample["process"] for sample in whole.samples] == [0, 1, 2] and whole.problems == ["one"]
    before = {processes.key(r): r for r in records}
    for record in whole.records:
        old = before[processes.key(record)]
        if record.protocol == "Frechet distance":
            assert "processes" not in record.condition and record.n == old.n
            continue
        assert record.condition["processes"] == 3 and record.n == 3 * old.n
        for name, value in record.values.items():
            assert value.value == pytest.approx(old.values[name].value)
            if value.low is not None:
                expected = geometric_mean([old.values[name].value * factor for factor in factors])
                assert (value.value, value.low, value.high) == pytest.approx(expected)
                assert value.interval == "Student's t over 3 processes, 95 %"
    assert len(whole.records) == len(records)


def test_one_busy_process_marks_the_whole(written):
    found = next(r for r in read_records(written / "metrics.json") if r.protocol == "denoiser")
    condition = {name: value for name, value in found.condition.items() if name != "busy"}  # whatever else runs here
    quiet = found.model_copy(update={"condition": condition})
    busy = quiet.model_copy(update={"condition": quiet.condition | {"busy": True}})
    parts = [processes.Measured(torch.device("cpu"), True, [record], [], []) for record in (quiet, busy, quiet)]
    (whole,) = processes.together(parts).records
    assert whole.condition["busy"] and whole.condition["processes"] == 3
    assert "busy" not in processes.together(parts[:1]).records[0].condition


def test_memory_of_training_is_lower_than_direct(written):
    records = read_records(written / "metrics.json")
    memory = {r.model: r.values["peak_memory"].value for r in records if "peak_memory" in r.values}
    assert memory["training step"] < memory["training step direct"]
    assert memory["pixelwise"] < memory["pixelwise direct"]


def test_published_arithmetic():
    flop = Bench(torch.device("cpu"), False, 1.0, (1, 1)).flop(subjects.Condition(256, 512, 1, torch.device("cpu")))
    assert flop["asapnet"] == pytest.approx(97.8e9, rel=2e-3)  # docs/reference/models.md, "Sizes and arithmetic"
    assert flop["spade_pix2pixhd"] == pytest.approx(244.7e9, rel=2e-3)


def test_a_failing_check_is_reported_and_the_rest_goes_on(monkeypatch, tmp_path):
    one = torch.tensor(1.0)

    def found(value):
        return lambda: precision_limits.distance(one * value, one * 0)

    monkeypatch.setattr(precision_limits, "limit", lambda name: precision_limits.Distance(1.0, 1.0, 1.0))
    measures = {"breaks": lambda: 1 / 0, "not a number": found(float("nan")), "too far": found(2.0), "fine": found(0.5)}
    report = gpu.Report(tmp_path / "checks.json")
    checks = [device_checks.Check(name, measure) for name, measure in measures.items()]
    assert device_checks.run(checks, report.keep)
    kept = {entry["check"]: entry for entry in json.loads(report.file.read_text())["checks"]}
    assert [name for name, entry in kept.items() if entry["passed"]] == ["fine"] and report.failed == 3
    assert kept["breaks"]["problem"].startswith("ZeroDivisionError") and kept["too far"]["distance"]["mean"] == 2


def test_a_device_that_is_lost_ends_its_group():
    def illegal():
        raise RuntimeError("Triton Error [CUDA]: an illegal memory access was encountered")

    kept = []
    checks = [device_checks.Check("breaks", illegal), device_checks.Check("never asked", one)]
    assert not device_checks.run(checks, kept.append)
    assert [(entry["check"], entry["passed"]) for entry in kept] == [("breaks", False)]


def test_what_is_left_out_is_told_once(capsys):
    told = []
    chosen = bench.options(["--quick", "--device", "cpu", "--threads", "1", "--sections", "frechet,stream"])
    made, problems = bench.run(chosen, deadline=time.monotonic() - 1, tell=told.append)
    assert told == problems and [line.split()[0] for line in told] == ["stream", "frechet:"]
    assert all(line.endswith(": left out, no time") for line in told)
    assert not made.records and not capsys.readouterr().err
    bench.run(chosen, deadline=time.monotonic() - 1)
    assert capsys.readouterr().err.splitlines() == problems


def test_groups_run_in_processes_and_a_lost_one_costs_one_check(monkeypatch, tmp_path):
    arguments = ["--out", str(tmp_path), "--device", "cpu", "--quick", "--skip", "bench", "--jobs", "2"]
    monkeypatch.setattr("sys.argv", ["gpu.py", *arguments])
    assert gpu.main() == 0
    document = json.loads((tmp_path / "checks.json").read_text())
    names = [check.name for checks in device_checks.groups(torch.device("cpu"), True).values() for check in checks]
    assert sorted(entry["check"] for entry in document["checks"]) == sorted(names) and not document["problems"]
    report = gpu.Report(tmp_path / "other.json")
    broken = argparse.Namespace(out=tmp_path, device="cpu", quick=False)  # such a group is not known to the process
    (tmp_path / "groups").mkdir(exist_ok=True)
    monkeypatch.setattr(device_checks, "groups", lambda *_: {"no such": [device_checks.Check("lost", one)]})
    gpu.separately(report, broken, "no such", 1, time.monotonic() + 60)
    (entry,) = report.checks
    assert entry["check"] == "lost" and not entry["passed"] and "KeyError" in entry["problem"]


def one():
    raise AssertionError("never asked")


def test_the_manifest_says_what_it_was_made_with_and_on(written):
    manifest = read_manifest(written / "manifest.json")
    assert set(manifest["files"]) == {"metrics.json", "samples.csv", "bench.png", "bench.svg"}
    job = manifest["job"]
    assert job["packages"]["torch"] and job["hardware"]["cpu"] and "commit" in job


def test_records_say_what_was_run_and_how(written):
    found = {(r.protocol, r.model): r for r in read_records(written / "metrics.json")}
    pair = found["as published", "spade_pix2pixhd/asapnet direct"]
    assert (pair.subject.architecture, pair.rival.architecture) == ("spade_pix2pixhd", "asapnet")
    assert (pair.subject.treatment, pair.rival.treatment) == ("published", "published")
    both = next(r for (protocol, _), r in found.items() if protocol == "both optimised" and "denoiser" not in r.model)
    assert {both.subject.treatment, both.rival.treatment} == {"optimised"}
    assert found["generator", "asapnet"].subject.treatment == "eager"
    assert found["pixelwise stream", "pixelwise"].subject is None


def test_the_denoiser_as_published_is_the_direct_form_of_the_published_network(written):
    condition = subjects.Condition(32, 32, 1, torch.device("cpu"), narrow=True)
    made = {s.name: s for s in subjects.denoisers(condition, [])}
    direct = made["asapnet denoiser direct"]
    gray = {"dense_channels": 1, "instance_edge": False, "output_channels": 1}
    assert gray.items() <= direct.run.options.items() and "output" not in direct.run.options
    module = next(cell.cell_contents for cell in direct.call.__closure__ if hasattr(cell.cell_contents, "func")).func
    noisy = torch.rand(1, 1, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(module(noisy), module.net(noisy), rtol=1e-3, atol=1e-3)
    pairs = {r.model for r in read_records(written / "metrics.json") if r.protocol == "as published"}
    assert "dncnn denoiser/asapnet denoiser direct" in pairs

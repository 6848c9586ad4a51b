"""Timing: interleaving, scopes, conditions that a device cannot do, and what the records say."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError
from torch import nn

from pixelwise.artifacts import read_json
from pixelwise.data import semantics
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import fresh_process, hardware, latency, processor_load, scopes, timing
from pixelwise.evaluation.statistics import geometric_mean
from pixelwise.evaluation.stopwatch import interleave, peak_memory
from pixelwise.models import build
from pixelwise.models.asapnet_direct import DirectAsapNet
from pixelwise.models.fast.optimised import optimise
from pixelwise.record import read_records
from pixelwise.settings.evaluation import TimeSettings

CPU = torch.device("cpu")
SMALL = {"tile": 8, "learned_factor": 8, "width": 8, "max_width": 16, "depth": 1, "mlp_width": 8}
MODELS = {
    "asapnet": {"architecture": "asapnet", "options": SMALL},
    "pix2pixhd": {"architecture": "spade_pix2pixhd", "options": {"width": 8, "downsamplings": 2, "blocks": 1}},
}


def settings(**changes):
    given = {"name": "small", "task": "translation", "models": MODELS, "ratios": [["pix2pixhd", "asapnet"]]}
    given |= {"sizes": [[32, 64]], "warmup": 2, "calls": 12, "processes": 1, "device": "cpu"}
    return TimeSettings(**(given | changes))


def run(folder, **changes):
    folder.mkdir(exist_ok=True)
    timing.run(settings(**changes), {}, folder, folder)
    return read_records(folder / "metrics.json")


def test_every_round_runs_every_function_once_in_changing_order():
    order = []
    calls = {name: (lambda name=name: order.append(name)) for name in "abc"}
    times = interleave(calls, 3, 40, CPU)
    assert {name: len(values) for name, values in times.items()} == {"a": 40, "b": 40, "c": 40}
    rounds = ["".join(order[i : i + 3]) for i in range(0, len(order), 3)]
    assert len(rounds) == 43 and all(sorted(r) == list("abc") for r in rounds) and len(set(rounds)) > 3


def test_the_clock_is_right():
    times = interleave({"slow": lambda: time.sleep(0.02), "fast": lambda: time.sleep(0.002)}, 1, 5, CPU)
    assert 19 < np.median(times["slow"]) < 40 and 1.9 < np.median(times["fast"]) < 15


def test_peak_memory_of_known_tensors():
    def call():
        first = torch.ones(2**20)
        second = first + 1
        del first
        return second * 2

    assert peak_memory(call, CPU) == pytest.approx(8, abs=0.1), "two tensors of 4 MiB live at a time"


@pytest.mark.parametrize("scope", list(scopes.SCOPES))
def test_scopes_differ_only_in_what_they_include(scope):
    torch.manual_seed(0)
    module = build("asapnet", **SMALL).eval()
    drawn = scopes.draw(2, (32, 48), 35, 3, seed=1)
    assert drawn.labels.dtype == torch.uint8 and drawn.labels.max() < 35 and drawn.labels.shape == (2, 32, 48)
    with torch.inference_mode():
        expected = module(semantics(drawn.labels, drawn.instances, 35))
        made = scopes.translation_call(scope, module, drawn, 35, True, CPU)()
    if scope == "transfer":
        assert made.dtype == torch.uint8
        np.testing.assert_array_equal(made, ((expected + 1) / 2 * 255).to(torch.uint8))
    else:
        torch.testing.assert_close(made, expected)
    with torch.inference_mode():
        fast = scopes.translation_call(scope, optimise(module), drawn, 35, True, CPU)()
    torch.testing.assert_close(fast.float(), made.float(), rtol=0, atol=1 if scope == "transfer" else 1e-4)


def test_every_model_is_timed_as_published_and_optimised(tmp_path, monkeypatch):
    ran = []
    forward = DirectAsapNet.forward
    monkeypatch.setattr(DirectAsapNet, "forward", lambda self, planes: ran.append(1) or forward(self, planes))
    modes = ["published", "eager", "optimised"]
    records = run(tmp_path / "out", modes=modes, precisions=["fp32", "bf16"], calls=3)
    assert len(ran) > 3, "ASAP-Net as published is the direct form"
    ratios = [r for r in records if "ratio" in r.values and r.condition["precision"] == "fp32"]
    assert [r.condition["mode"] for r in ratios] == modes
    assert [{r.subject.treatment, r.rival.treatment} for r in ratios] == [{mode} for mode in modes]
    left_out = {row["mode"]: row["reason"] for row in read_json(tmp_path / "out/skipped.json")}
    assert left_out["optimised"] == "the optimised form computes in fp32 on a CPU"
    assert left_out["published"] == "the published form computes in fp32" and len(left_out) == 2


@pytest.mark.parametrize(("calls", "shown"), [(9, set()), (10, {"p90"}), (99, {"p90"}), (100, {"p90", "p99"})])
def test_a_percentile_needs_the_calls_that_support_it(calls, shown):
    chosen, facts = settings(), {"batch": 1, "mode": "eager", "scope": "generator", "precision": "fp32"}
    record = latency.latency(chosen, facts, {}, "asapnet", [[1.0 + 0.01 * i for i in range(calls)]], None)
    assert {"p90", "p99"} & record.values.keys() == shown


def test_records_samples_and_ratio_agree(tmp_path):
    records = run(tmp_path / "out", scopes=["generator", "paper"], batches=[1, 2])
    timed = {(r.model, r.condition["batch"], r.condition["scope"]): r for r in records if r.kind == "latency"}
    assert len(timed) == 3 * 2 * 2
    table = pd.read_csv(tmp_path / "out" / "samples.csv")
    assert len(table) == 2 * 2 * 2 * 12
    for (model, batch, scope), record in timed.items():
        rows = table[(table["batch"] == batch) & (table["scope"] == scope)]
        assert record.condition["device"] == "cpu" and record.condition["precision"] == "fp32"
        if model == "pix2pixhd/asapnet":
            medians = rows.groupby("model")["milliseconds"].median()
            value = record.values["ratio"]
            assert value.value == pytest.approx(medians["pix2pixhd"] / medians["asapnet"], rel=1e-3)
            assert value.low <= value.value <= value.high and value.unit == "times"
            continue
        times = rows[rows["model"] == model]["milliseconds"]
        values = {name: value.value for name, value in record.values.items()}
        assert record.n == 12 and values["median"] == pytest.approx(times.median(), rel=1e-3)
        assert values["p90"] == pytest.approx(times.quantile(0.9), rel=1e-3)
        assert values["min"] <= values["median"] <= values["p90"] and "p99" not in values  # 12 calls
        assert values["throughput"] == pytest.approx(1000 * batch / values["median"])
        assert values["peak_memory"] > 0 and record.hardware["threads"] == 1 and record.hardware["cpu"]
    assert read_json(tmp_path / "out" / "skipped.json") == []


def test_ratios_come_from_several_processes(tmp_path, monkeypatch):
    start = fresh_process.call  # the first is this one here, to save the time of another start
    monkeypatch.setattr(fresh_process, "call", lambda n, f, *a: f(*a) if "process 1" in n else start(n, f, *a))
    ratio = next(r for r in run(tmp_path / "out", processes=2, calls=5) if "ratio" in r.values)
    assert ratio.n == 6 and ratio.condition["processes"] == 2, "the calls are shared, rounded up"
    table = pd.read_csv(tmp_path / "out" / "samples.csv")
    medians = table.groupby(["process", "model"])["milliseconds"].median().unstack()
    value, low, high = geometric_mean(medians["pix2pixhd"] / medians["asapnet"])
    found = ratio.values["ratio"]
    assert (found.value, found.low, found.high) == pytest.approx((value, low, high), rel=1e-3)
    assert found.interval == "Student's t over 2 processes, 95 %"
    assert [state["process"] for state in read_json(tmp_path / "out" / "states.json")] == [0, 1]


def test_a_process_that_ends_by_itself_is_told():
    with pytest.raises(PixelwiseError, match=r"^small: process 2 ended by itself \(exit status 3\)$"):
        fresh_process.call("small: process 2", sys.exit, 3)
    with pytest.raises(RuntimeError, match="ValueError: invalid literal for int"):
        fresh_process.call("small", int, "x")


@pytest.mark.parametrize(("busy", "cores"), [(True, 1.0), (False, 0.05)])
def test_a_timing_remembers_what_else_the_machine_did(tmp_path, monkeypatch, busy, cores):
    clock = iter([(0.0, 0.0, 0.0), (10.0, 10.0 * (cores + 1), 10.0)])
    monkeypatch.setattr(processor_load, "_seconds", lambda: next(clock))
    monkeypatch.setattr(processor_load.psutil, "cpu_count", lambda: 2)
    records = [r for r in run(tmp_path, calls=3) if r.kind == "latency"]
    assert {bool(r.condition.get("busy")) for r in records} == {busy}
    (state,) = read_json(tmp_path / "states.json")
    assert state["load_of_others"] == pytest.approx(cores) and state["busy"] is busy


def test_work_of_another_process_is_load_and_ones_own_is_not():
    def seconds(of):
        before, end = processor_load._seconds(), time.process_time() + 0.3
        while of.poll() is None if of else time.process_time() < end:
            if of:
                time.sleep(0.01)
        return [late - early for early, late in zip(before, processor_load._seconds(), strict=True)]

    wall, everyone, own = seconds(None)
    assert own == pytest.approx(0.3, abs=0.05) and own <= everyone + 0.05 and wall > 0.25
    code = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    wall, everyone, own = seconds(subprocess.Popen([sys.executable, "-S", "-c", code]))
    assert own < 0.15 and everyone > 0.25 and wall > 0.25


def test_arithmetic_stands_beside_the_time(tmp_path):
    records = run(tmp_path / "out", calls=3)
    flops = {r.model: r.values for r in records if r.kind == "flops"}
    assert set(flops) == {"asapnet", "pix2pixhd"}
    parameters = sum(p.numel() for p in build("asapnet", **SMALL).parameters())
    assert flops["asapnet"]["parameters"].value == parameters
    assert flops["asapnet"]["gmacs"].value == flops["asapnet"]["gflop"].value / 2 > 0
    ratio = next(r for r in records if "/" in r.model).values["gflop_ratio"].value
    assert ratio == pytest.approx(flops["pix2pixhd"]["gflop"].value / flops["asapnet"]["gflop"].value)


def test_published_arithmetic_of_the_two_generators():
    # docs/reference/models.md, "Sizes and arithmetic": 97.8 and 244.7 GFLOP, 83,201,411 and 182,525,379 parameters.
    models = {"asapnet": {"architecture": "asapnet"}, "pix2pixhd": {"architecture": "spade_pix2pixhd"}}
    found = {r.model: r.values for r in latency.arithmetic(settings(models=models, sizes=[[256, 512]]))}
    assert found["asapnet"]["gflop"].value == pytest.approx(97.8, abs=0.1)
    assert found["pix2pixhd"]["gflop"].value == pytest.approx(244.7, abs=0.1)
    assert found["asapnet"]["parameters"].value == 83_201_411
    assert found["pix2pixhd"]["parameters"].value == 182_525_379


@pytest.mark.parametrize(("size", "tile", "gmacs"), [([256, 512], 16, 48.9), ([512, 1024], 32, 55.3)])
def test_the_arithmetic_of_a_network_at_its_size(size, tile, gmacs):
    # 10^9 multiply-accumulates; the tile grows with the size: docs/reference/sources.md, "Arithmetic of the generators"
    models = {"asapnet": {"architecture": "asapnet", "options": {"tile": tile}}}
    (found,) = latency.arithmetic(settings(models=models, sizes=[size], ratios=[]))
    assert found.values["gmacs"].value == pytest.approx(gmacs, abs=0.1)


def test_every_size_is_timed(tmp_path):
    records = run(
        tmp_path / "out", models={"asapnet": MODELS["asapnet"]}, ratios=[], sizes=[[32, 64], [32, 48]], calls=3
    )
    assert {r.condition["width"] for r in records if r.kind == "latency"} == {64, 48}


def test_what_the_device_cannot_do_is_recorded(tmp_path):
    records = run(tmp_path / "out", precisions=["fp32", "tf32"], calls=3)
    assert {r.condition["precision"] for r in records if r.kind == "latency"} == {"fp32"}
    (skipped,) = read_json(tmp_path / "out" / "skipped.json")
    assert skipped["precision"] == "tf32" and skipped["reason"] == "TF32 exists on CUDA devices only"


def test_a_failed_compilation_is_recorded_and_the_others_go_on(tmp_path, monkeypatch):
    from torch._dynamo.exc import BackendCompilerFailed

    def broken(module, dynamic):
        if type(module).__name__ == "AsapNet":

            def fail(*_):
                raise BackendCompilerFailed(lambda: None, RuntimeError("no compiler"), None)

            return fail
        return module

    monkeypatch.setattr(torch, "compile", broken)
    records = run(tmp_path / "out", modes=["compiled"], calls=3)
    assert [r.model for r in records if r.kind == "latency"] == ["pix2pixhd"]
    (skipped,) = read_json(tmp_path / "out" / "skipped.json")
    assert skipped["model"] == "asapnet" and skipped["reason"].startswith("BackendCompilerFailed")


def test_bfloat16_and_denoising(tmp_path):
    models = {
        "dncnn": {"architecture": "dncnn", "options": {"depth": 3, "width": 8}},
        "asapnet_denoise": {"architecture": "asapnet", "options": SMALL | {"dense_channels": 1, "output_channels": 1}},
    }
    models["asapnet_denoise"]["options"]["instance_edge"] = False
    records = run(
        tmp_path / "out",
        task="denoising",
        models=models,
        ratios=[["dncnn", "asapnet_denoise"]],
        precisions=["fp32", "bf16"],
        modes=["eager"],
        scopes=["generator", "transfer"],
        calls=3,
    )
    assert len([r for r in records if r.kind == "latency"]) == 3 * 2 * 2
    assert {r.task for r in records} == {"denoising"}
    assert torch.get_autocast_dtype("cpu") == torch.bfloat16 and not torch.is_autocast_enabled("cpu")


@pytest.mark.slow
def test_methods_without_training_are_timed_beside(tmp_path):
    models = {"dncnn": {"architecture": "dncnn", "options": {"depth": 3, "width": 4}}}
    given = {"task": "denoising", "models": models, "ratios": [], "baselines": ["tile_mean", "tile_wiener", "bm3d"]}
    records = run(tmp_path / "t", **given, sizes=[[64, 64]], calls=3)
    timed = {r.model: r for r in records if r.kind == "latency"}
    assert set(timed) == {"dncnn", "tile_mean", "tile_wiener", "bm3d"}
    assert timed["bm3d"].values["median"].value > timed["tile_mean"].values["median"].value > 0
    assert timed["bm3d"].n == 3 and "gflop" not in timed["bm3d"].values and timed["bm3d"].hardware["device"] == "cpu"
    samples = pd.read_csv(tmp_path / "t" / "samples.csv")
    assert samples["model"].value_counts().to_dict() == dict.fromkeys(timed, 3)
    with pytest.raises(ValidationError, match="only for denoising"):
        settings(baselines=["bm3d"])


def test_mistakes(tmp_path):
    with pytest.raises(ValidationError, match="'vgg' is not one of the models"):
        settings(ratios=[["vgg", "asapnet"]])
    with pytest.raises(ValidationError, match="denoising allows 'generator' and 'transfer'"):
        settings(task="denoising", scopes=["paper"])
    with pytest.raises(ValidationError, match="multiples of 8"):
        run(tmp_path / "size", sizes=[[30, 64]])
    with pytest.raises(ValidationError, match=r"options\.deph: no such parameter; did you mean depth"):
        run(tmp_path / "option", models={"asapnet": {"architecture": "asapnet", "options": {"deph": 3}}}, ratios=[])


def test_hardware_is_described_the_same_every_time():
    assert hardware.describe("cpu", 2) == hardware.describe(CPU, 2)
    facts = hardware.describe("cpu", 2)
    assert facts["threads"] == 2 and facts["torch"] == torch.__version__ and facts["cores"] >= 1
    assert hardware.select_device("cpu", 1) == CPU
    if not torch.cuda.is_available():
        with pytest.raises(PixelwiseError, match="no usable CUDA device"):
            hardware.select_device("cuda", 1)


def test_strict_precision_returns_after_tf32():
    with (
        hardware.precision("tf32", torch.device("cuda"))
        if torch.cuda.is_available()
        else hardware.precision("bf16", CPU)
    ):
        assert isinstance(nn.Linear(2, 2)(torch.zeros(1, 2)), torch.Tensor)
    assert not torch.backends.cuda.matmul.allow_tf32 and not torch.backends.cudnn.allow_tf32


@pytest.mark.parametrize(
    ("jitter", "rounds"),
    [(0.0, latency.LEAST_ROUNDS), (0.9, 40)],
)
def test_timing_ends_when_its_ratio_is_narrow_enough(jitter, rounds):
    group = settings(narrow=0.05, models={name: {"architecture": "asapnet"} for name in "ab"}, ratios=[["a", "b"]])
    rng = np.random.default_rng(0)
    times = {"a": [], "b": []}
    while len(times["a"]) < 40 and not latency.narrow_enough(group, times):
        for name, mean in (("a", 3.0), ("b", 1.0)):
            times[name].append(mean * float(np.exp(jitter * rng.normal())))
    assert len(times["a"]) == rounds
    assert not latency.narrow_enough(group.model_copy(update={"narrow": None}), times)


def test_rounds_end_when_told():
    seen = []

    def enough(found):
        seen.append(len(found["f"]))
        return len(seen) == 3

    times = interleave({"f": lambda: None}, 2, 50, CPU, enough=enough)
    assert len(times["f"]) == 3 and seen == [1, 2, 3]

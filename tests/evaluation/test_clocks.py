from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from pixelwise.artifacts import read_json
from pixelwise.cards import smi as program
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import card_state, latency, stopwatch, timing
from pixelwise.evaluation.card_state import Watch
from pixelwise.evaluation.processor_load import Load
from pixelwise.record import read_records
from pixelwise.settings.evaluation import TimeSettings
from tests.cards.machine import CARD, smi

ROOT = Path(__file__).parents[2]
CPU = torch.device("cpu")
BUSY = {
    "clocks.sm": "1980",
    "clocks.mem": "2619",
    "temperature.gpu": "41",
    "power.draw": "655.20",
    "power.limit": "700.00",
    "clocks_throttle_reasons.active": "0x0000000000000004",
}
SMALL = {"width": 4, "max_width": 8, "depth": 1, "mlp_width": 8}


@pytest.fixture
def card(tmp_path, monkeypatch):
    """Returns a function that gives this machine a card with an nvidia-smi that says these things."""
    monkeypatch.setattr(card_state, "_asked", {})

    def give(**options):
        fields = options.pop("says", {})
        monkeypatch.setenv("PATH", smi(tmp_path / "bin", [CARD | fields], **options))
        return CARD["uuid"]

    return give


def watched(uuid, seconds=10.0, wanted=card_state.SAMPLES):
    """A card watched until there are enough samples."""
    end = time.monotonic() + seconds
    with Watch(uuid) as watch:
        while len(watch.samples) < wanted and watch.watching and time.monotonic() < end:
            time.sleep(0.02)
        settled = watch.settled()
    return watch, settled


def test_clocks_power_and_throttling_are_sampled(card):
    watch, settled = watched(card(says=BUSY, refused=("clocks_event_reasons.active",)))
    found = watch.summary()
    assert settled and found["samples"] >= card_state.SAMPLES
    assert found["clock_sm_mhz"] == found["clock_sm_mhz_low"] == 1980 and found["power_limit_w"] == 700
    assert found["throttled"] == "power cap" and found["temperature_c"] == 41


def test_quantities_that_the_card_does_not_tell(card):
    watch, settled = watched(card(says={"clocks.mem": "[N/A]", "temperature.gpu": "40"}))
    found = watch.summary()
    assert settled  # nothing is known of the clock, so nothing is waited for
    assert found["clock_sm_mhz"] is None and found["clock_memory_mhz"] is None and found["temperature_c"] == 40
    assert found["throttled"] is None


def test_a_program_that_hangs_holds_nothing_up(card, monkeypatch):
    monkeypatch.setattr(program, "PATIENCE", 0.2)
    uuid, start = card(hang=True), time.monotonic()
    watch, settled = watched(uuid)
    assert settled and watch.samples == [] and card_state.others(uuid) == []
    assert time.monotonic() - start < 5
    start = time.monotonic()
    watched(uuid)
    assert card_state.others(uuid) == [] and time.monotonic() - start < 0.15  # it is not asked again


def test_without_a_card_nothing_is_watched():
    watch, settled = watched(None)
    assert settled and not watch.watching and watch.summary()["throttled"] is None


def test_clocks_settle():
    watch = Watch(None)
    watch._thread = watch_alive = type("Alive", (), {"is_alive": lambda self: True})()
    assert watch_alive
    for clock, wanted in ((300, False), (900, False), (1980, False), (1965, False), (1980, False), (1980, True)):
        watch.samples.append(dict.fromkeys(card_state.FIELDS, 1.0) | {"clock_sm_mhz": clock, "throttle": 0.0})
        assert watch.settled() is wanted, clock


def test_a_warm_up_ends_when_clocks_are_steady(monkeypatch):
    monkeypatch.setattr(stopwatch, "WARM", 0.0)
    count, answers = [], iter([False, False, True])
    stopwatch.interleave({"f": lambda: count.append(1)}, 100, 1, CPU, settled=lambda: next(answers))
    assert len(count) == stopwatch.LEAST_WARM + 2 + 1
    count.clear()
    stopwatch.interleave({"f": lambda: count.append(1)}, 100, 1, CPU)
    assert len(count) == 101
    count.clear()
    monkeypatch.setattr(stopwatch, "LONGEST", 0.2)
    stopwatch.interleave({"f": lambda: (count.append(1), time.sleep(0.01))}, 3, 1, CPU, settled=lambda: False)
    assert 10 < len(count) < 40


def test_other_processes_on_the_card_are_named(card):
    me = {"pid": str(os.getpid()), "process_name": "python"}
    other = {"pid": "77", "process_name": "/usr/bin/train"}
    assert card_state.others(card(processes=[me])) == []
    assert card_state.others(card(processes=[me, other])) == ["/usr/bin/train (process 77)"]
    above = {"pid": str(os.getppid()), "process_name": "python"}  # started this one, waits for it and keeps its memory
    assert card_state.others(card(processes=[me, above])) == []
    assert card_state.others(card(processes=[me, above, other])) == ["/usr/bin/train (process 77)"]
    assert card_state.others(card(processes=[{"pid": "4711", "process_name": "[N/A]"}])) == []  # a container's own
    assert card_state.others(card(processes=[])) == []


def settings(**changes):
    models = {name: {"architecture": "asapnet", "options": SMALL} for name in ("a", "b")}
    given = {"name": "test", "task": "translation", "models": models, "ratios": [["a", "b"]], "sizes": [[32, 64]]}
    return TimeSettings(
        **(
            given
            | {"warmup": 1, "calls": 5, "processes": 1, "num_labels": 5, "device": "cpu", "batches": [1, 2]}
            | changes
        )
    )


@pytest.mark.parametrize(
    ("warmup", "rounds", "spread", "busy", "short"),
    [
        (50, 500, 0.5, False, False),
        (50, 60, 0.001, False, False),
        (50, 60, 0.5, False, True),
        (50, 20, 0.001, False, True),
        (10, 500, 0.001, False, True),
        (50, 500, 0.001, True, True),
    ],
)
def test_what_decides_nothing_is_short(warmup, rounds, spread, busy, short):
    times = {
        "a": [3 + spread * (i % 7 - 3) for i in range(rounds)],
        "b": [1 + spread * (i % 5 - 2) / 5 for i in range(rounds)],
    }
    facts = {"device": "cuda", "batch": 1, "scope": "generator"} | ({"busy": True} if busy else {})
    assert latency.short(settings(warmup=warmup), facts, [times]) is short
    assert not latency.short(settings(warmup=warmup), facts | {"device": "cpu"}, [times])
    parts = [{label: values[place::3] for label, values in times.items()} for place in range(3)]
    assert latency.short(settings(warmup=warmup), facts, parts) is (short or rounds == 60), "20 rounds each are few"


@pytest.mark.parametrize(
    ("strange", "others", "on_gpu", "disturbed"),
    [
        ([], 0.05, False, False),
        ([], 0.5, False, True),  # an eighth of the cores
        ([], 0.5, True, False),  # a card needs one core
        ([], 3.2, True, True),
        ([], None, True, False),
        (["train (process 77)"], 0.0, True, True),
    ],
)
def test_a_card_needs_one_core_and_a_processor_all_of_them(monkeypatch, strange, others, on_gpu, disturbed):
    monkeypatch.setattr(card_state.psutil, "cpu_count", lambda: 4)
    load = Load()
    load.others = others
    assert card_state.disturbed(strange, load, on_gpu) is disturbed


def test_on_a_gpu_the_interval_is_looked_at_every_30_rounds():
    group, looks = settings(narrow=0.1), []
    for rounds in range(1, 100):
        if latency.narrow_enough(group, {"a": [3.0] * rounds, "b": [1.0] * rounds}, on_gpu=True):
            looks.append(rounds)
    assert looks == [30, 60, 90]


def test_the_clock_is_no_part_of_the_hardware(tmp_path):
    (tmp_path / "work").mkdir()
    timing.run(settings(batches=[1]), {}, tmp_path / "out", tmp_path / "work")
    (record,) = [r for r in read_records(tmp_path / "out" / "metrics.json") if r.model == "a/b"]
    assert not [name for name in record.hardware if "mhz" in name or name.startswith(("clock", "power"))]
    (state,) = read_json(tmp_path / "out" / "states.json")
    assert state["batch"] == 1 and state["others"] == [] and {"cpu_mhz", "load_of_others", "busy"} <= set(state)


RUN = """
import os, signal
from pathlib import Path
from pixelwise.evaluation import card_state, timing
from tests.evaluation.test_clocks import settings
timed = card_state.timed
def until_killed(group, calls, device):
    if list(Path("work/process-0").iterdir()):
        calls["a"] = lambda: os.kill(os.getpid(), signal.SIGKILL)
    return timed(group, calls, device)
card_state.timed = until_killed
timing.run(settings(), dict(), Path("out"), Path("work"))
"""


def test_a_killed_timing_keeps_its_finished_conditions(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    killed = subprocess.run([sys.executable, "-c", RUN], cwd=tmp_path, env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL and not (tmp_path / "out").exists()
    (file,) = (work / "process-0").iterdir()
    kept = read_json(file)
    timing.run(settings(), {}, tmp_path / "out", work)
    (first, second) = [r for r in read_records(tmp_path / "out" / "metrics.json") if r.model == "a/b"]
    assert [first.condition["batch"], second.condition["batch"]] == [1, 2]
    times = {label: np.median(values) for label, values in kept["found"]["times"].items()}
    assert first.values["ratio"].value == times["a"] / times["b"]


def test_another_machine_of_the_same_kind_starts_anew(tmp_path, monkeypatch):
    from pixelwise.evaluation import hardware
    from pixelwise.evaluation.finished_conditions import Finished, Results

    facts, found = {"batch": 1}, Results(times={"a": [1.0]})
    here = Finished(tmp_path, hardware.describe("cpu", 1) | hardware.place(torch.device("cpu")))
    here.keep(facts, found)
    assert here.read(facts) == found
    monkeypatch.setattr(hardware.platform, "node", lambda: "node-2")
    assert Finished(tmp_path, hardware.describe("cpu", 1) | hardware.place(torch.device("cpu"))).read(facts) is None


@pytest.mark.parametrize("error", [torch.AcceleratorError, RuntimeError])
def test_a_failed_device_costs_one_condition_and_no_more(error, tmp_path, monkeypatch):
    work = tmp_path / "work"
    work.mkdir()
    calls = []

    def broken(module, dynamic):
        def fail(*_):
            calls.append(1)
            raise error("Triton Error [CUDA]: an illegal memory access was encountered\nSearch for")

        return fail

    monkeypatch.setattr(torch, "compile", broken)
    group = settings(modes=["eager", "compiled"], batches=[1])
    with pytest.raises(PixelwiseError, match=r"compiled.*illegal memory access.*what was timed before is kept"):
        timing.run(group, {}, tmp_path / "out", work)
    timing.run(group, {}, tmp_path / "out", work)
    assert len(calls) == 1
    records = read_records(tmp_path / "out" / "metrics.json")
    assert {r.condition["mode"] for r in records if r.kind == "latency"} == {"eager"}
    (skipped,) = read_json(tmp_path / "out" / "skipped.json")
    assert skipped["mode"] == "compiled" and "illegal memory access" in skipped["reason"]
    kept = next(file for file in work.glob("*/*.json") if read_json(file)["found"]["times"])
    kept.write_text("{")  # what is damaged is timed again
    timing.run(group, {}, tmp_path / "out", work)
    assert len([r for r in read_records(tmp_path / "out" / "metrics.json") if r.kind == "latency"]) == 3


def test_memory_that_ends_in_the_rounds_costs_one_condition(tmp_path, monkeypatch):
    rounds, asked = card_state.interleave, []

    def full_at_first(*arguments):
        asked.append(1)
        if len(asked) == 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1.50 GiB.")
        return rounds(*arguments)

    monkeypatch.setattr(card_state, "interleave", full_at_first)
    timing.run(settings(), {}, tmp_path / "out", tmp_path / "work")
    records = [r for r in read_records(tmp_path / "out" / "metrics.json") if r.kind == "latency"]
    assert {r.condition["batch"] for r in records} == {2}
    (skipped,) = read_json(tmp_path / "out" / "skipped.json")
    assert skipped["batch"] == 1 and skipped["reason"].startswith("OutOfMemoryError: CUDA out of memory")

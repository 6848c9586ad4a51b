"""Step `time`: models timed interleaved in one process, with ratios, memory and arithmetic beside the milliseconds."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pandas as pd
import torch
from torch import nn

from pixelwise.artifacts import write_json, write_text
from pixelwise.evaluation import baselines, hardware, latency, scopes
from pixelwise.evaluation.cases import Case
from pixelwise.evaluation.device_limits import device_limit
from pixelwise.evaluation.latency import Facts
from pixelwise.evaluation.score_cache import Ledger
from pixelwise.evaluation.stopwatch import Call, interleave, peak_memory
from pixelwise.models.fast.optimised import Optimised, optimise
from pixelwise.record import Record, write_records
from pixelwise.settings.evaluation import Mode, Precision, Scope, TimedModel, TimeSettings

BASELINE_CALLS, BASELINE_SIGMA, BASELINE_TILE = 5, 25.0, 16


@dataclass(frozen=True)
class Condition:
    """What is held fixed while the models of a group are compared."""

    size: tuple[int, int]
    batch: int
    precision: Precision
    mode: Mode
    scope: Scope

    def facts(self, settings: TimeSettings, device: torch.device) -> Facts:
        """The condition as a record holds it."""
        facts: Facts = {"height": self.size[0], "width": self.size[1], "batch": self.batch}
        facts |= {"precision": self.precision, "mode": self.mode, "scope": self.scope, "device": device.type}
        return facts | {"warmup": settings.warmup}


@dataclass
class Results:
    """What the step collects: records, every timed call, and what could not be done with the reason."""

    records: list[Record] = field(default_factory=list)
    samples: list[pd.DataFrame] = field(default_factory=list)
    skipped: list[dict[str, Any]] = field(default_factory=list)


def run(settings: TimeSettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Time the group under every condition.

    Args:
        settings: The models and the conditions.
        inputs: None; weights and inputs are random, since speed does not depend on their values.
        out: Receives metrics.json (latencies, ratios, arithmetic), samples.csv (every timed call) and skipped.json
            (what this device could not do, and why; which kernels it did without)
        work: Keeps the times of finished conditions, so that a killed run goes on where it was.

    Raises:
        PixelwiseError: If a model or an option is unknown, or a size is not legal for a model.
    """
    device = hardware.select_device(settings.device, settings.threads)
    torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = True, False
    arithmetic, results = list(latency.arithmetic(settings)), Results()
    ledger = Ledger(work / "times.jsonl")
    for size, group in itertools.groupby(conditions(settings), lambda condition: condition.size):
        modules = {label: latency.build(settings, model, size).to(device) for label, model in settings.models.items()}
        for condition in group:
            _measure(settings, condition, modules, device, arithmetic, results, ledger)
        _baselines(settings, size, results)
    machine = hardware.describe(device, settings.threads) | hardware.clocks(device)
    processor = hardware.describe(torch.device("cpu"), settings.threads)
    timed = [
        record.model_copy(update={"hardware": processor if record.model in settings.baselines else machine})
        for record in results.records
    ]
    write_records(out / "metrics.json", arithmetic + timed)
    write_json(out / "skipped.json", results.skipped)
    table = pd.concat(results.samples) if results.samples else pd.DataFrame()
    write_text(out / "samples.csv", table.to_csv(index=False, lineterminator="\n", float_format="%.6f"))


def conditions(settings: TimeSettings) -> Iterator[Condition]:
    """Every combination of the settings, by size first."""
    axes = (settings.sizes, settings.batches, settings.precisions, settings.modes, settings.scopes)
    return itertools.starmap(Condition, itertools.product(*axes))


def impossible(condition: Condition, device: torch.device) -> str | None:
    """Why a device cannot do this, or None if it can."""
    if condition.precision == "tf32" and device.type != "cuda":
        return "TF32 exists on CUDA devices only"
    if condition.precision == "tf32" and torch.cuda.get_device_capability(device) < (8, 0):
        return "this GPU has no TF32 units"
    if condition.precision == "bf16" and device.type == "cuda" and torch.cuda.get_device_capability(device) < (8, 0):
        return "this GPU has no bfloat16 units"  # torch.cuda.is_bf16_supported counts emulation
    if condition.mode == "optimised" and condition.precision != "fp32" and device.type != "cuda":
        return "the optimised form computes in fp32 on a CPU"
    return None


@torch.inference_mode()
def _measure(
    settings: TimeSettings,
    condition: Condition,
    modules: dict[str, nn.Module],
    device: torch.device,
    arithmetic: list[Record],
    results: Results,
    ledger: Ledger,
) -> None:
    """Time every model under one condition and add what came of it to `results`."""
    facts = condition.facts(settings, device)
    if reason := impossible(condition, device):
        results.skipped.append(facts | {"reason": reason})
        return
    known = {label: ledger.get(_key(facts, label)) for label in modules}
    if all(known.values()):  # timed before the step was interrupted
        _add(settings, facts, arithmetic, results, {label: dict(values or {}) for label, values in known.items()})
        return
    calls: dict[str, Call] = {}
    memory: dict[str, float] = {}
    if condition.mode == "compiled":
        torch._dynamo.reset()  # else a function that was compiled for many sizes is no longer compiled
    # The optimised form sets its own precision, layer by layer.
    with hardware.precision("fp32" if condition.mode == "optimised" else condition.precision, device):
        for label, module in modules.items():
            try:
                call, notes = _call(settings, condition, settings.models[label], module, device)
                eager = call
                if condition.mode == "optimised" and device.type == "cuda":  # a graph's replay hides its memory
                    eager, _ = _call(settings, condition, settings.models[label], module, device, cuda_graph=False)
                memory[label] = peak_memory(eager, device)
                calls[label] = call
                results.skipped += [facts | {"model": label, "note": note} for note in notes]
            except Exception as error:
                if not device_limit(error):
                    raise
                results.skipped.append(facts | {"model": label, "reason": device_limit(error)})
        enough = functools.partial(latency.narrow_enough, settings)
        times = interleave(calls, settings.warmup, settings.calls, device, settings.seed, enough)
    made = {
        label: {"peak_memory": memory[label]} | {str(number): value for number, value in enumerate(milliseconds)}
        for label, milliseconds in times.items()
    }
    for label, values in made.items():
        ledger.put(_key(facts, label), values)
    _add(settings, facts, arithmetic, results, made)


def _key(facts: Facts, label: str) -> str:
    """A model under a condition, in the ledger."""
    return json.dumps(facts | {"model": label})


def _add(
    settings: TimeSettings,
    facts: Facts,
    arithmetic: list[Record],
    results: Results,
    made: dict[str, dict[str, float]],
) -> None:
    """Add what was timed under one condition, label -> peak memory and milliseconds by round, to the results."""
    times = {label: [value for name, value in values.items() if name.isdigit()] for label, values in made.items()}
    place = {"height": facts["height"], "width": facts["width"]}
    gflop = {r.model: cast(float, r.values["gflop"].value) for r in arithmetic if place.items() <= r.condition.items()}
    for label, milliseconds in times.items():
        results.records.append(latency.latency(settings, facts, gflop, label, milliseconds, made[label]["peak_memory"]))
        results.samples.append(_rounds(facts, label, milliseconds))
    for a, b in settings.ratios:
        if a in times and b in times:
            results.records.append(latency.ratio(settings, facts, gflop, (a, b), times))


def _baselines(settings: TimeSettings, size: tuple[int, int], results: Results) -> None:
    """Time the methods without training, which run on the processor and may take seconds; adds to `results`."""
    image = scopes.draw(1, size, settings.num_labels, 1, settings.seed).images[0, 0].numpy()
    case = Case("random", image.astype(float), image, BASELINE_SIGMA)
    calls: dict[str, Call] = {}
    for name in settings.baselines:
        method = baselines.build(name, BASELINE_TILE, lambda: [case])
        calls[name] = functools.partial(lambda method: torch.from_numpy(method(case)), method)
    facts: Facts = {"height": size[0], "width": size[1], "batch": 1, "scope": "generator", "device": "cpu", "warmup": 1}
    times = interleave(calls, 1, min(settings.calls, BASELINE_CALLS), torch.device("cpu"), settings.seed)
    for label, milliseconds in times.items():
        results.records.append(latency.latency(settings, facts, {}, label, milliseconds, None))
        results.samples.append(_rounds(facts, label, milliseconds))


def _rounds(facts: Facts, label: str, milliseconds: list[float]) -> pd.DataFrame:
    """Every timed call as a row of samples.csv."""
    return pd.DataFrame(facts | {"model": label, "round": range(len(milliseconds)), "milliseconds": milliseconds})


def _call(
    settings: TimeSettings,
    condition: Condition,
    model: TimedModel,
    module: nn.Module,
    device: torch.device,
    cuda_graph: bool = True,
) -> tuple[Call, list[str]]:
    """The function to time, and what it does without; it has run once: compilation and lazy set-up are over."""
    network: nn.Module | Optimised = module
    if condition.mode == "compiled":
        network = cast(nn.Module, torch.compile(module, dynamic=False))
    elif condition.mode == "optimised":
        network = optimise(module, condition.precision, cuda_graph)
    channels = settings.channels if settings.task == "denoising" else 3
    drawn = scopes.draw(condition.batch, condition.size, settings.num_labels, channels, settings.seed)
    if settings.task == "denoising":
        call = scopes.denoising_call(condition.scope, network, drawn, device)
    else:
        labels, edge = latency.semantic_channels(settings, model, condition.size)
        call = scopes.translation_call(condition.scope, network, drawn, labels, edge, device)
    call()
    return call, network.notes if isinstance(network, Optimised) else []

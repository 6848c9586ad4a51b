"""Records of a timing: latencies, their ratios, and the arithmetic that stands beside them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from pixelwise.evaluation import statistics, subjects
from pixelwise.evaluation.scopes import SCOPES
from pixelwise.evaluation.stopwatch import MIB
from pixelwise.models import flops, registry
from pixelwise.models.registry import full_options
from pixelwise.quantities import computed, metrics
from pixelwise.record import Record, Scalar, Value, measured, protocol_hash
from pixelwise.settings.evaluation import LEAST_ROUNDS_ON_GPU, TimedModel, TimeSettings

Size = tuple[int, int]
Facts = dict[str, Scalar]
"""A condition as a record holds it."""
PROTOCOL = "interleaved"
CLOCK = "perf_counter_ns, synchronised before and after; every round runs each model once in random order"
LEAST_ON_GPU = (50, 500)
"""Warm-up and timed calls below which a timing on a GPU is marked short (docs/reference/protocols.md, "Timing")."""
INTERVAL, ALONE = "Student's t over {} processes, 95 %", "bootstrap over the rounds of one process, 95 %"
LEAST_ROUNDS = 5
"""Before which a group is not asked whether its intervals are narrow enough."""
NARROW = 0.02
"""On a GPU fewer than 500 calls are not short if each ratio's interval reaches at most 2 % to either side of it. The
interval is looked at every `LEAST_ROUNDS_ON_GPU` rounds, so that the card does not rest and the looks are few."""


def options(settings: TimeSettings, model: TimedModel) -> dict[str, Any]:
    """A model's options; labels and channels are the group's unless the model has its own."""
    return subjects.options_of(settings, model)


def build(settings: TimeSettings, model: TimedModel) -> nn.Module:
    """A model in evaluation mode with random weights, the same for the same seed."""
    torch.manual_seed(settings.seed)
    return registry.build(model.architecture, **options(settings, model)).eval()


def semantic_channels(settings: TimeSettings, model: TimedModel) -> tuple[int, bool]:
    """Number of labels of a generator, and whether it takes instance edges."""
    complete = full_options(model.architecture, options(settings, model))
    return int(complete["num_labels"]), bool(complete["instance_edge"])


def latency(
    settings: TimeSettings,
    facts: Facts,
    gflop: dict[str, float],
    label: str,
    times: Sequence[list[float]],
    memory: float | None,
    short: bool = False,
) -> Record:
    """Median, quantiles that the calls support, throughput and memory of one model under one condition.

    The median is the geometric mean of the medians of the processes.

    Args:
        settings: The group.
        facts: The condition.
        gflop: Label -> 10^9 operations of one image at this size; not for methods whose operations are not counted.
        label: The model.
        times: Every timed call in milliseconds, for each process.
        memory: What one call takes at most, in MiB; None if it was not measured.
        short: Whether the group was timed too shortly to decide anything (`short`).
    """
    milliseconds = [value for own in times for value in own]
    if len(times) > 1:
        median, low, high = statistics.geometric_mean([float(np.median(own)) for own in times])
    else:
        median, low, high = statistics.bootstrap_median(milliseconds, settings.seed)
    values = {"median": measured(median, "ms", low, high, _interval(times))}
    for name, compute in computed("latency").items():
        if len(milliseconds) >= (metric := metrics("latency")[name]).calls:
            values[name] = Value(value=float(compute(milliseconds)), unit=metric.unit)
    batch = _whole(facts["batch"])
    values["throughput"] = Value(value=1000 * batch / median, unit="images/s")
    if memory is not None:
        values["peak_memory"] = Value(value=memory, unit="MiB")
    if label in gflop:
        values["gflop"] = Value(value=batch * gflop[label], unit="GFLOP")
    return _timed(settings, facts, label, len(milliseconds), values, short)


def ratio(
    settings: TimeSettings,
    facts: Facts,
    gflop: dict[str, float],
    pair: tuple[str, str],
    times: Mapping[str, Sequence[list[float]]],
    short: bool = False,
) -> Record:
    """Ratio of the medians of two models, with its interval, and the ratio of their operations.

    Of several processes it is the geometric mean of their own ratios.

    Args:
        settings: The group.
        facts: The condition.
        gflop: Label -> 10^9 operations of one image at this size.
        pair: Numerator and denominator.
        times: Label -> every timed call in milliseconds, for each process; same position, same round.
        short: As for `latency`.
    """
    a, b = pair
    if len(times[a]) > 1:
        value, low, high = statistics.ratio_over_processes(times[a], times[b])
    else:
        value, low, high = statistics.bootstrap_ratio_of_medians(times[a][0], times[b][0], settings.seed)
    values = {"ratio": measured(value, "times", low, high, _interval(times[a]))}
    values["gflop_ratio"] = Value(value=gflop[a] / gflop[b], unit="times")
    return _timed(settings, facts, f"{a}/{b}", sum(map(len, times[a])), values, short)


def _interval(times: Sequence[list[float]]) -> str:
    """What the interval of so many processes spans."""
    return INTERVAL.format(len(times)) if len(times) > 1 else ALONE


def narrow_enough(settings: TimeSettings, times: Mapping[str, list[float]], on_gpu: bool = False) -> bool:
    """Whether the interval of every ratio is as narrow as the group asks for, so that no further rounds are needed."""
    rounds = min(map(len, times.values()), default=0)
    every = LEAST_ROUNDS_ON_GPU if on_gpu else 1
    if settings.narrow is None or rounds < LEAST_ROUNDS or rounds % every or not settings.ratios:
        return False
    return within(settings, times, settings.narrow)


def within(settings: TimeSettings, times: Mapping[str, list[float]], share: float) -> bool:
    """Whether the interval of every ratio reaches at most this share of the ratio to either side."""
    for a, b in settings.ratios:
        if a in times and b in times:
            value, low, high = statistics.bootstrap_ratio_of_medians(times[a], times[b], settings.seed)
            if max(high - value, value - low) > share * value:
                return False
    return True


def short(settings: TimeSettings, facts: Facts, processes: Sequence[Mapping[str, list[float]]]) -> bool:
    """Whether a timing on a GPU decides nothing: too little warm-up, too few and wide, or not alone on the card.

    Args:
        settings: The group.
        facts: The condition.
        processes: Label -> every timed call in milliseconds, for each process.
    """
    if facts["device"] != "cuda":
        return False
    rounds = [min(map(len, times.values()), default=0) for times in processes]
    paired = all(any(a in times and b in times for a, b in settings.ratios) for times in processes)
    narrow = paired and min(rounds) >= LEAST_ROUNDS_ON_GPU and all(within(settings, t, NARROW) for t in processes)
    few = sum(rounds) < LEAST_ON_GPU[1]
    return settings.warmup < LEAST_ON_GPU[0] or (few and not narrow) or bool(facts.get("busy"))


def rounds(facts: Facts, process: int, label: str, milliseconds: list[float]) -> pd.DataFrame:
    """Every timed call of a process as a row of samples.csv."""
    own = {"process": process, "model": label, "round": range(len(milliseconds)), "milliseconds": milliseconds}
    return pd.DataFrame(facts | own)


def _whole(value: Scalar) -> int:
    """A whole number among a condition's facts."""
    assert isinstance(value, int)
    return value


def _timed(settings: TimeSettings, facts: Facts, model: str, n: int, values: dict[str, Value], short: bool) -> Record:
    scope = next(text for name, text in SCOPES.items() if name == facts["scope"])
    return Record(
        kind="latency",
        task=settings.task,
        model=model,
        dataset="random",
        protocol=PROTOCOL,
        protocol_hash=protocol_hash({"clock": CLOCK, "scope": scope}),
        condition=facts,
        n=n,
        seed=settings.seed,
        synthetic=False,
        short=short,
        values=values,
    )


def arithmetic(settings: TimeSettings) -> Iterator[Record]:
    """Operations of one image at each size, and parameters, of each model."""
    for size, (label, model) in itertools.product(settings.sizes, settings.models.items()):
        with torch.device("meta"):
            module = build(settings, model)
            channels: int = settings.channels
            if settings.task == "translation":
                channels = sum(semantic_channels(settings, model))
            gflop = flops.count(module, torch.empty(1, channels, *size)) / 1e9
        parameters = list(module.parameters())
        weights = sum(parameter.numel() * parameter.element_size() for parameter in parameters)
        values = {"gflop": Value(value=gflop, unit="GFLOP"), "gmacs": Value(value=gflop / 2, unit="GMAC")}
        values["parameters"] = Value(value=sum(parameter.numel() for parameter in parameters), unit="1")
        values["weights"] = Value(value=weights / MIB, unit="MiB")
        yield Record(
            kind="flops",
            task=settings.task,
            model=label,
            dataset="random",
            protocol="flop_counter",
            protocol_hash=protocol_hash("torch.utils.flop_counter, 2 per multiply-add, dense input"),
            condition={"height": size[0], "width": size[1], "batch": 1, "scope": "generator"},
            n=1,
            synthetic=False,
            short=False,
            values=values,
        )

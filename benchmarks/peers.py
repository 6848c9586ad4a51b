"""This package's engine beside other runtimes: the same weights and inputs, outputs compared before anything is timed.

Every section (network, size, precision, number of threads) runs in a process of its own and is ended at a limit: a
compiler that searches for too long, or breaks, costs its section alone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from benchmarks import runtimes
from benchmarks.processes import Measured
from benchmarks.sections import Bench, problem, settle
from benchmarks.subjects import LABELS, NARROW, Call, Condition, Subject, label_map
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import fresh_process
from pixelwise.evaluation.hardware import select_device
from pixelwise.evaluation.subjects import built
from pixelwise.models import flops, random_weights, registry
from pixelwise.models.fast.optimised import optimise
from pixelwise.models.onnx_form import OnnxForm
from pixelwise.reporting.runtimes_table import PROTOCOL

NETWORKS = ("asapnet", "spade_pix2pixhd", "dncnn", "spade")
CPU = (((256, 512), 1), ((256, 512), 2), ((512, 1024), 2))
"""Size and threads of the sections on a CPU."""
CUDA_SIZES = ((256, 512), (512, 1024))
LIMITS = {"fp32": (5e-3, 1e-3), "tf32": (0.5, 2e-2), "bf16": (2.0, 1e-1)}
"""Greatest and mean difference from PyTorch's float32: fp32 less than a level of 8 bits (0.0078) everywhere, and an
eighth of one on average; tf32 and bf16 about four times what rounding the products does to random weights
(`emulated_distances.csv`)."""
PREPARING = 0.6
"""Share of a section's time in which all runtimes must be ready."""
ROUNDS = 3
"""Least timed rounds of a section in a process."""


class Section(NamedTuple):
    """One comparison."""

    network: str
    height: int
    width: int
    precision: str
    threads: int

    @property
    def protocol(self) -> str:
        """Name of its records' protocol: with the threads on a CPU, where they are what differs."""
        return f"{PROTOCOL}, {self.threads} thread{'s' * (self.threads > 1)}" if self.threads else PROTOCOL

    def __str__(self) -> str:
        return f"{self.network} {self.height}x{self.width} {self.precision}, {self.protocol}"


def plan(device: torch.device, networks: list[str], precisions: list[str], quick: bool) -> list[Section]:
    """All sections in their order: on a GPU the faster precisions and smaller sizes of all networks first."""
    if device.type == "cpu":
        settings = [((64, 128), 1)] if quick else CPU
        return [Section(network, *size, "fp32", threads) for size, threads in settings for network in networks]
    order = sorted(precisions, key=("tf32", "bf16", "fp32").index)
    sizes = [(64, 128)] if quick else CUDA_SIZES
    return [Section(n, *size, precision, 0) for precision in order for size in sizes for n in networks]


def section(
    one: Section, device: torch.device, quick: bool, seconds: float, rounds: tuple[int, int], limit: float
) -> Measured:
    """Measure a section in a new process, which ends at the limit in seconds.

    Raises:
        PixelwiseError: If it ended without a result.
    """
    start = time.monotonic()
    try:
        return fresh_process.call(str(one), measure, one, str(device), quick, seconds, rounds, limit)
    except PixelwiseError as error:
        late = time.monotonic() - start > limit
        raise PixelwiseError(f"no result within {limit:.0f} s" if late else str(error)) from None


def measure(
    one: Section, device_name: str, quick: bool, seconds: float, rounds: tuple[int, int], limit: float
) -> Measured:
    """What the process of a section does."""
    end = threading.Timer(limit, os._exit, [124])
    end.daemon = True
    end.start()
    try:
        return _measured(one, torch.device(device_name), quick, seconds, rounds, time.monotonic() + PREPARING * limit)
    finally:
        end.cancel()


def _measured(
    one: Section, device: torch.device, quick: bool, seconds: float, rounds: tuple[int, int], until: float
) -> Measured:
    """All runtimes that are ready until a moment, timed in turn."""
    select_device(device.type, one.threads or torch.get_num_threads(), lease=False)
    if device.type == "cuda":
        torch.cuda.set_device(device)  # which the process before this one has chosen
    torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = True, False
    bench = Bench(device, quick, seconds, (min(ROUNDS, rounds[1]), rounds[1]))
    condition = replace(bench.condition(one.height, one.width, 1), threads=one.threads)
    with torch.no_grad(), tempfile.TemporaryDirectory() as folder:
        made = list(_subjects(one, condition, bench, Path(folder), until))
        times = bench.time(condition, one.protocol, made)
        ours = f"{one.network} optimised", one.precision
        for s in made:
            if (s.name, s.precision) != ours:
                bench.ratio(condition, one.protocol, times, (s.name, s.precision), ours)
    return Measured(device, quick, bench.records, bench.samples, bench.problems)


def _subjects(one: Section, condition: Condition, bench: Bench, folder: Path, until: float) -> Iterator[Subject]:
    """PyTorch as published, this package's engine, and every other runtime that is here and makes the same image."""
    module, options = network(one.network, condition)
    form, inputs, planes = OnnxForm(module, options).to(condition.device), *inputs_of(one.network, condition)
    flop = arithmetic(one.network, options, planes)
    published = registry.function(one.network, "published")
    plain = module if published is None else published(module)
    reference = runtimes.in_precision(lambda: plain(planes), "fp32")().float()
    engine = optimise(module, one.precision)  # type: ignore[arg-type]
    ids = inputs if len(inputs) < 2 else (inputs[0], inputs[1].float())
    ours = (planes,) if engine.labels is None else ids  # label ids where the engine takes them
    given = runtimes.Given(form, inputs, one.precision, one.threads, folder)
    calls: dict[str, Callable[[], Call]] = {
        "eager": lambda: runtimes.in_precision(lambda: plain(planes), one.precision)
    }
    calls["optimised"] = lambda: lambda: engine(*ours)
    for name, make in runtimes.here(given.gpu, one.precision):
        if isinstance(make, str):
            print(f"{one}: {name}: left out, {make}", file=sys.stderr, flush=True)
        else:
            calls[name] = partial(make, given)
    run = built(one.network, options)
    for name, prepare in calls.items():
        start = time.monotonic()
        settle(condition.device)
        try:
            with patient(max(1.0, until - start)):
                call = prepare()
                found = call().float().clone()
            distance = compared(found, reference, one.precision)
        except Exception as error:
            bench.problems.append(f"{one}: {name}: {problem(error)}")
            continue
        print(f"{one}: {name} ready in {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)
        treated = run.model_copy(
            update={"treatment": {"eager": "published", "torch.compile": "compiled"}.get(name, name)}
        )
        counted = name in ("eager", "optimised")
        yield Subject(f"{one.network} {name}", one.precision, call, flop, None, treated, distance, counted)


@contextlib.contextmanager
def patient(seconds: float) -> Iterator[None]:
    """Break off what takes longer, where Python gets the word."""

    def late(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"not ready within {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def compared(found: Tensor, wanted: Tensor, precision: str) -> tuple[float, float]:
    """Greatest and mean difference.

    Raises:
        PixelwiseError: If one is above its limit.
    """
    difference = (found.double() - wanted.double()).abs()
    largest, mean = float(difference.max()), float(difference.mean())
    if not (largest <= LIMITS[precision][0] and mean <= LIMITS[precision][1]):
        limits = " and ".join(f"{value:g}" for value in LIMITS[precision])
        raise PixelwiseError(f"another image: differs by up to {largest:.3g}, {mean:.3g} on average; limits {limits}")
    return largest, mean


def network(name: str, condition: Condition) -> tuple[nn.Module, dict[str, Any]]:
    """A network with seeded weights in evaluation mode on the device, and all its options."""
    given: dict[str, Any] = {} if name == "dncnn" else {"num_labels": LABELS}
    given |= {"tile": condition.tile} if name == "asapnet" else {}
    given |= NARROW[name] if condition.narrow else {}
    with condition.device:
        module = random_weights.drawn(name, given)
    return module, registry.full_options(name, given)


def inputs_of(name: str, condition: Condition) -> tuple[tuple[Tensor, ...], Tensor]:
    """Label ids and edge, both uint8, and the planes made of them; or a noisy image as both."""
    if name == "dncnn":
        torch.manual_seed(0)
        noisy = torch.rand(condition.batch, 1, condition.height, condition.width).to(condition.device)
        return (noisy,), noisy
    labels, edge, planes = label_map(condition)
    return (labels, edge.to(torch.uint8)), planes


def arithmetic(name: str, options: dict[str, Any], planes: Tensor) -> float:
    """Operations of one call as published."""
    with torch.device("meta"):
        return float(flops.count(registry.build(name, **options), torch.empty(planes.shape)))

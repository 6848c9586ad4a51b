"""Which sections a benchmark has, and in which order."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from benchmarks import peers
from benchmarks.processes import Measured, key
from benchmarks.sections import Bench, settle
from pixelwise.evaluation import hardware

ROOT = Path(__file__).resolve().parents[1]
SIZES = {"cpu": "256x512", "cuda": "256x512,512x512,512x1024,1024x1024,1024x2048,2048x2048"}
LIMIT = {"cpu": 1800.0, "cuda": 150.0}
"""Seconds after which a comparison with other runtimes is ended."""
LEAST = 20.0
"""Seconds that such a comparison needs at least."""
Job = tuple[str, Callable[[Bench], object]]


def chosen(options: argparse.Namespace, device: torch.device, deadline: float) -> Iterator[Job]:
    """Name and measurement of every section chosen."""
    names = options.sections.split(",")
    gpu = device.type == "cuda"
    sizes = _sizes(options, device)
    batches = [int(b) for b in (options.batches or ("1,8" if gpu and not options.quick else "1")).split(",")]
    wanted = options.precisions.split(",") if options.precisions else hardware.precisions(device)
    precisions = [precision for precision in wanted if not _left_out(precision, device)]
    steps = options.training_batches or ("1" if options.quick else "1,8" if gpu else "1,4")
    batches_of_steps = [int(b) for b in steps.split(",")]
    every = [(s, *size, batch) for batch in batches for size in sizes for s in ("stream", "generator")]
    loaded = batches_of_steps[-1] if gpu else 1
    once = [("denoiser", batches[0]), ("loading", loaded), *(("training", batch) for batch in batches_of_steps)]
    listed = [*every[:2], *((section, *sizes[0], batch) for section, batch in once), *every[2:]]
    for section, height, width, batch in (job for job in listed if job[0] in names):
        yield f"{section} {height}x{width} batch {batch}", _section(section, (height, width, batch), precisions)
    for one in peers.plan(device, options.networks.split(","), precisions, options.quick) if "peers" in names else ():
        yield f"peers {one}", _peers(one, options.limit or LIMIT[device.type], deadline)
    weights = next(ROOT.glob("data/*/weights/inception"), None)
    if "features" in names and weights is None:
        print("features: left out, no Inception weights below data/; make reproduce fetches them", file=sys.stderr)
    elif "features" in names and weights is not None:
        yield "features", lambda bench: bench.features(weights)
    if "frechet" in names:
        yield "frechet", Bench.frechet
    if "pipeline" in names:
        yield "pipeline", lambda bench: bench.pipeline(ROOT)


def _left_out(precision: str, device: torch.device) -> bool:
    """Whether a device has no units for a precision that was asked for; a line says so."""
    if reason := hardware.lacking(precision, device):
        print(f"{precision}: left out, {reason}", file=sys.stderr)
    return reason is not None


def _sizes(options: argparse.Namespace, device: torch.device) -> list[tuple[int, int]]:
    listed = (options.sizes or ("64x128" if options.quick else SIZES[device.type])).split(",")
    return [(int(height), int(width)) for height, _, width in (size.partition("x") for size in listed)]


def _section(section: str, size: tuple[int, int, int], precisions: list) -> Callable[[Bench], object]:
    def measure(bench: Bench) -> None:
        settle(bench.device)
        condition = bench.condition(*size)
        if section == "training":
            bench.training(condition)
        elif section == "loading":
            bench.loading(condition)
        elif section == "stream":
            bench.streams(condition)
        elif section == "denoiser":
            bench.denoisers(condition, precisions)
        else:
            bench.generators(condition, precisions)

    return measure


def _peers(one: peers.Section, limit: float, deadline: float) -> Callable[[Bench], object]:
    def measure(bench: Bench) -> None:
        settle(bench.device)
        left = min(limit, deadline - time.monotonic())
        if left < LEAST:
            bench.problems.append(f"{one}: left out, no time")
            return
        made = peers.section(one, bench.device, bench.quick, bench.seconds, bench.rounds, left)
        join(bench, made)

    return measure


def join(bench: Bench, made: Measured) -> None:
    """Add what a comparison measured; the machine's own rates, which stand beside every network of a setting, once."""
    known = {key(record) for record in bench.records}
    again = {record.model for record in made.records if record.subject is None and key(record) in known}
    bench.records += [record for record in made.records if record.model not in again]
    bench.samples += [sample for sample in made.samples if sample["model"] not in again]
    bench.problems += made.problems

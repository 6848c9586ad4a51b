"""Timing several functions interleaved, and the memory that one call takes."""

from __future__ import annotations

import functools
import gc
import os
import time
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

Call = Callable[[], Tensor]
MIB = 2**20
WARM, LONGEST, LEAST_WARM = 5.0, 15.0, 5
"""Seconds after which a warm-up may end if clocks are steady, and after which it ends anyway; least rounds."""


def synchronise(device: torch.device) -> None:
    """Wait until everything given to the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def interleave(
    calls: Mapping[str, Call],
    warmup: int,
    timed: int,
    device: torch.device,
    seed: int = 0,
    enough: Callable[[dict[str, list[float]]], bool] = lambda _: False,
    settled: Callable[[], bool] | None = None,
) -> dict[str, list[float]]:
    """Time functions in rounds; in each round every function runs once, in a random order.

    The clock (`time.perf_counter_ns`) is read after a synchronisation before and after each call; the garbage collector
    rests meanwhile.

    Args:
        calls: Name -> function.
        warmup: First rounds, which are not recorded.
        timed: Recorded rounds at most.
        device: Where the functions compute.
        seed: Seed of the orders.
        enough: Asked after each recorded round with all times so far; True ends the timing.
        settled: Whether clocks have stopped changing, if that can be known: the warm-up then goes on while they change,
            for `LONGEST` seconds at most, and ends after `WARM` seconds where they do not.

    Returns:
        Name -> milliseconds of each recorded round, at most [timed].
    """
    names, rng = list(calls), np.random.default_rng(seed)
    times: dict[str, list[float]] = {name: [] for name in names}
    collecting = gc.isenabled()
    gc.disable()
    try:
        rounds = functools.partial(_round, calls, device, rng)
        start, number = time.monotonic(), 0
        while not _warm(number, warmup, time.monotonic() - start, settled):
            rounds({name: [] for name in names})
            number += 1
        for _ in range(timed):
            rounds(times)
            if enough(times):
                break
    finally:
        if collecting:
            gc.enable()
    return times


def _warm(number: int, warmup: int, seconds: float, settled: Callable[[], bool] | None) -> bool:
    """Whether a warm-up of so many rounds and seconds is enough."""
    if settled is None:
        return number >= warmup
    if number >= warmup:
        return seconds > LONGEST or settled()
    return number >= LEAST_WARM and seconds > WARM and settled()


def _round(
    calls: Mapping[str, Call], device: torch.device, rng: np.random.Generator, times: dict[str, list[float]]
) -> None:
    """Time each function once and add the milliseconds to `times`."""
    names = list(calls)
    for place in rng.permutation(len(names)):
        call = calls[names[place]]
        synchronise(device)
        start = time.perf_counter_ns()
        call()
        synchronise(device)
        times[names[place]].append((time.perf_counter_ns() - start) / 1e6)


def peak_memory(call: Call, device: torch.device) -> float:
    """Memory in MiB that one call takes at most beyond what is allocated before it, by PyTorch's allocators.

    On a GPU from the allocator's own statistics, on a CPU from the profiler's record of every allocation and release.
    """
    if device.type == "cuda":
        call()  # cuDNN's search for algorithms takes memory of its own
        synchronise(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        call()
        synchronise(device)
        return (torch.cuda.max_memory_allocated(device) - before) / MIB
    os.environ.setdefault("KINETO_LOG_LEVEL", "6")  # else it complains on machines without a GPU
    with torch.autograd.profiler.profile(profile_memory=True) as profiler:
        call()
    results = profiler.kineto_results
    assert results is not None
    events = [event for event in results.events() if event.name() == "[memory]"]
    events.sort(key=lambda event: event.start_ns())
    level = np.cumsum([event.nbytes() for event in events])
    return max(float(level.max(initial=0)), 0.0) / MIB

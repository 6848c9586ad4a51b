"""Time of the pixelwise kernel for several shapes of its programs, on a GPU."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, get_args

import torch

from benchmarks import subjects
from benchmarks.device_checks import stream_inputs
from pixelwise.models.fast.pixelwise_triton import PROGRAMS, Precision, pixelwise_mlp_triton

SHAPES = ("256x512", "512x1024")
TRIED = ((64, 4), (64, 8), (128, 4), (128, 8), (256, 8))
"""Pixels computed at a time, and warps."""


def sweep(device: torch.device, deadline: float, rows: list[dict[str, Any]]) -> None:
    """Add a row with the microseconds of each shape to `rows`, until the deadline."""
    for shape in SHAPES:
        (grid, labels, dense), form = stream_inputs(shape, device)
        assert grid is not None
        grid = subjects.aligned(grid)
        for precision in get_args(Precision):
            for block, warps in TRIED:
                if time.monotonic() > deadline:
                    return
                arguments = (grid, labels, dense, form, precision, block, warps)
                try:
                    microseconds: float | str = _microseconds(partial(pixelwise_mlp_triton, *arguments))
                except Exception as error:
                    microseconds = f"{type(error).__name__}: {str(error)[:100]}"
                row = {"shape": shape, "precision": precision, "block": block, "warps": warps}
                rows.append(row | {"microseconds": microseconds, "default": PROGRAMS[precision][0] == (block, warps)})
                print(rows[-1], flush=True)


def _microseconds(call: Callable[[], torch.Tensor], repeats: int = 20) -> float:
    """Mean time of a kernel, launched back to back by a graph: the launch from Python can take longer."""
    call()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(repeats):
            call()
    graph.replay()
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    graph.replay()
    end.record()
    torch.cuda.synchronize()
    return round(start.elapsed_time(end) * 1e3 / repeats, 1)

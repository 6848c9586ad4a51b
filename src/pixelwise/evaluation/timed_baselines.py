"""Times of the methods without training, which run on the processor and may take seconds."""

from __future__ import annotations

import functools

import torch

from pixelwise.evaluation import baselines, scopes
from pixelwise.evaluation.cases import Case
from pixelwise.evaluation.finished_conditions import Results
from pixelwise.evaluation.latency import Facts
from pixelwise.evaluation.stopwatch import Call, interleave
from pixelwise.settings.evaluation import TimeSettings

CALLS, SIGMA, TILE = 5, 25.0, 16


def facts(size: tuple[int, int]) -> Facts:
    """Their condition."""
    return {"height": size[0], "width": size[1], "batch": 1, "scope": "generator", "device": "cpu", "warmup": 1}


def measure(settings: TimeSettings, size: tuple[int, int]) -> Results:
    """Time those of a group at a size, at most `CALLS` times after one call of warm-up."""
    image = scopes.draw(1, size, settings.num_labels, 1, settings.seed).images[0, 0].numpy()
    case = Case("random", image.astype(float), image, SIGMA)
    calls: dict[str, Call] = {}
    for name in settings.baselines:
        method = baselines.build(name, TILE, lambda: [case])
        calls[name] = functools.partial(lambda method: torch.from_numpy(method(case)), method)
    return Results(times=interleave(calls, 1, min(settings.calls, CALLS), torch.device("cpu"), settings.seed))

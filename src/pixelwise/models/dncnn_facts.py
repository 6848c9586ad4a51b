"""What DnCNN's published networks are: the parameters, and the receptive field at two depths."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from pixelwise.models.architectures.dncnn import DnCNN
from pixelwise.models.facts import Condition, Facts, parameters_only

DEPTHS = (17, 20)


def facts(name: str, sizes: object) -> Iterator[tuple[Condition, Facts]]:
    """Parameters, and the receptive field of DnCNN-S and DnCNN-B."""
    yield from parameters_only(name, sizes)
    for depth in DEPTHS:
        yield {"depth": depth}, {"receptive_field": (receptive_field(depth), "pixels")}


def receptive_field(depth: int) -> int:
    """Side of the square of pixels that one pixel of DnCNN's input reaches, by impulse response.

    All weights are equal and positive, so that no contribution cancels; the width does not matter.
    """
    net = DnCNN(depth=depth, width=1).double().eval()
    with torch.no_grad():
        for conv in net.convs:
            conv.weight.fill_(1 / 9)  # type: ignore[operator]
        side = 2 * depth + 9
        impulse = torch.zeros(1, 1, side, side, dtype=torch.float64)
        impulse[0, 0, side // 2, side // 2] = 1
        reached = net.noise(impulse)[0, 0] > 0
    return int(reached.any(0).sum())

"""What a declared model is, counted on the built network: parameters, layers, arithmetic.

Networks are built on the meta device, which has shapes and no memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pixelwise.models import declarations
from pixelwise.models.flops import count
from pixelwise.models.registry import function, skeleton

Facts = dict[str, tuple[float, str]]
"""Quantity -> (value, unit)."""
Condition = dict[str, int]
"""What the facts hold under, such as an image's height and width."""


def parameters(module: nn.Module) -> int:
    """Number of parameters; fixed ones, without gradient, count too."""
    return sum(parameter.numel() for parameter in module.parameters())


def macs(module: nn.Module, image: Tensor) -> float:
    """Multiply-accumulates of one forward pass, in 10^9; convolutions and matrix products only."""
    return count(module, image) / 2e9


def of_model(name: str, sizes: Sequence[tuple[int, int]]) -> Iterator[tuple[str, Condition, Facts]]:
    """All that is counted of a model: by the function that it declares, or what is counted of any.

    Args:
        name: The model.
        sizes: Heights and widths.

    Yields:
        What records call the subject (the model, or one of its `counted` forms), the condition, the facts.
    """
    own = function(name, "facts") or (at_sizes if declarations.model(name).input == "labels" else parameters_only)
    for condition, facts in own(name, sizes):
        yield name, condition, facts
    for form, options in declarations.model(name).counted.items():
        yield form, {}, {"parameters": (parameters(skeleton(name, **options)), "parameters")}


def at_sizes(name: str, sizes: Sequence[tuple[int, int]]) -> Iterator[tuple[Condition, Facts]]:
    """A generator as published for Cityscapes, at each size that it takes."""
    module = skeleton(name).eval()
    norms = sum(isinstance(layer, nn.BatchNorm2d) for layer in module.modules())
    multiple, smallest = _least(name)
    channels: Any = getattr(module, "legal").channels  # noqa: B009 (of every generator)
    for height, width in sizes:
        if height % multiple or width % multiple or min(height, width) < smallest:
            continue
        facts: Facts = {"gmacs": (macs(module, torch.empty(1, channels, height, width, device="meta")), "10^9")}
        facts |= {"parameters": (parameters(module), "parameters"), "batch_norm_layers": (norms, "layers")}
        yield {"height": height, "width": width}, facts


def parameters_only(name: str, sizes: object) -> Iterator[tuple[Condition, Facts]]:
    """What is counted of a network whose size does not depend on the image's."""
    yield {}, {"parameters": (parameters(skeleton(name)), "parameters")}


def _least(name: str) -> tuple[int, int]:
    options: Any = declarations.model(name).options()
    least: tuple[int, int] = options.least() if hasattr(options, "least") else (1, 1)
    return least

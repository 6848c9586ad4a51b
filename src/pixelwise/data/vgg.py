"""VGG19's convolutions for the perceptual loss, under torchvision's names `features.<n>.weight` and `.bias`.

Two variants. `torchvision`: ImageNet weights as torchvision publishes them. `normalised`: the same network in AdaIN's
scale, every filter divided by its mean activation on ImageNet (Gatys et al.), so its features and hence the loss have
another size. It begins with a 1x1 convolution from RGB in [0, 1] to mean-free BGR in [0, 255], which is folded into the
first convolution here, together with the step from [-1, 1] to [0, 1]. So both variants take RGB in [-1, 1]. Folding is
exact inside the image; at its border zero padding then means mid-grey.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from pixelwise.data.inception import read_state, take

# Positions of the 16 convolutions in torchvision's `features`, and in AdaIN's network (reflection pads stand between).
TORCHVISION = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
ADAIN = (2, 5, 9, 12, 16, 19, 22, 25, 29, 32, 35, 38, 42, 45, 48, 51)


def from_torchvision(path: Path) -> dict[str, Tensor]:
    """Read torchvision's file; the classifier is left out.

    Raises:
        PixelwiseError: If it is no state dict, or if a tensor is missing or left over.
    """
    wanted = [f"features.{number}.{kind}" for number in TORCHVISION for kind in ("weight", "bias")]
    return take(path, read_state(path), wanted, ignored=("classifier.",))


def from_adain(path: Path) -> dict[str, Tensor]:
    """Read AdaIN's normalised VGG19 and fold its first layer.

    Raises:
        PixelwiseError: If it is no state dict, or if a tensor is missing or left over.
    """
    wanted = [f"{number}.{kind}" for number in (0, *ADAIN) for kind in ("weight", "bias")]
    given = take(path, read_state(path), wanted, ignored=())
    state = {
        f"features.{to}.{kind}": given[f"{number}.{kind}"]
        for to, number in zip(TORCHVISION, ADAIN, strict=True)
        for kind in ("weight", "bias")
    }
    # With y in [-1, 1] the 1x1 layer gives M (y + 1) / 2 + m, so its matrix is M / 2 and its bias m + M 1 / 2.
    matrix = given["0.weight"].double().flatten(1) / 2
    shift = given["0.bias"].double() + matrix.sum(1)
    first = state["features.0.weight"].double()
    state["features.0.weight"] = torch.einsum("oikl,ij->ojkl", first, matrix).float().contiguous()
    state["features.0.bias"] = (state["features.0.bias"].double() + first.sum((2, 3)) @ shift).float()
    return state

"""Perceptual loss on the features of VGG19, the ImageNet one of torchvision or AdaIN's normalised one.

Source: docs/reference/models.md, "Losses" (NVlabs/SPADE models/networks/loss.py; naoto0804/pytorch-AdaIN net.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import vgg19

from pixelwise.errors import PixelwiseError
from pixelwise.models.checkpoint import load_strictly
from pixelwise.models.official.read_official import read

TAPS = (1, 6, 11, 20, 29)  # relu1_1, relu2_1, relu3_1, relu4_1, relu5_1 among torchvision's `features`
BEYOND = 6  # layers of a complete file behind relu5_1: three convolutions, and three of the classifier
WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)

Kind = Literal["imagenet", "normalised"]


class VGG19(nn.Module):
    """VGG19 up to relu5_1; frozen.

    Args:
        kind: "imagenet": torchvision's network. "normalised": AdaIN's, whose features have mean 1 over ImageNet; it
            starts with a 1x1 convolution, pads by reflection and rounds sizes up when pooling.
    """

    def __init__(self, kind: Kind = "imagenet") -> None:
        super().__init__()
        self.kind = kind
        self.features = vgg19(weights=None).features[: TAPS[-1] + 1]
        self.entry = nn.Conv2d(3, 3, 1) if kind == "normalised" else None
        for layer in self.features:
            if isinstance(layer, nn.ReLU):
                layer.inplace = False
            elif kind == "normalised" and isinstance(layer, nn.Conv2d):
                layer.padding_mode = "reflect"
                layer._reversed_padding_repeated_twice = [1, 1, 1, 1]
            elif kind == "normalised" and isinstance(layer, nn.MaxPool2d):
                layer.ceil_mode = True
        self.requires_grad_(False)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Features relu1_1, relu2_1, relu3_1, relu4_1, relu5_1 of an image [N, 3, H, W], H and W from 16 on."""
        if image.dim() != 4 or image.shape[1] != 3 or min(image.shape[2:]) < 16:
            raise PixelwiseError(f"VGG19: input of shape {tuple(image.shape)}; [N, 3, H, W] from 16 pixels on needed")
        if self.entry is not None:
            image = self.entry(image)
        outputs = []
        for index, layer in enumerate(self.features):
            image = layer(image)
            if index in TAPS:
                outputs.append(image)
        return outputs


class PerceptualLoss(nn.Module):
    """Weighted sum over five taps of the mean absolute difference of features; the target is detached.

    Args:
        network: Feature extractor.
        weights: Weight of each tap.
    """

    def __init__(self, network: VGG19, weights: tuple[float, ...] = WEIGHTS) -> None:
        super().__init__()
        self.network, self.weights = network, weights

    def forward(self, image: Tensor, target: Tensor) -> Tensor:
        """Compare images [N, 3, H, W] in [-1, 1] (no ImageNet normalisation) -> scalar."""
        with torch.no_grad():
            wanted = self.network(target)
        found = self.network(image)
        terms = [weight * F.l1_loss(a, b) for weight, a, b in zip(self.weights, found, wanted, strict=True)]
        return torch.stack(terms).sum()


def load_vgg19(path: str | Path) -> VGG19:
    """Read VGG19 weights: torchvision's file (`features.<i>.*`, its classifier is ignored) or AdaIN's (`<i>.*`).

    Args:
        path: .pth or .safetensors file.

    Returns:
        The network of the kind that the file holds.

    Raises:
        PixelwiseError: If the file holds neither; the first wrong key is named.
    """
    found = read(path)
    network = VGG19("normalised" if "0.weight" in found else "imagenet")
    names = [name for name, layer in network.features.named_children() if isinstance(layer, nn.Conv2d)]
    if network.kind == "normalised":
        # One Sequential of pads, convolutions, ReLUs and poolings; the convolutions follow ours in order.
        places = sorted({key.partition(".")[0] for key in found}, key=lambda place: (len(place), place))
        renamed = dict(zip(places, ["entry", *(f"features.{name}" for name in names)], strict=False))
    else:
        renamed = {f"features.{name}": f"features.{name}" for name in names}
    pieces = [(*key.rpartition("."), tensor) for key, tensor in found.items()]
    beyond = [owner for owner, _, _, _ in pieces if owner not in renamed]
    if len(set(beyond)) > BEYOND:
        raise PixelwiseError(f"{path}: {beyond[0]} is left over; VGG19 has no such layer")
    tensors = {f"{renamed[owner]}.{leaf}": tensor for owner, _, leaf, tensor in pieces if owner in renamed}
    load_strictly(network, tensors, str(path))
    return network.eval()

"""Perceptual loss on the features of VGG19.

Source: docs/reference/models.md, "Losses" (NVlabs/SPADE models/networks/loss.py).
"""

from __future__ import annotations

from pathlib import Path

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


class VGG19(nn.Module):
    """torchvision's VGG19 up to relu5_1; frozen."""

    def __init__(self) -> None:
        super().__init__()
        self.features = vgg19(weights=None).features[: TAPS[-1] + 1]
        for layer in self.features:
            if isinstance(layer, nn.ReLU):
                layer.inplace = False
        self.requires_grad_(False)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Features relu1_1, relu2_1, relu3_1, relu4_1, relu5_1 of an image [N, 3, H, W], H and W from 16 on."""
        if image.dim() != 4 or image.shape[1] != 3 or min(image.shape[2:]) < 16:
            raise PixelwiseError(f"VGG19: input of shape {tuple(image.shape)}; [N, 3, H, W] from 16 pixels on needed")
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
    """Read VGG19 weights under torchvision's names (`features.<i>.*`); a classifier is ignored.

    Args:
        path: .pth or .safetensors file.

    Returns:
        The network.

    Raises:
        PixelwiseError: If the file holds other tensors; the first wrong key is named.
    """
    found = read(path)
    network = VGG19()
    own = {name.rpartition(".")[0] for name in network.state_dict()}
    beyond = [owner for key in found if (owner := key.rpartition(".")[0]) not in own]
    if len(set(beyond)) > BEYOND:
        raise PixelwiseError(f"{path}: {beyond[0]} is left over; VGG19 has no such layer")
    load_strictly(network, {key: value for key, value in found.items() if key.rpartition(".")[0] in own}, str(path))
    return network.eval()

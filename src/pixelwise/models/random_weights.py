"""A network with random weights that behaves as a trained one does: nothing saturates, dies out or explodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from pixelwise.models import registry
from pixelwise.models.architectures.asapnet import AsapNet
from pixelwise.models.architectures.dncnn import DnCNN
from pixelwise.models.layers import SPECTRAL

STEPS = 10  # of the power iteration, after which a spectral norm is one
HEAD = 0.4  # scale of the predicted weights with which ASAP-Net's per-pixel networks do not saturate


@torch.no_grad()
def drawn(name: str, options: Mapping[str, Any], seed: int = 0) -> nn.Module:
    """A model in evaluation mode; the same seed gives the same weights.

    Raises:
        PixelwiseError: As `registry.build` does.
    """
    torch.manual_seed(seed)
    module = registry.build(name, **options)
    for part in module.modules():
        if isinstance(part, SPECTRAL):
            for _ in range(STEPS):
                part.normalised_weight()
        elif isinstance(module, DnCNN) and isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight)  # as its layers draw them otherwise, it predicts no noise
    if isinstance(module, AsapNet):
        module.lowres.head.weight.mul_(HEAD)
    return module.eval()

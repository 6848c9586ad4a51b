"""Initialisations that fit any network; all draw from torch's global generator. Others stand in their models' files.

Source: docs/reference/models.md, "Initialisation in ASAP-Net and SPADE" and "Global generator".
"""

from __future__ import annotations

import torch
from torch import nn

from pixelwise.models.layers import SPECTRAL

GAIN = 0.02  # init_variance of SPADE and ASAP-Net, standard deviation of pix2pixHD
_CONV = (nn.Conv2d, nn.ConvTranspose2d)


@torch.no_grad()
def xavier(module: nn.Module, gain: float = GAIN, stale_alias: bool = False) -> None:
    """SPADE's and ASAP-Net's init_type xavier: Xavier normal weights, zero biases; instance norms stay 1 and 0.

    The official code moves a network to the GPU before initialising it. A spectrally normalised convolution keeps its
    trained tensor as `weight_orig` and a plain attribute `weight`; `.cuda()` moves the former only, and the
    initialisation then writes to the stale `weight`. So on a GPU the trained weight keeps torch's default (Kaiming
    uniform, a = sqrt 5), and on the CPU, where both share memory, it becomes Xavier. As the weight is normalised, only
    the shape of the distribution differs, and with it the effective learning rate: default weights are larger, so
    Adam's steps are smaller in proportion.

    Args:
        module: Network to initialise in place.
        gain: Xavier gain; the standard deviation is gain * sqrt(2 / (fan_in + fan_out)).
        stale_alias: True for what the official GPU path does, spectral weights left at torch's default; False for the
            plain meaning of the option.
    """
    for layer in module.modules():
        if isinstance(layer, SPECTRAL):
            if not stale_alias:
                nn.init.xavier_normal_(layer.weight_orig, gain)
        elif isinstance(layer, (*_CONV, nn.Linear)):
            nn.init.xavier_normal_(layer.weight, gain)
        elif isinstance(layer, nn.BatchNorm2d):
            _batch_norm(layer, 1.0, GAIN)
        if isinstance(layer, (*_CONV, nn.Linear)) and layer.bias is not None:
            nn.init.zeros_(layer.bias)


@torch.no_grad()
def normal(module: nn.Module, std: float = GAIN) -> None:
    """pix2pixHD's initialisation: (transposed) convolutions N(0, std), biases torch's own, batch norms N(1, std)."""
    for layer in module.modules():
        if isinstance(layer, SPECTRAL):
            nn.init.normal_(layer.weight_orig, 0.0, std)
        elif isinstance(layer, _CONV):
            nn.init.normal_(layer.weight, 0.0, std)
        elif isinstance(layer, nn.BatchNorm2d):
            _batch_norm(layer, 1.0, std)


def _batch_norm(layer: nn.BatchNorm2d, mean: float, std: float) -> None:
    if not layer.affine:
        return
    nn.init.normal_(layer.weight, mean, std)
    nn.init.zeros_(layer.bias)

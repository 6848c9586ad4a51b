"""Official initialisations of the weights; all draw from torch's global generator.

Source: docs/reference/models.md, "Initialisation in ASAP-Net and SPADE", "Global generator", "DnCNN initialisation" and
"DRN training".
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from pixelwise.errors import PixelwiseError
from pixelwise.models.architectures.dncnn import DnCNN
from pixelwise.models.layers import SPECTRAL

GAIN = 0.02  # init_variance of SPADE and ASAP-Net, standard deviation of pix2pixHD
DnCNNScheme = Literal["matconvnet", "matconvnet_1.0", "saoyan", "kair"]
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


@torch.no_grad()
def dncnn(module: DnCNN, scheme: DnCNNScheme = "saoyan") -> None:
    """DnCNN's initialisations; biases and shifts are zero in all of them.

    Args:
        module: Network to initialise in place.
        scheme: "matconvnet": convolutions N(0, s) with s = sqrt(2 / (9 * 64)), batch norm scales s * N(0, 1) whose
            magnitude is raised to at least 0.025 with the sign kept; "matconvnet_1.0": the same without raising;
            "saoyan": Kaiming normal convolutions, scales N(0, s) cut to [-0.025, 0.025], the opposite; "kair":
            orthogonal with gain 0.2, scales U(0.1, 1).

    Raises:
        PixelwiseError: If the scheme is unknown.
    """
    if scheme not in get_args(DnCNNScheme):
        raise PixelwiseError(f"DnCNN initialisation {scheme!r}; allowed are {', '.join(get_args(DnCNNScheme))}")
    spread = math.sqrt(2 / (9 * 64))
    for conv in module.convs:
        assert isinstance(conv, nn.Conv2d)
        if scheme == "saoyan":
            nn.init.kaiming_normal_(conv.weight, a=0, mode="fan_in")
        elif scheme == "kair":
            nn.init.orthogonal_(conv.weight, 0.2)
        else:
            nn.init.normal_(conv.weight, 0.0, spread)
        if conv.bias is not None:
            nn.init.zeros_(conv.bias)
    for norm in module.norms:
        assert isinstance(norm, nn.BatchNorm2d)
        norm.weight.copy_(_dncnn_scales(norm.weight, scheme, spread))
        nn.init.zeros_(norm.bias)


def _dncnn_scales(weight: Tensor, scheme: DnCNNScheme, spread: float) -> Tensor:
    """Batch norm scales of a scheme, see `dncnn`."""
    if scheme == "kair":
        return torch.empty_like(weight).uniform_(0.1, 1.0)
    drawn = torch.empty_like(weight).normal_(0.0, spread)
    if scheme == "saoyan":
        return drawn.clamp(-0.025, 0.025)
    if scheme == "matconvnet":
        return torch.where(drawn < 0, -1.0, 1.0) * drawn.abs().clamp(min=0.025)
    return drawn


@torch.no_grad()
def drn(module: nn.Module) -> None:
    """DRN's initialisation: convolutions N(0, sqrt(2 / (k * k * out))), biases 0, batch norms 1 and 0; `up` stays."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, 0.0, math.sqrt(2 / (layer.weight[0, 0].numel() * layer.out_channels)))
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.ones_(layer.weight)
            nn.init.zeros_(layer.bias)


def _batch_norm(layer: nn.BatchNorm2d, mean: float, std: float) -> None:
    if not layer.affine:
        return
    nn.init.normal_(layer.weight, mean, std)
    nn.init.zeros_(layer.bias)


def official(name: str, module: nn.Module, stale_alias: bool = False) -> None:
    """Initialise a model as its authors do.

    Args:
        name: Model name, see `registry.NAMES`.
        module: That model; changed in place.
        stale_alias: See `xavier`; matters for models with spectral normalisation only.
    """
    if name in ("asapnet", "spade_pix2pixhd", "spade", "multiscale_discriminator"):
        xavier(module, stale_alias=stale_alias)
    elif name.startswith("pix2pixhd_"):
        normal(module)
    elif isinstance(module, DnCNN):
        dncnn(module, "saoyan" if module.variant == "saoyan" else "kair")
    elif name.startswith("drn_d_"):
        drn(module)
    else:
        raise PixelwiseError(f"model {name!r} has no official initialisation")

"""Initial weights by the names that the settings use."""

from __future__ import annotations

from typing import cast

from torch import nn

from pixelwise.models import init
from pixelwise.models.architectures.dncnn import DnCNN

PYTORCH = "pytorch"  # leave what the layers' constructors drew


def generator(module: nn.Module, scheme: str) -> None:
    """Initialise a generator: `xavier`, `official`, `normal` or `pytorch`.

    `official` is what the published training of SPADE arrives at on a graphics card: Xavier, but spectrally normalised
    layers keep PyTorch's defaults, since the initialisation writes to a stale alias of their weights.
    """
    if scheme in ("xavier", "official"):
        init.xavier(module, stale_alias=scheme == "official")
    elif scheme == "normal":
        init.normal(module)


def discriminator(module: nn.Module, scheme: str, generators: str) -> None:
    """Initialise a discriminator: as a generator, or `official`: the generator's, as published code has it."""
    if scheme == "official" and generators in ("xavier", "official"):
        init.xavier(module, stale_alias=True)
    else:
        generator(module, generators if scheme == "official" else scheme)


def restoration(module: nn.Module, scheme: str) -> None:
    """Initialise a denoiser: `xavier`, `pytorch`, or a scheme of DnCNN's (for DnCNN alone)."""
    if isinstance(module, DnCNN) and scheme not in ("xavier", PYTORCH):
        init.dncnn(module, cast(init.DnCNNScheme, scheme))
    else:
        generator(module, scheme)


def segmentation(module: nn.Module, name: str, scheme: str) -> None:
    """Initialise a segmenter: `official` is DRN's scheme for DRN and torchvision's for its networks, or `pytorch`."""
    if scheme == "official" and name.startswith("drn_"):
        init.drn(module)

"""Sample pictures of a denoiser or deblurrer: degraded, restored and clean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pixelwise.settings.training import DenoisingSettings
from pixelwise.training.machine import Machine
from pixelwise.training.randomness import generator
from pixelwise.training.sample_pictures import Row, as_bytes, evaluating, validation
from pixelwise.training.training_noise import MotionBlur

SIDE = 128
"""Largest side of what is shown, in pixels, unless a training patch is larger."""


def restored(
    module: nn.Module,
    folder: Path,
    settings: DenoisingSettings,
    channels: int,
    blur: MotionBlur | None,
    machine: Machine,
) -> list[Row]:
    """What a network makes of the middle of validation photographs, degraded in the same way each time.

    Args:
        module: The network.
        folder: Prepared photographs.
        settings: How it is trained; the noise has the mean level.
        channels: Channels that it takes.
        blur: Motion blur, whose first kernel is used; None for none.
        machine: Where it computes.
    """
    level, margin = float(np.mean(settings.sigma)) / 255.0, blur.margin if blur else 0
    rows: list[Row] = []
    with evaluating(module) as network:
        for pack, i in validation(folder):
            image = pack.image(i)
            side = settings.patch * max(min(SIDE, *image.shape[:2]) // settings.patch, 1)
            clean = _middle(image, side + 2 * margin, channels)
            partner = pack.blurred(i) if settings.degradation == "given" else None
            soft = clean if partner is None else _middle(partner, side, channels)
            if clean is None or soft is None:
                continue
            if blur:
                soft = blur(clean.to(machine.device), torch.zeros(1, dtype=torch.int64)).cpu()
                clean = blur.crop(clean)
            noise = torch.randn(clean.shape, generator=generator("cpu", settings.seed, "samples", i))
            degraded = soft + level * noise
            given, wanted = (x.to(machine.device, memory_format=machine.layout) for x in (degraded, clean))
            estimate = network(given, guide=wanted) if settings.lowres_input == "clean" else network(given)
            rows.append([as_bytes(degraded[0]), as_bytes(estimate[0]), as_bytes(clean[0])])
    return rows


def _middle(image: NDArray[np.uint8], side: int, channels: int) -> Tensor | None:
    """The middle of a photograph, float32 [1, channels, side, side]; None if it is smaller or of other channels."""
    planes = image[..., None] if image.ndim == 2 else image
    if min(planes.shape[:2]) < side or planes.shape[2] != channels:
        return None
    top, left = ((length - side) // 2 for length in planes.shape[:2])
    cut = np.array(planes[top : top + side, left : left + side])
    return torch.from_numpy(cut).permute(2, 0, 1)[None].float() / 255.0

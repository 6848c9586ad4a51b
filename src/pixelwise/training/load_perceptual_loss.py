"""The perceptual loss of a training job: from its input folder onto the device."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pixelwise.errors import PixelwiseError
from pixelwise.training.machine import Machine

if TYPE_CHECKING:  # torchvision takes seconds to import, which only trainings with this loss shall pay
    from pixelwise.models.perceptual_loss import PerceptualLoss

SUFFIXES = frozenset({".pth", ".pt", ".safetensors"})
PUBLISHED = "imagenet"


def load_perceptual(inputs: Mapping[str, Path], machine: Machine) -> PerceptualLoss:
    """Read VGG19 from the input `perceptual`, a folder with one file of weights.

    Raises:
        PixelwiseError: If the job has no such input, or the folder does not hold exactly one file of weights.
    """
    from pixelwise.models.perceptual_loss import PerceptualLoss, load_vgg19

    if "perceptual" not in inputs:
        raise PixelwiseError("the perceptual loss needs VGG19 weights, but the job has no input 'perceptual'")
    files = sorted(path for path in inputs["perceptual"].iterdir() if path.suffix in SUFFIXES)
    if len(files) != 1:
        raise PixelwiseError(f"{inputs['perceptual']}: {len(files)} files of weights; exactly one is needed")
    loss = PerceptualLoss(load_vgg19(files[0])).to(machine.device).eval()
    return loss.requires_grad_(False)


def deviation(loss: PerceptualLoss | None) -> list[tuple[str, str, str]]:
    """The entry for the table of deviations if the weights are not the published ones, else nothing."""
    if loss is None or loss.network.kind == PUBLISHED:
        return []
    return [("perceptual_network", "VGG19 of ImageNet", "AdaIN's normalised VGG19, whose features have another scale")]

"""The perceptual loss of a training job: from its input folder onto the device."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pixelwise.errors import PixelwiseError
from pixelwise.files.reading import read
from pixelwise.files.step_documents import Origin
from pixelwise.training.machine import Machine

if TYPE_CHECKING:  # torchvision takes seconds to import, which only trainings with this loss shall pay
    from pixelwise.models.perceptual_loss import PerceptualLoss

SUFFIXES = frozenset({".pth", ".pt", ".safetensors"})
SOURCE = "source.json"
PUBLISHED = "torchvision"
STAND_INS = {
    "normalised": "AdaIN's normalised VGG19, whose features have another scale",
    "own": "a file of the user's own",
}
"""Variants and sources of the weights step (`data.weights`) that are not the published network."""


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


def deviation(inputs: Mapping[str, Path], used: object) -> list[tuple[str, str, str]]:
    """The entry for the table of deviations if the weights are not the published ones, else nothing.

    Args:
        inputs: The job's; `source.json` beside the weights says which variant they are.
        used: Whether the loss is used at all.
    """
    if not used:
        return []
    path = inputs["perceptual"] / SOURCE
    origin = read(path, Origin) if path.is_file() else None
    if origin and origin.source != "own" and origin.variant == PUBLISHED:
        return []
    known = origin and (STAND_INS.get(origin.variant or "") or STAND_INS.get(origin.source or ""))
    return [("perceptual_network", "VGG19 of ImageNet", known or "VGG19 of unknown origin")]

"""Random views of labelled photographs: crop, enlargement, rotation and mirror image in one resampling."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from pixelwise.training.machine import exact_products
from pixelwise.training.randomness import generator

VOID = 255


def affine(
    batch: int,
    source: tuple[int, int],
    target: tuple[int, int],
    zoom: tuple[float, float] | None,
    rotation: float,
    place: tuple[int | str, ...],
) -> Tensor:
    """Random maps from a view's coordinates to those of its photograph, for `torch.nn.functional.affine_grid`.

    The view lies inside the photograph where it fits (rotation aside), else around its centre. Without enlargement and
    rotation it lies on whole pixels.

    Args:
        batch: Number of views.
        source: Height and width of the photographs.
        target: Height and width of the views.
        zoom: Range of the enlargement, uniform; None is 1.
        rotation: Largest angle in degrees, uniform either way.
        place: Seed and place in the training.

    Returns:
        float32 [batch, 2, 3], on the processor.
    """
    scale, angle, *corner = torch.rand((4, batch), generator=generator("cpu", *place, "view"), dtype=torch.float64)
    scale = zoom[0] + (zoom[1] - zoom[0]) * scale if zoom else torch.ones(batch, dtype=torch.float64)
    angle = (2 * angle - 1) * math.radians(rotation)
    centres = []
    for side, view, position in zip(source, target, corner, strict=True):
        room = side - view / scale
        offset = position * room if zoom or rotation else (position * (room + 1)).floor().clamp(max=room)
        centres.append(torch.where(room > 0, offset, room / 2) + view / scale / 2)
    (height, width), (tall, wide) = source, target
    cosine, sine = angle.cos() / scale, angle.sin() / scale
    rows = [
        torch.stack([cosine * wide / width, sine * tall / width, 2 * centres[1] / width - 1], 1),
        torch.stack([-sine * wide / height, cosine * tall / height, 2 * centres[0] / height - 1], 1),
    ]
    return torch.stack(rows, 1).float()


def view(pictures: Tensor, classes: Tensor, maps: Tensor, target: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Cut views out of photographs and their class maps.

    Args:
        pictures: float32 [B, 3, H, W]; bilinear interpolation, 0 outside.
        classes: uint8 [B, H, W]; nearest neighbour, 255 (void) outside.
        maps: float32 [B, 2, 3], from `affine`.
        target: Height and width of the views.

    Returns:
        float32 [B, 3, height, width] and int64 [B, height, width].
    """
    with exact_products():
        grid = F.affine_grid(
            maps.to(pictures.device, non_blocking=True), [len(pictures), 3, *target], align_corners=False
        )
    seen = F.grid_sample(pictures, grid, "bilinear", "zeros", align_corners=False)
    shifted = (classes.float() - VOID)[:, None]
    found = F.grid_sample(shifted, grid, "nearest", "zeros", align_corners=False)
    return seen, (found[:, 0] + VOID).long()

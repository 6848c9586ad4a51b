"""Mini-batches of patches: cut, turned and mirrored on the device in one indexing operation.

All photographs, at all scales, lie one after the other in one flat array; a patch is its first pixel's place in it and
the width of its photograph, so that nothing is stored twice and no patch needs a Python loop.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from pixelwise.data.pack import Pack, read_facts
from pixelwise.errors import PixelwiseError
from pixelwise.training.randomness import generator

Bytes = NDArray[np.uint8]


def shrunk(image: Bytes, scales: Sequence[float], cumulative: bool) -> list[Bytes]:
    """An image at each scale, bicubic with low-pass, rounded to bytes.

    Args:
        image: uint8 [H, W] or [H, W, 3].
        scales: Factors, at most 1.
        cumulative: Whether each factor is applied to the result of the one before (cszn/DnCNN, GenerateData_model_*.m:
            1, 0.9, 0.8, 0.7 become 1, 0.9, 0.72, 0.504) or to the image itself (SaoYan/DnCNN-PyTorch, dataset.py).

    Returns:
        One uint8 array for each scale; sides are rounded up.
    """
    results, source = [], image
    for scale in scales:
        height, width = (math.ceil(side * scale - 1e-9) for side in source.shape[:2])
        small = source
        if (height, width) != source.shape[:2]:
            small = np.asarray(Image.fromarray(source).resize((width, height), Image.Resampling.BICUBIC))
        results.append(small)
        source = small if cumulative else image
    return results


def _corners(height: int, width: int, side: int, stride: int) -> NDArray[np.int64]:
    """Places of the first pixels of all patches of one image, in reading order."""
    rows = np.arange(0, height - side + 1, stride, dtype=np.int64)
    columns = np.arange(0, width - side + 1, stride, dtype=np.int64)
    return (rows[:, None] * width + columns).ravel()


def orientations(side: int) -> tuple[Tensor, Tensor]:
    """Row and column of each pixel of a square patch in its 8 flips and rotations: int64 [8, side, side] each.

    Orientation 0 is the identity, k and k + 4 are mirror images.
    """
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    grids = [(torch.rot90(rows, k), torch.rot90(columns, k)) for k in range(4)]
    grids += [(r.flip(1), c.flip(1)) for r, c in grids]
    return torch.stack([r for r, _ in grids]), torch.stack([c for _, c in grids])


@dataclass(frozen=True)
class Draw:
    """Which patches, and how turned.

    Attributes:
        index: Patches, int64 [B].
        turn: Orientation of each, int64 [B], 0 to 7.
    """

    index: Tensor
    turn: Tensor

    def __getitem__(self, part: slice) -> Draw:
        return Draw(self.index[part], self.turn[part])


def turns(batch: int, augment: Literal["batch", "patch", "none"], seed: int, step: int) -> Tensor:
    """Orientations of one mini-batch: one for all of it, one for each patch, or none; int64 [batch]."""
    if augment == "none":
        return torch.zeros(batch, dtype=torch.int64)
    drawn = torch.randint(8, (batch if augment == "patch" else 1,), generator=generator("cpu", seed, "turn", step))
    return drawn.expand(batch)


class Patches:
    """All patches of the training photographs.

    Args:
        folder: Prepared data.
        device: Where patches are wanted.
        side: Side of a patch in pixels.
        stride: Distance between neighbouring patches in pixels.
        scales: Factors by which the photographs are also shrunk.
        cumulative: See `shrunk`.
        limit: Use only so many photographs, the first ones.
        blurred: Cut partner patches from the given blurred photographs too.

    Raises:
        PixelwiseError: If no photograph holds a patch, there are fewer than `limit`, or no blurred partners.
    """

    def __init__(
        self,
        folder: Path,
        device: torch.device,
        side: int,
        stride: int,
        scales: Sequence[float] = (1.0,),
        cumulative: bool = True,
        limit: int | None = None,
        blurred: bool = False,
    ) -> None:
        self.facts = read_facts(folder)
        pack = Pack(folder, "train")
        if limit is not None and limit > len(pack):
            raise PixelwiseError(f"images: {limit}; {folder} holds {len(pack)} training images")
        numbers = range(limit or len(pack))
        clean = [small for i in numbers for small in shrunk(pack.image(i), scales, cumulative)]
        self.channels = 1 if clean[0].ndim == 2 else clean[0].shape[2]
        corners, widths, offset = [], [], 0
        for image in clean:
            found = _corners(image.shape[0], image.shape[1], side, stride)
            corners.append(found + offset)
            widths.append(np.full(len(found), image.shape[1], dtype=np.int64))
            offset += image.shape[0] * image.shape[1]
        self._corners = torch.from_numpy(np.concatenate(corners)).to(device)
        if not len(self._corners):
            raise PixelwiseError(f"patch: {side} pixels; no training image of {folder} is that large")
        self._widths = torch.from_numpy(np.concatenate(widths)).to(device)
        self._clean = self._flat(clean, device)
        self._blurred: Tensor | None = None
        if blurred:
            partners = [partner for i in numbers if (partner := pack.blurred(i)) is not None]
            if not partners:
                raise PixelwiseError(f"degradation: given; {folder} holds no blurred partners, use motion_blur")
            soft = [small for partner in partners for small in shrunk(partner, scales, cumulative)]
            self._blurred = self._flat(soft, device)
        self._rows, self._columns = (grid.to(device) for grid in orientations(side))

    def _flat(self, images: list[Bytes], device: torch.device) -> Tensor:
        return torch.from_numpy(np.concatenate([image.reshape(-1, self.channels) for image in images])).to(device)

    def __len__(self) -> int:
        return len(self._corners)

    def cut(self, draw: Draw) -> tuple[Tensor, Tensor]:
        """The patches of a draw.

        Returns:
            Clean and, where there are given partners, blurred patches (else the clean ones again): float32
            [B, channels, side, side], white is 1.
        """
        device = self._corners.device
        index, turn = draw.index.to(device, non_blocking=True), draw.turn.to(device, non_blocking=True)
        corner, width = self._corners[index, None, None], self._widths[index, None, None]
        place = corner + self._rows[turn] * width + self._columns[turn]
        clean = self._clean[place].permute(0, 3, 1, 2).float() / 255.0
        if self._blurred is None:
            return clean, clean
        return clean, self._blurred[place].permute(0, 3, 1, 2).float() / 255.0

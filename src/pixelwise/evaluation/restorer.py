"""A trained denoiser or deblurrer as a function from images of any size to images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from pixelwise.errors import PixelwiseError, out_of_memory, shortage
from pixelwise.models import checkpoint, registry
from pixelwise.models.layers import InputShape

Image = NDArray[np.float32]


class Restorer:
    """A network from a checkpoint.

    Images whose sides are no multiple of the network's tile are continued by reflection at the lower and right border,
    and the result is cropped. A network for one channel restores the channels of a colour image one by one.

    Args:
        path: Checkpoint written by training or conversion.
        device: Where it computes.

    Attributes:
        channels: Channels that the network takes: 1 or 3.
        tile: Side of its tiles in pixels; 1 if it has none.
        patch: Side in pixels of the patches that it was trained on, for networks with tiles; None for others, or if the
            checkpoint does not say.
        oracle: Whether its low-res stream was trained on the undegraded image, and must be given it.
        info: What the checkpoint says about itself.

    Raises:
        PixelwiseError: If the file is no checkpoint, or the network takes no images.
    """

    def __init__(self, path: Path, device: torch.device | str = "cpu") -> None:
        self.path, self.device = path, torch.device(device)
        self.module, self.info = checkpoint.load(path, device)
        options = registry.full_options(self.info["name"], self.info["options"])
        fitting = [n for n in (1, 3) if _fits(options, registry.image_options(self.info["name"], n))]
        if not fitting:
            raise PixelwiseError(f"{path}: {self.info['name']} is no network from image to image; give a denoiser")
        legal = getattr(self.module, "legal", InputShape(self.info["name"], fitting[0]))
        self.channels, self.tile = fitting[0], int(legal.multiple)
        extra = self.info.get("extra", {})
        self.patch: int | None = extra.get("patch") if self.tile > 1 else None
        self.oracle = extra.get("lowres_input") == "clean"

    def __call__(self, image: Image, clean: Image | None = None) -> Image:
        """Restore one image.

        Args:
            image: float32 [H, W] or [H, W, 3], on the scale where white is 1.
            clean: The undegraded image, which an oracle needs and no other network takes.

        Returns:
            float32 of the same shape, unclipped.

        Raises:
            PixelwiseError: If the network needs colour and the image is gray, if an oracle is not given the undegraded
                image, or memory does not suffice.
        """
        if self.oracle != (clean is not None):
            wanted = "was trained to see the undegraded image; it is no denoiser" if self.oracle else "is no oracle"
            raise PixelwiseError(f"{self.path}: {wanted}")
        if self.channels == 3 and image.ndim == 2:
            raise PixelwiseError(f"{self.path}: needs 3 channels; the image is gray, give a network for one channel")
        groups = self._groups(image)
        guides: Sequence[Image | None] = [None] * len(groups) if clean is None else self._groups(clean)
        restored = np.concatenate([self._planes(*both) for both in zip(groups, guides, strict=True)])
        return np.ascontiguousarray(restored[0] if image.ndim == 2 else np.moveaxis(restored, 0, 2))

    def _groups(self, image: Image) -> list[Image]:
        """The inputs of the network that an image makes, [C, H, W] each."""
        planes = image[None] if image.ndim == 2 else np.moveaxis(image, 2, 0)
        return list(planes[:, None] if self.channels == 1 else planes[None])

    def in_windows(self, image: Image, clean: Image | None = None) -> Image:
        """Restore one image in windows of the size of the training patches, side by side, each an image of its own.

        A generator whose instance norms see the whole grid of tiles is so given what it was trained on. The last window
        of a row or column is moved back to end with the image. Without `patch` it is a call.

        Args:
            image: As for a call.
            clean: As for a call.

        Raises:
            PixelwiseError: As a call.
        """
        if self.patch is None:
            return self(image, clean)
        (height, width), side = image.shape[:2], self.patch
        padding = [*_margins(height, width, self.tile), (0, 0)][: image.ndim]
        padded = np.pad(image, padding, mode="reflect")
        guide = None if clean is None else np.pad(clean, padding, mode="reflect")
        restored = np.empty_like(padded)
        for row in _starts(padded.shape[0], side):
            for column in _starts(padded.shape[1], side):
                place = np.s_[row : row + side, column : column + side]
                restored[place] = self(padded[place], None if guide is None else guide[place])
        return np.ascontiguousarray(restored[:height, :width])

    @torch.inference_mode()
    def _planes(self, planes: Image, guide: Image | None) -> Image:
        """[C, H, W], and what an oracle is given -> the same shape."""
        height, width = planes.shape[1:]
        margins = [(0, 0), *_margins(height, width, self.tile)]

        def batch(image: Image) -> torch.Tensor:
            padded = np.ascontiguousarray(np.pad(image, margins, mode="reflect"), dtype=np.float32)
            return torch.from_numpy(padded)[None].to(self.device)

        try:
            given = {} if guide is None else {"guide": batch(guide)}
            result: Image = self.module(batch(planes), **given)[0, :, :height, :width].float().cpu().numpy()
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            raise PixelwiseError(f"image of {height}x{width} pixels: {shortage(error)}; cut it into parts") from None
        return result


def _margins(height: int, width: int, tile: int) -> list[tuple[int, int]]:
    """Rows and columns to add: whole tiles, and at least two along each axis where there are tiles."""
    least = 2 * tile if tile > 1 else 1
    return [(0, max(least, -(-side // tile) * tile) - side) for side in (height, width)]


def _starts(length: int, side: int) -> list[int]:
    """First pixels of windows that cover a length."""
    return [*range(0, length - side, side), max(0, length - side)]


def _fits(options: dict[str, object], wanted: dict[str, object]) -> bool:
    """Whether a network has the options that make it one from image to image."""
    return all(options.get(name) == value for name, value in wanted.items())

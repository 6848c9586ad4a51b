"""The first convolution of a generator straight from label ids, with instance norm and ReLU, on the CPU.

A convolution of a one-hot input picks one weight row per tap and pixel: a sum of kernel^2 rows of a table, indexed by
tap, label and edge flag. The pixels are taken in chunks that stay in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from pixelwise.models.fast.instance_norm import moments, normalise
from pixelwise.models.layers import check_labels
from pixelwise.models.tent import reflected

CHUNK_PIXELS = 4096
EPS = 1e-5


class LabelConvolution:
    """Convolution of stride 1 that keeps the size, instance norm, ReLU.

    Args:
        weight: [out, C, k, k] float32, k odd.
        reflect: Whether the input reflects at the border; zeros surround it otherwise.
        affine: Scale and shift of the norm, each [out], or None for 1 and 0.
    """

    def __init__(self, weight: Tensor, reflect: bool, affine: tuple[Tensor, Tensor] | None) -> None:
        self.kernel, self.channels = weight.shape[2], weight.shape[1]
        rows = weight.permute(2, 3, 1, 0).flatten(0, 1)  # [taps, C, out]
        zero = torch.zeros_like(rows[:, :1])
        plain, last = rows[:, :-1], rows[:, -1:]
        # Per tap: C - 1 labels without edge, the same with edge, nothing; or C labels, nothing.
        self.with_edge = torch.cat([plain, plain + last, zero], 1).flatten(0, 1).contiguous()
        self.without = torch.cat([rows, zero], 1).flatten(0, 1).contiguous()
        self.reflect = reflect
        self.scale, self.shift = affine or (torch.ones(len(weight)), torch.zeros(len(weight)))

    def __call__(self, labels: Tensor, edge: Tensor | None) -> Tensor:
        """Label ids [N, H, W] uint8 and edge [N, 1, H, W] uint8 or None -> [N, out, H, W], channels last.

        Raises:
            PixelwiseError: If a label is out of range.
        """
        count = self.channels - (edge is not None)
        check_labels(labels, count)
        index = labels.int() if edge is None else labels.int() + count * edge[:, 0].int()
        table = self.without if edge is None else self.with_edge
        result = table.new_empty(*labels.shape, table.shape[1])
        for sample, target in zip(index, result, strict=True):
            self._convolve(self._pad(sample, len(table) // self.kernel**2 - 1), table, target)
        return result.permute(0, 3, 1, 2)

    def _pad(self, index: Tensor, nothing: int) -> Tensor:
        """[H, W] -> [H + k - 1, W + k - 1] by reflection or with the row of zeros."""
        pad = self.kernel // 2
        if not self.reflect:
            return F.pad(index, [pad] * 4, value=nothing)
        return reflected(index, pad)

    def _convolve(self, index: Tensor, table: Tensor, target: Tensor) -> None:
        """Write the layer's result for one sample, its padded index [H + k - 1, W + k - 1], to `target` [H, W, out]."""
        width = target.shape[1]
        taps = self.kernel**2
        offsets = torch.arange(0, len(table), len(table) // taps, dtype=torch.int32).view(self.kernel, self.kernel)
        windows = index.unfold(0, self.kernel, 1).unfold(1, self.kernel, 1)
        step = max(1, CHUNK_PIXELS // width)
        targets = torch.split(target.flatten(0, 1), step * width)

        def made() -> Iterator[Tensor]:
            for part, into in zip(torch.split(windows, step), targets, strict=True):
                place = torch.add(part, offsets, out=index.new_empty(part.shape))
                yield into.copy_(F.embedding_bag(place.view(-1, taps), table, mode="sum"))

        mean, root = moments(made(), EPS)
        normalise(targets, targets, mean, root * self.scale, self.shift)

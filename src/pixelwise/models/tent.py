"""The fixed tent filter that shrinks the low-res stream's input, on images and on label maps.

Source: docs/reference/models.md, "Tent filter".
"""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from pixelwise.models.layers import check_labels

CHUNK_PIXELS = 4096  # of the result, taken at a time


@lru_cache(maxsize=16)
def _tent(factor: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Taps 1, 3, ..., 2 factor - 1, 2 factor - 1, ..., 3, 1 with sum 1; kept, so never a tensor of inference mode."""
    with torch.inference_mode(False):
        rising = torch.arange(1, 2 * factor, 2, dtype=torch.float64, device="cpu")
        taps = torch.cat([rising, rising.flip(0)])
        return (taps / taps.sum()).to(dtype).to(device)


def tent_downsample(image: Tensor, factor: int) -> Tensor:
    """Shrink by a separable tent filter of length 2 factor, with reflection padding of factor / 2.

    Args:
        image: [N, C, H, W].
        factor: An even number that divides H and W.

    Returns:
        [N, C, H / factor, W / factor].
    """
    channels = image.shape[1]
    taps = _tent(factor, image.device, image.dtype)
    padded = F.pad(image, [factor // 2] * 4, mode="reflect")
    across = F.conv2d(padded, taps.view(1, 1, 1, -1).expand(channels, -1, -1, -1), stride=(1, factor), groups=channels)
    return F.conv2d(across, taps.view(1, 1, -1, 1).expand(channels, -1, -1, -1), stride=(factor, 1), groups=channels)


@torch.no_grad()
def tent_of_labels(labels: Tensor, further: Tensor | None, count: int, factor: int) -> Tensor:
    """`tent_downsample` of one-hot labels and further channels, without the one-hot tensor: far faster on a CPU.

    Every pixel of the result adds the weights of the (2 factor)^2 pixels it sees to the channels of their labels; for
    the powers of two up to 32 these sums are exact in either form, so that the label channels are equal.

    Args:
        labels: [N, H, W] integer ids in [0, count).
        further: [N, C, H, W] float32 or None for C = 0.
        count: Number of labels.
        factor: An even number that divides H and W.

    Returns:
        [N, count + C, H / factor, W / factor] float32, channels last.

    Raises:
        PixelwiseError: If a label is out of range.
    """
    check_labels(labels, count)
    samples, height, width = labels.shape
    channels = count + (0 if further is None else further.shape[1])
    rows, columns, side = height // factor, width // factor, 2 * factor
    taps = _tent(factor, labels.device, torch.float32)
    weights = torch.outer(taps, taps).flatten()
    result = torch.zeros(samples, rows, columns, channels, dtype=taps.dtype, device=labels.device)
    step = max(1, CHUNK_PIXELS // columns)
    for sample, target in zip(labels, result, strict=True):
        windows = reflected(sample, factor // 2).unfold(0, side, factor).unfold(1, side, factor)
        for part, into in zip(torch.split(windows, step), torch.split(target, step), strict=True):
            index = part.reshape(-1, side**2).long()
            into.view(-1, channels).scatter_add_(1, index, weights.expand_as(index))
    if further is not None:
        result[..., count:] = tent_downsample(further, factor).permute(0, 2, 3, 1)
    return result.permute(0, 3, 1, 2)


def reflected(map_: Tensor, pad: int) -> Tensor:
    """A map of any type, padded by reflection: [H, W] -> [H + 2 pad, W + 2 pad]."""
    height, width = map_.shape
    y, x = (torch.arange(-pad, side + pad, device=map_.device).abs() for side in (height, width))
    y, x = height - 1 - (height - 1 - y).abs(), width - 1 - (width - 1 - x).abs()
    return map_[y][:, x]

"""What photographs suffer before a network restores them: motion blur and noise, drawn afresh for every patch."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from pixelwise.data.motion import kernel_size, motion_kernel
from pixelwise.training.randomness import generator

ANGLES = 36


def noise_levels(batch: int, sigma: float | tuple[float, float], seed: int, step: int) -> Tensor:
    """Noise level of each patch on the 0-255 scale: float32 [batch], on the processor; uniform in a range."""
    if isinstance(sigma, tuple):
        low, high = sigma
        return low + (high - low) * torch.rand(batch, generator=generator("cpu", seed, "sigma", step))
    return torch.full((batch,), sigma)


def noise(shape: tuple[int, ...], levels: Tensor, device: torch.device, seed: int, step: int) -> Tensor:
    """Fresh noise for a whole batch, not clipped: float32 `shape` [B, C, H, W], on the scale where white is 1."""
    drawn = torch.randn(shape, generator=generator(device, seed, "noise", step), device=device)
    return drawn * (levels / 255.0).to(device, non_blocking=True)[:, None, None, None]


class MotionBlur:
    """Random straight movements, from a bank of all whole lengths of a range in 36 directions.

    Args:
        lengths: Smallest and largest length in pixels.
        device: Where patches are blurred.
    """

    def __init__(self, lengths: tuple[int, int], device: torch.device) -> None:
        size = kernel_size(lengths[1])
        angles = [180.0 * i / ANGLES for i in range(ANGLES)]
        bank = [motion_kernel(length, angle, size) for length in range(lengths[0], lengths[1] + 1) for angle in angles]
        self.kernels = torch.from_numpy(np.stack(bank)).float().to(device)
        self.margin = size // 2

    def draw(self, batch: int, seed: int, step: int) -> Tensor:
        """Kernels of one batch: int64 [batch] places in the bank, on the processor."""
        return torch.randint(len(self.kernels), (batch,), generator=generator("cpu", seed, "blur", step))

    def __call__(self, patches: Tensor, chosen: Tensor) -> Tensor:
        """Blur [B, C, H, W], each patch with its own kernel; the result is smaller by `margin` on every side."""
        count, channels = patches.shape[:2]
        kernels = self.kernels[chosen.to(patches.device, non_blocking=True)].repeat_interleave(channels, 0)[:, None]
        planes = patches.reshape(1, count * channels, *patches.shape[2:])
        blurred = F.conv2d(planes, kernels, groups=count * channels)
        return blurred.reshape(count, channels, *blurred.shape[2:])

    def crop(self, patches: Tensor) -> Tensor:
        """The sharp partner of the blurred patches."""
        return patches[..., self.margin : -self.margin, self.margin : -self.margin]

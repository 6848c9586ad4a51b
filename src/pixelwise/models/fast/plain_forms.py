"""PyTorch's own form of each kernel of `fused_triton`, with the same arguments and results: for cards without it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from pixelwise.models.tent import tent_downsample


def semantics(
    labels: Tensor, edge: Tensor | None, num_labels: int, factor: int, pad: int, channels: int, dtype: torch.dtype
) -> Tensor:
    """A generator's input from label ids, see `fused_triton.semantics`."""
    ids = torch.arange(num_labels, device=labels.device, dtype=torch.int16)[:, None, None]
    planes = (labels[:, None].to(torch.int16) == ids).float()
    planes = planes if edge is None else torch.cat([planes, edge.float()], 1)
    planes = tent_downsample(planes, factor) if factor > 1 else planes
    planes = F.pad(planes, [pad] * 4, mode="reflect") if pad else planes
    planes = F.pad(planes, [0, 0, 0, 0, 0, channels - planes.shape[1]])
    return planes.to(dtype).contiguous(memory_format=torch.channels_last)


def instance_norm(
    image: Tensor,
    affine: tuple[Tensor, Tensor] | None = None,
    relu: bool = True,
    shortcut: Tensor | None = None,
    pad: int = 0,
    eps: float = 1e-5,
) -> Tensor:
    """Instance norm, scale and shift, ReLU, shortcut, reflection padding, see `fused_triton.instance_norm`."""
    scale, shift = affine or (None, None)
    made = F.instance_norm(image.float(), weight=scale, bias=shift, eps=eps)
    made = made.relu() if relu else made
    made = made if shortcut is None else made + shortcut
    made = F.pad(made, [pad] * 4, mode="reflect") if pad else made
    return made.to(image.dtype).contiguous(memory_format=torch.channels_last)

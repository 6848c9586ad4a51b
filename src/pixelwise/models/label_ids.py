"""Label ids that hide in a one-hot tensor."""

from __future__ import annotations

import torch
from torch import Tensor


@torch.no_grad()
def exact_labels(planes: Tensor) -> Tensor | None:
    """Ids of label planes that are exactly one-hot, else None.

    Args:
        planes: [N, num_labels, H, W] floating point.

    Returns:
        [N, H, W] uint8 (int64 from 257 labels on). None on the "meta" device, where no value is known.
    """
    if planes.is_meta:
        return None
    count = planes.shape[1]
    places = torch.arange(count, device=planes.device, dtype=torch.float32)
    guess = (
        torch.einsum("nchw,c->nhw", planes.detach().float(), places).nan_to_num(0.0).clamp(0, count - 1).round().long()
    )
    pixels = guess.numel()
    ones = planes.gather(1, guess.unsqueeze(1)) == 1
    if int(ones.sum()) != pixels or int(torch.count_nonzero(planes)) != pixels:
        return None
    return guess.to(torch.uint8) if count <= 256 else guess

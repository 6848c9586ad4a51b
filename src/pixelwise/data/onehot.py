"""The semantic tensor that generators are fed: one-hot labels, then the edges of the instance map."""

from __future__ import annotations

import torch
from torch import Tensor

from pixelwise.errors import PixelwiseError


def semantics(label: Tensor, instance: Tensor | None, num_classes: int) -> Tensor:
    """One-hot labels and, where there is an instance map, its edges as the last channel.

    Source: docs/reference/models.md, "Semantic input" (tamarott/ASAPNet models/pix2pix_model.py, preprocess_input).

    Args:
        label: [N, H, W] or [N, 1, H, W] integer ids in [0, num_classes).
        instance: Instance ids of the same shape, or None.
        num_classes: Number of label ids.

    Returns:
        [N, num_classes (+ 1), H, W] float32 of zeros and ones, on the device of `label`.

    Raises:
        PixelwiseError: If a shape does not fit, or (on the CPU) if a label is out of range.

    Example:
        >>> label = torch.tensor([[[0, 2]]])
        >>> semantics(label, label, 3)[0, :, 0].tolist()
        [[1.0, 0.0], [0.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    """
    planes = _planes(label, "label map")
    if planes.device.type == "cpu" and planes.numel():
        low, high = (int(bound) for bound in torch.aminmax(planes))
        if low < 0 or high >= num_classes:
            raise PixelwiseError(f"label map holds {low if low < 0 else high}; allowed are 0..{num_classes - 1}")
    count, _, height, width = planes.shape
    channels = num_classes + (instance is not None)
    out = torch.zeros(count, channels, height, width, device=label.device)
    out.scatter_(1, planes.long(), 1.0)
    if instance is not None:
        edges = instance_edges(instance)
        if edges.shape != planes.shape:
            raise PixelwiseError(f"instance map {tuple(edges.shape)}; the label map is {tuple(planes.shape)}")
        out[:, num_classes:] = edges
    return out


def instance_edges(instance: Tensor) -> Tensor:
    """1 where a pixel's instance id differs from its left, right, upper or lower neighbour, else 0.

    Both pixels of a differing pair are set; the image border alone is no edge.
    Source: docs/reference/models.md, "Semantic input".

    Args:
        instance: [N, H, W] or [N, 1, H, W] integer ids.

    Returns:
        [N, 1, H, W] float32.
    """
    planes = _planes(instance, "instance map")
    edge = torch.zeros_like(planes, dtype=torch.bool)
    across = planes[..., 1:] != planes[..., :-1]
    down = planes[..., 1:, :] != planes[..., :-1, :]
    edge[..., 1:] |= across
    edge[..., :-1] |= across
    edge[..., 1:, :] |= down
    edge[..., :-1, :] |= down
    return edge.float()


def _planes(ids: Tensor, what: str) -> Tensor:
    """[N, H, W] or [N, 1, H, W] -> [N, 1, H, W]; other shapes and floating point are refused."""
    planes = ids.unsqueeze(1) if ids.dim() == 3 else ids
    if planes.dim() != 4 or planes.shape[1] != 1 or planes.is_floating_point():
        raise PixelwiseError(f"{what} {ids.dtype} {tuple(ids.shape)}; allowed are integers [N, H, W] or [N, 1, H, W]")
    return planes

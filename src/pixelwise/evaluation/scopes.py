"""What one timed call covers: the generator alone, or also the preparation of its input and the transfers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from pixelwise.data.onehot import instance_edges, semantics
from pixelwise.evaluation.stopwatch import Call
from pixelwise.models.fast.optimised import Optimised
from pixelwise.settings.evaluation import Scope

SCOPES: dict[Scope, str] = {
    "generator": "forward pass; its input lies ready on the device",
    "semantics": "one-hot labels (optimised form: the ids) and instance edges on the device, then the forward pass",
    "transfer": "uint8 labels and int32 instances (denoising: the float32 image) from host to device, as `semantics`, "
    "then the picture as uint8 (denoising: float32) back to the host",
    "paper": "tamarott/ASAPNet @ f27f202, test.py: float32 labels, int32 instances and the float32 photograph "
    "from host to device, labels to int64, one-hot and edges, forward pass; the picture stays on the device. Unlike "
    "there the device is idle before the clock starts, and more than the first image is warm-up",
}


@dataclass(frozen=True)
class Inputs:
    """Random inputs of one size on the host.

    Attributes:
        labels: uint8 [N, H, W]; blocks of 16x16 pixels that lie across four 16x16 tiles each, so that a tile holds four
            labels (in CamVid at 256x512 it holds 1.6 on average).
        instances: int32 [N, H, W].
        images: float32 [N, C, H, W] in [-1, 1].
    """

    labels: Tensor
    instances: Tensor
    images: Tensor


def draw(batch: int, size: tuple[int, int], num_labels: int, channels: int, seed: int) -> Inputs:
    """Random inputs; the same arguments give the same values."""
    rng = np.random.default_rng(seed)
    height, width = size
    grid = (batch, -(-height // 16) + 1, -(-width // 16) + 1)

    def blocks(high: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
        coarse = rng.integers(0, high, grid, dtype=np.int32)
        return coarse.repeat(16, 1).repeat(16, 2)[:, 8 : 8 + height, 8 : 8 + width].copy()

    labels, instances = blocks(num_labels).astype(np.uint8), blocks(1000)
    images = rng.uniform(-1, 1, (batch, channels, height, width)).astype(np.float32)
    return Inputs(torch.from_numpy(labels), torch.from_numpy(instances), torch.from_numpy(images))


def translation_call(
    scope: Scope, module: nn.Module | Optimised, inputs: Inputs, num_labels: int, edge: bool, device: torch.device
) -> Call:
    """A function of no arguments that does what `SCOPES[scope]` says for a generator of label maps."""

    def prepared(labels: Tensor, instances: Tensor) -> tuple[Tensor, ...]:
        if not isinstance(module, Optimised) or module.labels is None:
            planes = semantics(labels, instances if edge else None, num_labels)
            return (planes, labels.to(torch.uint8)) if by_ids else (planes,)
        ids = labels.to(torch.uint8)
        return (ids, instance_edges(instances)) if edge else (ids,)

    def paper() -> Tensor:
        labels, instances = floats.to(device), inputs.instances.to(device)
        photographs = inputs.images.to(device)
        made: Tensor = module(*prepared(labels.long(), instances))
        del photographs
        return made

    def transfer() -> Tensor:
        made: Tensor = module(*prepared(inputs.labels.to(device), inputs.instances.to(device)))
        return ((made.float() + 1) / 2 * 255).clamp(0, 255).to(torch.uint8).cpu()

    by_ids = bool(getattr(module, "takes_ids", False))  # the network would look for the ids in the planes
    floats = inputs.labels.float()
    labels, instances = inputs.labels.to(device), inputs.instances.to(device)
    ready = prepared(labels, instances)
    calls: dict[Scope, Callable[[], Tensor]] = {
        "generator": lambda: module(*ready),
        "semantics": lambda: module(*prepared(labels, instances)),
        "transfer": transfer,
        "paper": paper,
    }
    return calls[scope]


def denoising_call(scope: Scope, module: nn.Module | Optimised, inputs: Inputs, device: torch.device) -> Call:
    """A function of no arguments that does what `SCOPES[scope]` says for a network that restores images."""
    ready = inputs.images.to(device)
    if scope == "generator":
        return lambda: module(ready)

    def transfer() -> Tensor:
        made: Tensor = module(inputs.images.to(device))
        return made.float().cpu()

    return transfer

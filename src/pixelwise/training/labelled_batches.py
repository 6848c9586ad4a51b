"""Batches of labelled photographs, made on the device from the packed bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.data.onehot import semantics
from pixelwise.data.pack import Pack, read_facts
from pixelwise.errors import PixelwiseError
from pixelwise.training.machine import Machine
from pixelwise.training.randomness import batch_at, generator

SHARE_OF_MEMORY = 0.25


class Store:
    """Rows of one packed array: on the graphics card where a quarter of its free memory holds them, else on disk.

    Args:
        rows: Memory-mapped array [N, ...].
        count: Number of rows used, the first ones.
        device: Where batches are wanted.
    """

    def __init__(self, rows: NDArray[Any], count: int, device: torch.device) -> None:
        self.rows, self.device = rows[:count], device
        self.resident: Tensor | None = None
        if device.type == "cuda" and self.rows.nbytes < SHARE_OF_MEMORY * torch.cuda.mem_get_info(device)[0]:
            self.resident = torch.from_numpy(np.array(self.rows)).to(device)

    def take(self, index: Tensor) -> Tensor:
        """Rows `index` (int64 [B] on the processor), on the device."""
        if self.resident is not None:
            return self.resident[index.to(self.device, non_blocking=True)]
        return torch.from_numpy(self.rows[index.numpy()]).to(self.device)


class LabelledImages:
    """Training split of a translation data set.

    Attributes:
        facts: `dataset.json`.
        num_labels: Number of label ids.
        height: Rows of each, in pixels.
        width: Columns of each, in pixels.
        has_instances: Whether an instance map, so an edge channel, is there.

    Args:
        folder: Prepared data.
        machine: Where batches are wanted.
        limit: Use only so many images, the first ones.

    Raises:
        PixelwiseError: If the data holds no label maps, or fewer images than `limit`.
    """

    def __init__(self, folder: Path, machine: Machine, limit: int | None = None) -> None:
        self.facts = read_facts(folder)
        pack = Pack(folder, "train")
        if limit is not None and limit > len(pack):
            raise PixelwiseError(f"images: {limit}; {folder} holds {len(pack)} training images")
        self.count = limit or len(pack)
        if pack.labels is None:
            raise PixelwiseError(f"{folder}: holds no label maps; translation and segmentation need them")
        self.num_labels: int = self.facts["num_labels"]
        self.height, self.width = pack.labels.shape[1:]
        self.has_instances = pack.instances is not None
        self._layout = machine.layout
        self._images = Store(pack.images, self.count, machine.device)
        self._labels = Store(pack.labels, self.count, machine.device)
        self._instances = Store(pack.instances, self.count, machine.device) if pack.instances is not None else None

    def __len__(self) -> int:
        return self.count

    def drawn(self, step: int, batch: int, flip: bool, seed: int) -> tuple[Tensor, Tensor]:
        """Which images a step sees (int64 [batch]) and which of them mirrored (bool [batch])."""
        coins = torch.rand(batch, generator=generator("cpu", seed, "flip", step))
        mirrored = (coins < 0.5) if flip else torch.zeros(batch, dtype=torch.bool)
        return batch_at(step, self.count, batch, seed), mirrored

    def amount(self, steps: int, batch: int, published: float | None) -> dict[str, Any]:
        """How much is trained in so many steps, beside the published number of epochs if there is one."""
        epochs = steps / (self.count // batch)
        return {
            "steps": steps,
            "presentations": steps * batch,
            "images": self.count,
            "epochs": round(epochs, 3),
            "published_epochs": published,
            "short": published is not None and epochs < published,
        }

    def _maps(self, store: Store, index: Tensor, mirrored: Tensor) -> Tensor:
        rows = store.take(index)
        flags = mirrored.to(rows.device, non_blocking=True).view(-1, *[1] * (rows.dim() - 1))
        return torch.where(flags, rows.flip(2), rows)

    def pictures(self, index: Tensor, mirrored: Tensor) -> Tensor:
        """Photographs `index`, mirrored where `mirrored` (bool [B]): float32 [B, 3, H, W] in [-1, 1]."""
        rows = self._maps(self._images, index, mirrored)
        return (rows.permute(0, 3, 1, 2).float() / 127.5 - 1.0).contiguous(memory_format=self._layout)

    def labels(self, index: Tensor, mirrored: Tensor) -> Tensor:
        """Label maps `index`, mirrored alike: uint8 [B, H, W]."""
        return self._maps(self._labels, index, mirrored)

    def pairs(self, index: Tensor, mirrored: Tensor, instance_edge: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Semantics [B, num_labels (+ 1), H, W], the ids in them [B, H, W], photographs [B, 3, H, W] in [-1, 1]."""
        instances = self._maps(self._instances, index, mirrored) if instance_edge and self._instances else None
        labels = self.labels(index, mirrored)
        planes = semantics(labels, instances, self.num_labels).contiguous(memory_format=self._layout)
        return planes, labels, self.pictures(index, mirrored)

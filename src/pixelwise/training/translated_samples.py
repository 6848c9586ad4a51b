"""Sample pictures of a generator: label map, generated picture, photograph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from pixelwise.data.onehot import semantics
from pixelwise.training.machine import Machine
from pixelwise.training.sample_pictures import Row, as_bytes, coloured, evaluating, validation


def translated(module: nn.Module, folder: Path, facts: dict[str, Any], edge: bool, machine: Machine) -> list[Row]:
    """What a generator makes of validation label maps.

    Args:
        module: The generator.
        folder: Prepared data.
        facts: `dataset.json`.
        edge: Whether the generator takes the edges of instances.
        machine: Where it computes.
    """
    rows: list[Row] = []
    with evaluating(module) as network:
        for pack, i in validation(folder):
            label, instance = pack.label(i), pack.instance(i)
            if label is None or (edge and instance is None):
                break
            ids = torch.from_numpy(np.array(label))[None].to(machine.device)
            objects = torch.from_numpy(np.array(instance))[None].to(machine.device) if edge else None
            planes = semantics(ids, objects, facts["num_labels"]).contiguous(memory_format=machine.layout)
            made = network(planes, ids) if getattr(module, "takes_ids", False) else network(planes)
            colours = coloured(label, facts.get("palette", []))
            rows.append([colours, as_bytes((made[0] + 1) / 2), np.array(pack.image(i))])
    return rows

"""How much of a training step its batch takes, from packed bytes on disk to tensors on the device."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
from torch import Tensor

from benchmarks.subjects import LABELS, NARROW, Condition, Subject
from pixelwise.artifacts import write_json
from pixelwise.data.pack import FACTS
from pixelwise.data.pack_writing import Item, write_pack
from pixelwise.data.scenery.drawing import scene
from pixelwise.evaluation.hardware import set_tf32
from pixelwise.settings.training import AdversarialSettings
from pixelwise.training.adversarial import Translation
from pixelwise.training.labelled_batches import LabelledImages
from pixelwise.training.machine import Machine


def subjects(condition: Condition, folder: Path) -> list[Subject]:
    """A whole adversarial training step of ASAP-Net on drawn scenes, and the making of its batch alone.

    The step is without the perceptual loss, which would only make the batch's share smaller. On a GPU it computes as
    the street profile does, in bfloat16 with the channels last.

    Args:
        condition: Size, batch and device.
        folder: Empty; gets the prepared scenes.
    """
    rng, items = np.random.default_rng(0), []
    for number in range(2 * condition.batch):
        image, label, instance = scene(rng, condition.height, condition.width)
        items.append(Item(f"scene{number}", image, label, instance.astype(np.int32)))
    size = {"height": condition.height, "width": condition.width, "channels": 3}
    write_json(folder / FACTS, {"kind": "streets", "synthetic": True, "num_labels": LABELS, **size})
    write_pack(folder, "train", items)
    gpu = condition.device.type == "cuda"
    options = NARROW["asapnet"] if condition.narrow else {}
    narrow = {"discriminator_options": {"width": 4, "layers": 3}} if condition.narrow else {}
    settings = AdversarialSettings(
        architecture="asapnet", options=options, batch=condition.batch, perceptual=0, **narrow
    )
    machine = Machine(condition.device, "bf16" if gpu else "fp32", gpu)
    task = Translation(settings, LabelledImages(folder, machine), machine, None)
    steps = itertools.count()

    def batch() -> Tensor:
        return task.batches(next(steps))[-1][0]

    def step() -> Tensor:
        set_tf32(gpu)  # as training in bfloat16 does
        return task.step(next(steps))

    return [
        Subject("batch", machine.precision, batch, 0.0),
        Subject("whole training step", machine.precision, step, 0.0),
    ]

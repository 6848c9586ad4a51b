"""Training of the network that reads label maps back from photographs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.registry import build
from pixelwise.settings.training import SegmentationSettings
from pixelwise.training import initialise, results
from pixelwise.training.labelled_batches import LabelledImages
from pixelwise.training.loop import train
from pixelwise.training.machine import Machine, set_up
from pixelwise.training.parallel import Trainee, mean_over_processes
from pixelwise.training.randomness import seed_everything
from pixelwise.training.schedules import epoch_of, poly, stepped, total_steps
from pixelwise.training.segmented_samples import segmented
from pixelwise.training.views import VOID, affine, view


class Segmentation:
    """One segmenter in training.

    Args:
        settings: How to train.
        images: Training images.
        machine: Where to compute.
    """

    names: tuple[str, ...] = ("cross_entropy", "accuracy")
    watched: tuple[str, ...] = ("gradient",)

    def __init__(self, settings: SegmentationSettings, images: LabelledImages, machine: Machine) -> None:
        self.settings, self.images, self.machine = settings, images, machine
        self.steps = total_steps(len(images), settings.batch, settings.schedule_epochs, settings.presentations)
        self.title = settings.architecture
        self.options = {"num_classes": len(images.facts["eval_names"])} | settings.options
        self.parts = machine.parts(settings.batch, settings.accumulate)
        self.classes = torch.tensor(images.facts["eval_map"], dtype=torch.uint8, device=machine.device)
        side = settings.crop
        self.size = (side, side) if side else (int(images.facts["height"]), int(images.facts["width"]))
        seed_everything(settings.seed, "initialisation")
        module = build(settings.architecture, **self.options)
        initialise.network(module, settings.architecture, settings.initialisation)
        self.mean, self.deviation = (
            torch.tensor(getattr(module, name), device=machine.device)[:, None, None] for name in ("mean", "std")
        )
        self.network = Trainee(module, self._optimiser, machine, settings.compile, settings.ema)

    def _optimiser(self, parameters: Iterator[nn.Parameter]) -> torch.optim.Optimizer:
        settings = self.settings
        learning = [parameter for parameter in parameters if parameter.requires_grad]
        return torch.optim.SGD(
            learning, settings.learning_rate, momentum=settings.momentum, weight_decay=settings.weight_decay
        )

    def batches(self, step: int) -> list[tuple[Tensor, Tensor]]:
        """Normalised views [b, 3, h, w] and their classes [b, h, w] of the parts that this process computes."""
        settings = self.settings
        index, mirrored = self.images.drawn(step, settings.batch, settings.flip, settings.seed)
        source = (int(self.images.facts["height"]), int(self.images.facts["width"]))
        place = (settings.seed, step)
        maps = affine(settings.batch, source, self.size, settings.zoom, settings.rotation, place)
        made = []
        for part in self.parts:
            pictures = (self.images.pictures(index[part], mirrored[part]) + 1.0) / 2.0
            classes = self.classes[self.images.labels(index[part], mirrored[part]).long()]
            seen, wanted = view((pictures - self.mean) / self.deviation, classes, maps[part], self.size)
            made.append((seen.contiguous(memory_format=self.machine.layout), wanted))
        return made

    def step(self, step: int) -> Tensor:
        """One optimiser step; the loss is the mean over all labelled pixels of the whole batch."""
        settings = self.settings
        epoch = epoch_of(step, self.steps, settings.epochs)
        factor = stepped(epoch, settings.step_epochs) if settings.schedule == "step" else poly(epoch, settings.epochs)
        self.network.set_factor(factor)
        self.network.optimiser.zero_grad()
        batches = self.batches(step)
        labelled = torch.stack([(wanted != VOID).sum() for _, wanted in batches]).sum().float()
        share = mean_over_processes(labelled, self.machine).clamp(min=1)
        total = torch.zeros(2, device=self.machine.device)
        for number, (seen, wanted) in enumerate(batches):
            with self.network.learning(number == len(batches) - 1) as network:
                with self.machine.autocast():
                    logits = network(seen)
                scores = F.interpolate(logits.float(), wanted.shape[1:], mode="bilinear", align_corners=False)
                loss = F.cross_entropy(scores, wanted, ignore_index=VOID, reduction="sum") / share
                loss.backward()  # type: ignore[no-untyped-call]
            right = (scores.detach().argmax(1) == wanted).sum() / share
            total += torch.stack([loss.detach(), right])
        return torch.cat([total, self.network.update()[None]])

    def state(self) -> dict[str, Any]:
        """Network, optimiser and the moving average."""
        return self.network.state()

    def restore(self, state: dict[str, Any]) -> None:
        """Return to a state."""
        self.network.restore(state)

    def amount(self) -> dict[str, Any]:
        """How much was trained, beside how much is published."""
        published = self.settings.RECIPES[self.settings.recipe].amount
        return self.images.amount(self.steps, self.settings.batch, published)


def run(settings: SegmentationSettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Train a segmenter.

    Args:
        settings: How.
        inputs: `data`, prepared data with label maps.
        out: Gets `model.safetensors` (with the classes' names), `training.json`, `loss.csv`.
        work: Keeps the checkpoint.

    Raises:
        PixelwiseError: If data and settings do not fit, or as `train` does.
    """
    with set_up(settings) as machine:
        images = LabelledImages(inputs["data"], machine, settings.images)
        task = Segmentation(settings, images, machine)
        count, colours = len(images.facts["eval_names"]), (task.mean, task.deviation)
        samples = partial(segmented, task.network.trained, inputs["data"], task.classes, count, colours)
        curve = train(task, settings, machine, work, samples=samples)
        results.write(
            out,
            task.network.trained,
            settings,
            machine,
            curve,
            options=task.options,
            dataset=images.facts,
            amount=task.amount(),
            extra={"classes": images.facts["eval_names"]},
        )

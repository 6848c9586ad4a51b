"""Training of a generator against a discriminator, on label maps and photographs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.errors import PixelwiseError
from pixelwise.models import checkpoint, snapshots
from pixelwise.models.layers import SPECTRAL
from pixelwise.models.registry import build
from pixelwise.settings.training import AdversarialSettings
from pixelwise.training import initialise, losses, results
from pixelwise.training.labelled_batches import LabelledImages
from pixelwise.training.load_perceptual_loss import deviation, load_perceptual
from pixelwise.training.loop import train
from pixelwise.training.machine import Machine, set_up
from pixelwise.training.parallel import Trainee, mean_over_processes
from pixelwise.training.randomness import seed_everything
from pixelwise.training.schedules import epoch_of, linear_decay, total_steps, two_time_scales
from pixelwise.training.translated_samples import translated

PIXEL_CHANNELS = 3
Batch = tuple[Tensor, ...]
"""Semantics, photographs, and for generators that take them the ids in the semantics."""


class Translation:
    """One generator and one discriminator in training.

    Args:
        settings: How to train.
        images: Training images.
        machine: Where to compute.
        perceptual: Perceptual loss of (fake, real), or None to leave it out.
    """

    names: tuple[str, ...] = (
        "adversarial",
        "feature_matching",
        "perceptual",
        "pixel",
        "discriminator_fake",
        "discriminator_real",
    )
    watched: tuple[str, ...] = ("generator's gradient", "discriminator's gradient")

    def __init__(
        self, settings: AdversarialSettings, images: LabelledImages, machine: Machine, perceptual: nn.Module | None
    ) -> None:
        self.settings, self.images, self.machine, self.perceptual = settings, images, machine, perceptual
        self.steps = total_steps(len(images), settings.batch, settings.schedule_epochs, settings.presentations)
        self.title = settings.architecture
        self.options = {
            "num_labels": images.num_labels,
            "instance_edge": images.has_instances,
            "output_channels": PIXEL_CHANNELS,
        } | settings.options
        self.edge = bool(self.options["instance_edge"])
        if self.edge and not images.has_instances:
            raise PixelwiseError("options.instance_edge: true; the data set has no instance maps")
        self.parts = machine.parts(settings.batch, settings.accumulate)
        self._build()

    def _build(self) -> None:
        settings, machine = self.settings, self.machine
        seed_everything(settings.seed, "initialisation")
        channels = self.images.num_labels + self.edge + PIXEL_CHANNELS
        generator = build(settings.architecture, **self.options)
        discriminator = build(settings.discriminator, **{"in_channels": channels} | settings.discriminator_options)
        initialise.network(generator, settings.architecture, settings.initialisation)
        scheme = settings.discriminator_initialisation
        initialise.discriminator(discriminator, settings.discriminator, scheme, settings.initialisation)
        self.by_ids = bool(getattr(generator, "takes_ids", False))
        rates = two_time_scales(settings.learning_rate, settings.ttur)
        fused = machine.device.type == "cuda"
        adam = [partial(torch.optim.Adam, lr=rate, betas=settings.betas, fused=fused) for rate in rates]
        self.generator = Trainee(generator, adam[0], machine, settings.compile, settings.ema)
        self.discriminator = Trainee(discriminator, adam[1], machine, settings.compile)
        self._last = torch.zeros(5, device=machine.device)  # losses and gradient of the generator's last step

    def batches(self, step: int) -> list[Batch]:
        """The parts of step `step` that this process computes."""
        settings = self.settings
        index, mirrored = self.images.drawn(step, settings.batch, settings.flip, settings.seed)
        pairs = [self.images.pairs(index[part], mirrored[part], self.edge) for part in self.parts]
        return [(planes, real, ids) if self.by_ids else (planes, real) for planes, ids, real in pairs]

    def _discriminate(self, discriminator: nn.Module, semantics: Tensor, fake: Tensor, real: Tensor) -> tuple[Any, Any]:
        """Features of the generated and of the real pictures, from one pass over both."""
        both = torch.cat([torch.cat([semantics, fake], 1), torch.cat([semantics, real], 1)])
        return losses.split(discriminator(both.contiguous(memory_format=self.machine.layout)))

    def generator_losses(self, semantics: Tensor, real: Tensor, fake: Tensor, discriminator: nn.Module) -> Tensor:
        """The generator's losses with their weights: adversarial, feature matching, perceptual, pixel; float32 [4]."""
        settings = self.settings
        on_fake, on_real = self._discriminate(discriminator, semantics, fake, real)
        zero = torch.zeros((), device=fake.device)
        adversarial = losses.adversarial(
            on_fake, settings.gan_loss, real=True, for_discriminator=False, procedure=settings.procedure
        )
        matching, perceptual, pixel = zero, zero, zero
        if settings.feature_matching:
            matching = losses.feature_matching(on_fake, on_real, settings.procedure) * settings.feature_matching
        if self.perceptual is not None:
            perceptual = self.perceptual(fake, real) * settings.perceptual
        if settings.pixel_l1 or settings.pixel_l2:
            made = fake.float()
            pixel = settings.pixel_l1 * F.l1_loss(made, real) + settings.pixel_l2 * F.mse_loss(made, real)
        return torch.stack([adversarial, matching, perceptual, pixel])

    def _iterate_spectral_norms(self, first: bool) -> None:
        """Let the first part of a batch alone do the power iteration, so that all parts see the same weights.

        What else depends on the mode, SPADE's batch norms, is in training throughout.
        """
        for network in (self.generator, self.discriminator):
            for layer in network.module.modules():
                if isinstance(layer, SPECTRAL):
                    layer.train(first)

    def _learn_generator(self, batches: list[Batch]) -> tuple[Tensor, list[Tensor]]:
        """One step of the generator; returns its mean losses and its pictures from before the step."""
        self.generator.optimiser.zero_grad()
        total, pictures = torch.zeros(4, device=self.machine.device), []
        for number, (semantics, real, *ids) in enumerate(batches):
            self._iterate_spectral_norms(number == 0)
            with (
                self.generator.learning(number == len(batches) - 1) as network,
                self.discriminator.frozen() as discriminator,
            ):
                with self.machine.autocast():
                    fake = network(semantics, *ids)
                    values = self.generator_losses(semantics, real, fake, discriminator)
                (values.sum() / len(batches)).backward()  # type: ignore[no-untyped-call]
            total += values.detach() / len(batches)
            pictures.append(fake.detach())
        return total, pictures

    def _learn_discriminator(self, batches: list[Batch], pictures: list[Tensor]) -> Tensor:
        """One step of the discriminator; returns its losses on generated and real pictures, float32 [2]."""
        settings = self.settings
        self.discriminator.optimiser.zero_grad()
        total = torch.zeros(2, device=self.machine.device)
        for number, (semantics, real, *ids) in enumerate(batches):
            self._iterate_spectral_norms(number == 0)
            with self.discriminator.learning(number == len(batches) - 1) as discriminator:
                with self.machine.autocast():
                    if settings.procedure == "spade":
                        with torch.no_grad():
                            fake = self.generator.plain(semantics, *ids)
                    else:
                        fake = pictures[number]
                    on_fake, on_real = self._discriminate(discriminator, semantics, fake, real)
                    values = torch.stack(losses.discriminator(on_fake, on_real, settings.gan_loss, settings.procedure))
                (values.sum() / len(batches)).backward()  # type: ignore[no-untyped-call]
            total += values.detach() / len(batches)
        return total

    def step(self, step: int) -> Tensor:
        """One step of the generator (every `discriminator_steps`-th time), then one of the discriminator."""
        settings = self.settings
        epoch = epoch_of(step, self.steps, settings.schedule_epochs)
        for network in (self.generator, self.discriminator):
            network.set_factor(linear_decay(epoch, settings.epochs_constant, settings.epochs_decay))
        batches = self.batches(step)
        if step % settings.discriminator_steps == 0:
            made, pictures = self._learn_generator(batches)
            self._freeze_global(epoch)
            self._last = torch.cat([made, self.generator.update()[None]])
            if settings.discriminator_steps > 1:  # the first process alone saves it
                self._last = mean_over_processes(self._last, self.machine)
        else:
            pictures = self._pictures(batches)
        learned = self._learn_discriminator(batches, pictures)
        return torch.cat([self._last[:4], learned, self._last[4:], self.discriminator.update()[None]])

    def _pictures(self, batches: list[Batch]) -> list[Tensor]:
        """What the generator makes where it does not learn."""
        pictures = []
        for number, (semantics, _, *ids) in enumerate(batches):
            self._iterate_spectral_norms(number == 0)
            with torch.no_grad(), self.machine.autocast():
                pictures.append(self.generator.plain(semantics, *ids))
        return pictures

    def _freeze_global(self, epoch: int) -> None:
        """In the first epochs of a network with local enhancers, take the gradients of all else away."""
        if epoch <= self.settings.epochs_enhancer_only:
            for parameter in self.generator.module.get_submodule("trunk").parameters():
                parameter.grad = None

    def state(self) -> dict[str, Any]:
        """Networks, optimisers, the moving average and what the generator's last step gave."""
        networks = {"generator": self.generator.state(), "discriminator": self.discriminator.state()}
        return networks | {"last": self._last}

    def restore(self, state: dict[str, Any]) -> None:
        """Return to a state."""
        self.generator.restore(state["generator"])
        self.discriminator.restore(state["discriminator"])
        self._last.copy_(state["last"])

    def amount(self) -> dict[str, Any]:
        """How much was trained, beside how much is published."""
        published = self.settings.RECIPES[self.settings.recipe].amount
        return self.images.amount(self.steps, self.settings.batch, published)


def _for_users(images: LabelledImages) -> dict[str, Any]:
    """What of the training data those need who give the generator label maps of their own."""
    names = ("dontcare", "height", "width", "colours", "nearest", "direction")
    found = {name: results.plain(images.facts[name]) for name in names if name in images.facts}
    if found.get("direction"):
        found["aspect"] = images.width / images.height
    return found


def _snapshot(task: Translation, machine: Machine, work: Path, done: int) -> None:
    """Keep the generator if a snapshot is due after `done` steps."""
    settings = task.settings
    presentations = snapshots.due(done, task.steps, settings.batch, settings.snapshots)
    if presentations is None or machine.rank > 0:
        return
    facts = {"recipe": settings.recipe, "dataset": task.images.facts.get("kind"), "short": True}
    facts |= _for_users(task.images)
    snapshots.keep(
        work,
        presentations,
        lambda path: checkpoint.save(path, task.generator.trained, settings.architecture, task.options, facts),
    )


def run(settings: AdversarialSettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Train a generator.

    Args:
        settings: How.
        inputs: `data`, prepared data with label maps; `perceptual`, VGG19 weights, where the perceptual loss is on.
        out: Gets `model.safetensors`, `training.json`, `loss.csv`; `snapshots/<presentations>.safetensors` if asked.
        work: Keeps the checkpoint.

    Raises:
        PixelwiseError: If data and settings do not fit, or as `train` does.
    """
    with set_up(settings) as machine:
        images = LabelledImages(inputs["data"], machine, settings.images)
        perceptual = load_perceptual(inputs, machine) if settings.perceptual else None
        task = Translation(settings, images, machine, perceptual)
        samples = partial(translated, task.generator.trained, inputs["data"], images.facts, task.edge, machine)
        curve = train(task, settings, machine, work, partial(_snapshot, task, machine, work), samples)
        snapshots.publish(work, out)
        results.write(
            out,
            task.generator.trained,
            settings,
            machine,
            curve,
            options=task.options,
            dataset=images.facts,
            amount=task.amount(),
            extra=_for_users(images),
            more_deviations=deviation(inputs, settings.perceptual),
        )

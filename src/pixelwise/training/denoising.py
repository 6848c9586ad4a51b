"""Training of a network that restores degraded photographs, from noise or motion blur."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.data.pack import Pack
from pixelwise.errors import PixelwiseError
from pixelwise.models.registry import build, image_options
from pixelwise.settings.training import DenoisingSettings
from pixelwise.training import initialise, results
from pixelwise.training.held_out import HeldOut, photographs
from pixelwise.training.load_perceptual_loss import deviation, load_perceptual
from pixelwise.training.loop import train
from pixelwise.training.losses import PIXEL_LOSSES
from pixelwise.training.machine import Machine, set_up
from pixelwise.training.parallel import Trainee
from pixelwise.training.patches import Draw, Patches, turns
from pixelwise.training.randomness import batch_at, seed_everything
from pixelwise.training.schedules import epoch_of, staged, total_steps
from pixelwise.training.training_noise import MotionBlur, noise, noise_levels

PERCEPTUAL_WEIGHT = 10.0  # lambda_vgg of the report's trainer (tamarott/ASAPNet options/train_options.py)


class Restoration:
    """One network in training; beside the loss, the curve shows the PSNR of the estimates of the mini-batches in dB.

    Args:
        settings: How to train.
        folder: Prepared photographs.
        machine: Where to compute.
        perceptual: Perceptual loss of (estimate, target), or None for the pixel losses.
    """

    names: tuple[str, ...] = ("loss", "psnr")
    watched: tuple[str, ...] = ("gradient",)

    def __init__(
        self, settings: DenoisingSettings, folder: Path, machine: Machine, perceptual: nn.Module | None
    ) -> None:
        self.settings, self.machine = settings, machine
        self.blur = MotionBlur(settings.blur_length, machine.device) if settings.degradation == "motion_blur" else None
        self.patches = Patches(
            folder,
            machine.device,
            settings.patch + (2 * self.blur.margin if self.blur else 0),
            settings.stride,
            settings.scales,
            settings.scales_cumulative,
            self._images(folder),
            blurred=settings.degradation == "given",
        )
        self.guided = settings.lowres_input == "clean"
        wanted = settings.steps * settings.batch if settings.steps else None
        self.steps = total_steps(len(self.patches), settings.batch, settings.schedule_epochs, wanted)
        self.title = settings.architecture
        self.options = image_options(settings.architecture, self.patches.channels) | settings.options
        self.parts = machine.parts(settings.batch, settings.accumulate)
        self.loss: Callable[[Tensor, Tensor], Tensor] = PIXEL_LOSSES.get(settings.loss) or self._perceptual
        self.perceptual = perceptual
        seed_everything(settings.seed, "initialisation")
        module = build(settings.architecture, **self.options)
        initialise.network(module, settings.architecture, settings.initialisation)
        self.network = Trainee(module, self._optimiser, machine, settings.compile, settings.ema)

    def _images(self, folder: Path) -> int | None:
        """Photographs to train on, the first ones; None for all."""
        settings = self.settings
        if not settings.held_out:
            return settings.images
        left = len(Pack(folder, "train")) - len(photographs(folder, settings.held_out))
        if settings.images is not None and settings.images > left:
            raise PixelwiseError(f"images: {settings.images}; {settings.held_out} are held out and {left} left")
        return settings.images or left

    def _optimiser(self, parameters: Iterator[nn.Parameter]) -> torch.optim.Optimizer:
        settings = self.settings
        if settings.optimiser == "sgd":
            return torch.optim.SGD(
                parameters, settings.learning_rate, momentum=settings.betas[0], weight_decay=settings.weight_decay
            )
        return torch.optim.Adam(
            parameters,
            settings.learning_rate,
            settings.betas,
            weight_decay=settings.weight_decay,
            fused=self.machine.device.type == "cuda",
        )

    def _perceptual(self, estimate: Tensor, target: Tensor) -> Tensor:
        assert self.perceptual is not None
        rgb = [image.expand(-1, 3, -1, -1) if image.shape[1] == 1 else image for image in (estimate, target)]
        loss: Tensor = self.perceptual(*rgb)
        return loss * PERCEPTUAL_WEIGHT

    def batches(self, step: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Degraded and clean patches of the parts of step `step` that this process computes: [b, C, patch, patch]."""
        settings, device = self.settings, self.machine.device
        seed, batch = settings.seed, settings.batch
        draw = Draw(batch_at(step, len(self.patches), batch, seed), turns(batch, settings.augment, seed, step))
        levels = noise_levels(batch, settings.sigma, seed, step)
        shape = (batch, self.patches.channels, settings.patch, settings.patch)
        added = noise(shape, levels, device, seed, step)
        movements = self.blur.draw(batch, seed, step) if self.blur else None
        for part in self.parts:
            clean, soft = self.patches.cut(draw[part])
            if self.blur and movements is not None:
                soft, clean = self.blur(clean, movements[part]), self.blur.crop(clean)
            layout = self.machine.layout
            yield (soft + added[part]).contiguous(memory_format=layout), clean.contiguous(memory_format=layout)

    def step(self, step: int) -> Tensor:
        """One optimiser step."""
        settings = self.settings
        epoch = epoch_of(step, self.steps, settings.schedule_epochs)
        self.network.set_factor(staged(epoch, settings.epochs_per_rate, settings.rate_factor))
        self.network.optimiser.zero_grad()
        total = torch.zeros(2, device=self.machine.device)
        for number, (degraded, clean) in enumerate(self.batches(step)):
            with self.network.learning(number == len(self.parts) - 1) as network:
                with self.machine.autocast():
                    estimate = network(degraded, guide=clean) if self.guided else network(degraded)
                    loss = self.loss(estimate, clean) / len(self.parts)
                loss.backward()  # type: ignore[no-untyped-call]
            error = F.mse_loss(estimate.detach().float(), clean) / len(self.parts)
            total += torch.stack([loss.detach(), error])
        psnr = -10.0 * total[1].clamp(min=1e-10).log10()
        return torch.stack([total[0], psnr, self.network.update()])

    def state(self) -> dict[str, Any]:
        """Network, optimiser and the moving average."""
        return self.network.state()

    def restore(self, state: dict[str, Any]) -> None:
        """Return to a state."""
        self.network.restore(state)

    def amount(self) -> dict[str, Any]:
        """How much was trained, beside how much is published; compared by pixels, since patches differ in size."""
        settings = self.settings
        samples = self.steps * settings.batch
        recipe = settings.RECIPES[settings.recipe]
        side = recipe.values.get("patch", DenoisingSettings.model_fields["patch"].default)
        published = None if recipe.amount is None else recipe.amount * side**2
        return {
            "steps": self.steps,
            "presentations": samples,
            "patches": len(self.patches),
            "epochs": round(self.steps / (len(self.patches) / settings.batch), 3),
            "pixels": samples * settings.patch**2,
            "published_pixels": published,
            "short": published is not None and samples * settings.patch**2 < published,
        }


def _score(task: Restoration, seen: HeldOut | None, done: int) -> None:
    """Score the held-out photographs if that is due after `done` steps."""
    if seen is not None and seen.due(done, task.steps):
        seen.note(task.network.trained, task.guided, done, task.settings.batch)


def run(settings: DenoisingSettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Train a denoiser or deblurrer.

    Args:
        settings: How.
        inputs: `data`, prepared photographs; `perceptual`, VGG19 weights, where `loss` is perceptual.
        out: Gets `model.safetensors`, `training.json`, `loss.csv`; `held_out.csv` if photographs are held out.
        work: Keeps the checkpoint.

    Raises:
        PixelwiseError: If data and settings do not fit, or as `train` does.
    """
    with set_up(settings) as machine:
        perceptual = load_perceptual(inputs, machine) if settings.loss == "perceptual" else None
        task = Restoration(settings, inputs["data"], machine, perceptual)
        seen = None
        if settings.held_out:
            seen = HeldOut(inputs["data"], settings.held_out, settings.sigma, machine, work)
        curve = train(task, settings, machine, work, partial(_score, task, seen))
        facts = {"degradation": settings.degradation, "sigma": results.plain(settings.sigma), "patch": settings.patch}
        if task.guided:
            facts["lowres_input"] = settings.lowres_input
        found = {"held_out": seen.publish(out)} if seen and machine.rank == 0 else {}
        results.write(
            out,
            task.network.trained,
            settings,
            machine,
            curve,
            options=task.options,
            dataset=task.patches.facts,
            amount=task.amount() | found,
            extra=facts,
            more_deviations=deviation(inputs, settings.loss == "perceptual"),
        )

"""Settings of the three kinds of training.

A value that the user leaves out is taken from the named recipe, and the recipe, if not named, from the architecture.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from pixelwise.models import declarations
from pixelwise.models.declaration import GENERAL, Group, Recipe
from pixelwise.settings import architectures
from pixelwise.settings.base import (
    Batch,
    Decay,
    Epochs,
    Flag,
    Level,
    Options,
    Ordered,
    Positive,
    Rate,
    Side,
    Weight,
    Word,
)
from pixelwise.settings.training_base import TrainingSettings, deviations, published

__all__ = [
    "RECIPES",
    "AdversarialSettings",
    "DenoisingSettings",
    "SegmentationSettings",
    "TrainingSettings",
    "deviations",
    "published",
]


Stage = Annotated[int, Field(ge=1, le=100_000, strict=True)]
"""Epochs of a stage: at least one, or the schedule has a step without length."""
Blur = Annotated[int, Field(ge=1, le=255, strict=True)]
"""Length of a motion kernel in pixels; longer ones leave nothing of a patch."""
Scale = Annotated[float, Field(ge=0.01, le=1)]
"""Factor by which photographs are shrunk; below a hundredth nothing of them is left."""
Zoom = Annotated[float, Field(ge=0.05, le=20)]
"""Enlargement of a view; beyond these ends it shows a single pixel, or mostly what lies outside."""


class AdversarialSettings(TrainingSettings):
    """Training of a generator that turns label maps into pictures, against a discriminator; defaults are ASAP-Net's.

    Attributes:
        discriminator: Name of the discriminator.
        discriminator_options: Its options; the number of input channels follows from the data.
        gan_loss: Kind of adversarial loss.
        procedure: How losses are made up: `spade` averages over scales and shows the discriminator a second output,
            of the updated generator; `pix2pixhd` sums over scales, halves the discriminator's loss and shows it the
            first output.
        feature_matching: Weight of the feature matching loss; 0 leaves it out.
        perceptual: Weight of the VGG19 perceptual loss; 0 leaves it out (it needs the job's input `perceptual`).
        pixel_l1: Weight of the mean absolute error, off in every published recipe.
        pixel_l2: Weight of the mean squared error, off in every published recipe.
        learning_rate: Base learning rate.
        ttur: Two time-scale rule: the generator learns at half, the discriminator at twice the base rate.
        betas: Adam's decay rates.
        discriminator_steps: Optimiser steps of the discriminator for each one of the generator.
        epochs_constant: Epochs at the full rate.
        epochs_decay: Epochs over which the rate falls linearly.
        epochs_enhancer_only: First epochs of a network with local enhancers in which these alone learn.
        presentations: Image presentations in all, so that two models see the same number; the schedule's epochs are
            then compressed or stretched to fit. None trains for the schedule's epochs.
        snapshots: Presentations between two checkpoints that are kept to be scored, beside the last; None keeps none.
        flip: Mirror each training pair with probability 1/2.
        initialisation: `xavier` (normal, gain 0.02), `normal` (standard deviation 0.02), `pytorch` (its defaults) or
            `official`, what the official code arrives at on a GPU: `xavier`, except that spectrally normalised layers
            keep PyTorch's defaults; or a scheme that the model declares.
        discriminator_initialisation: The same for the discriminator; `official` as the generator's with that exception.
    """

    GROUP: ClassVar[Group] = "translation"
    RECIPES: ClassVar[Mapping[str, Recipe]] = declarations.recipes("translation")
    INITIALISATIONS: ClassVar[tuple[str, ...]] = (*GENERAL, "official")

    architecture: Word = "asapnet"
    batch: Batch = 32
    discriminator: Word = "multiscale_discriminator"
    discriminator_options: Options = Field(default_factory=dict)
    gan_loss: Literal["hinge", "least_squares", "original", "wasserstein"] = "hinge"
    procedure: Literal["spade", "pix2pixhd"] = "spade"
    feature_matching: Weight = 10.0
    perceptual: Weight = 10.0
    pixel_l1: Weight = 0.0
    pixel_l2: Weight = 0.0
    learning_rate: Rate = 2e-4
    ttur: Flag = True
    betas: tuple[Decay, Decay] = (0.0, 0.9)
    discriminator_steps: int = Field(1, ge=1, le=1000, strict=True)
    epochs_constant: Epochs = 200
    epochs_decay: Epochs = 100
    epochs_enhancer_only: Epochs = 0
    presentations: Positive | None = None
    snapshots: Positive | None = None
    flip: Flag = True
    initialisation: Word = "xavier"
    discriminator_initialisation: Literal["official", "xavier", "normal", "pytorch"] = "official"

    @property
    def schedule_epochs(self) -> int:
        """Epochs of the whole schedule."""
        return self.epochs_constant + self.epochs_decay

    @model_validator(mode="after")
    def _has_enhancer(self) -> AdversarialSettings:
        architectures.check(self.discriminator, self.discriminator_options, "discriminator_options")
        if not self.schedule_epochs:
            raise ValueError("epochs_constant and epochs_decay are both 0; at least one epoch is needed")
        if self.presentations is not None and self.presentations < self.batch:
            raise ValueError(f"presentations: {self.presentations}; at least one batch, {self.batch}")
        model = declarations.models().get(self.architecture)
        if self.epochs_enhancer_only and model and "enhancers" not in model.options.model_fields:
            having = [
                name for name, other in declarations.models().items() if "enhancers" in other.options.model_fields
            ]
            raise ValueError(f"epochs_enhancer_only with {self.architecture}; enhancers have {', '.join(having)}")
        return self


class DenoisingSettings(TrainingSettings):
    """Training of a network that restores degraded photographs; defaults are DnCNN-S's at sigma 25.

    Attributes:
        degradation: `noise`; `motion_blur` with random straight kernels, then noise; or `given`, the blurred partners
            in the data, then noise.
        sigma: Noise level on the 0-255 scale; a pair is a range, one level drawn for each patch.
        blur_length: Range of the motion kernels' length in pixels.
        patch: Side of the square patches, in pixels.
        stride: Distance between neighbouring patches, in pixels.
        scales: Factors by which the photographs are also shrunk (bicubic).
        scales_cumulative: Apply each factor to the result of the one before, as the published code does.
        augment: One of the 8 flips and rotations for each mini-batch, for each patch, or none.
        loss: `half_sum_squares` (half the squared error summed over a patch, averaged over the batch), `l2` or `l1`
            (means over pixels), or `perceptual` (VGG19 features, weight 10; needs the job's input `perceptual`).
        optimiser: `adam` or `sgd` (momentum betas[0]).
        learning_rate: Rate of the first stage.
        betas: Adam's decay rates.
        weight_decay: L2 penalty added to the gradient.
        epochs_per_rate: Epochs of each stage.
        rate_factor: Factor of the rate from one stage to the next.
        steps: Optimiser steps in all; the stages are then compressed or stretched to fit. None: the stages' epochs.
        lowres_input: What ASAP-Net's low-res stream sees: the degraded patch, or, as an oracle that shows where its
            limits lie, the `clean` one. What an oracle restores is no result of a denoiser.
        held_out: So many photographs, the last ones, are kept out of the training; their PSNR is written along it.
        initialisation: `xavier` (normal, gain 0.02), `normal` (standard deviation 0.02), `pytorch`, or a scheme that
            the model declares: of DnCNN `matconvnet` (v1.1), `matconvnet_1.0`, `saoyan`, `kair`.
    """

    GROUP: ClassVar[Group] = "restoration"
    RECIPES: ClassVar[Mapping[str, Recipe]] = declarations.recipes("restoration")

    architecture: Word = "dncnn"
    batch: Batch = 128
    degradation: Literal["noise", "motion_blur", "given"] = "noise"
    sigma: Level | Annotated[tuple[Level, Level], Ordered] = 25.0
    blur_length: Annotated[tuple[Blur, Blur], Ordered] = (5, 15)
    patch: int = Field(40, ge=1, le=4096, strict=True)
    stride: int = Field(10, ge=1, le=4096, strict=True)
    scales: Annotated[tuple[Scale, ...], Field(min_length=1, max_length=16)] = (1.0, 0.9, 0.8, 0.7)
    scales_cumulative: Flag = True
    augment: Literal["batch", "patch", "none"] = "batch"
    loss: Literal["half_sum_squares", "l2", "l1", "perceptual"] = "half_sum_squares"
    optimiser: Literal["adam", "sgd"] = "adam"
    learning_rate: Rate = 1e-3
    betas: tuple[Decay, Decay] = (0.9, 0.999)
    weight_decay: Weight = 0.0
    epochs_per_rate: Annotated[tuple[Stage, ...], Field(min_length=1, max_length=100)] = (30, 20)
    rate_factor: Rate = 0.1
    steps: Positive | None = None
    lowres_input: Literal["degraded", "clean"] = "degraded"
    held_out: int = Field(0, ge=0, le=1000, strict=True)
    initialisation: Word = "matconvnet"

    @property
    def schedule_epochs(self) -> int:
        """Epochs of the whole schedule."""
        return sum(self.epochs_per_rate)

    @model_validator(mode="after")
    def _fits(self) -> DenoisingSettings:
        architectures.check_size(self.architecture, self.options, self.patch, self.patch)
        model = declarations.models().get(self.architecture)
        if self.lowres_input == "clean" and model and not model.guided:
            having = [name for name, other in declarations.models().items() if other.guided]
            raise ValueError(f"lowres_input: clean with {self.architecture}; allowed for {', '.join(having)}")
        if self.held_out and self.degradation != "noise":
            raise ValueError(f"held_out: {self.held_out} with degradation {self.degradation}; only noise has one")
        return self


class SegmentationSettings(TrainingSettings):
    """Training of the network that reads label maps back from pictures; defaults are DRN-D-22's.

    Attributes:
        crop: Side of the square training crop in pixels; None uses whole images.
        epochs: Passes over the training images.
        presentations: Image presentations in all; the schedule is compressed or stretched to fit. None: `epochs`.
        learning_rate: Rate at the start.
        momentum: Of stochastic gradient descent.
        weight_decay: L2 penalty added to the gradient.
        schedule: `step` divides the rate by 10 after each `step_epochs`; `poly` follows (1 - epoch/epochs)^0.9.
        step_epochs: Epochs between two steps.
        flip: Mirror each training pair with probability 1/2.
        zoom: Range of the random enlargement; None leaves the size as it is.
        rotation: Largest random rotation in degrees, either way.
        initialisation: `pytorch`, or a scheme that the model declares: of DRN `official` (normal, from the fan-out).
            Published runs begin from ImageNet weights.
    """

    GROUP: ClassVar[Group] = "segmentation"
    RECIPES: ClassVar[Mapping[str, Recipe]] = declarations.recipes("segmentation")

    architecture: Word = "segmenter"
    batch: Batch = 32
    crop: Side | None = 896
    epochs: Stage = 250
    presentations: Positive | None = None
    learning_rate: Rate = 0.01
    momentum: Decay = 0.9
    weight_decay: Weight = 1e-4
    schedule: Literal["step", "poly"] = "step"
    step_epochs: Stage = 100
    flip: Flag = True
    zoom: Annotated[tuple[Zoom, Zoom], Ordered] | None = None
    rotation: float = Field(0.0, ge=0, le=180)
    initialisation: Word = "official"

    @property
    def schedule_epochs(self) -> int:
        """Epochs of the whole schedule."""
        return self.epochs

    @model_validator(mode="after")
    def _fits(self) -> SegmentationSettings:
        if self.crop is not None:
            architectures.check_size(self.architecture, self.options, self.crop, self.crop)
        if self.presentations is not None and self.presentations < self.batch:
            raise ValueError(f"presentations: {self.presentations}; at least one batch, {self.batch}")
        return self


RECIPES: dict[str, Mapping[str, Recipe]] = {
    settings.GROUP: settings.RECIPES for settings in (AdversarialSettings, DenoisingSettings, SegmentationSettings)
}

"""Losses of the published recipes: pure functions of predictions and features.

A discriminator's output is a list over scales (full resolution first) of lists of features, logits last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

GanLoss = Literal["hinge", "least_squares", "original", "wasserstein"]
Procedure = Literal["spade", "pix2pixhd"]
Features = Sequence[Sequence[Tensor]]


def _against(logits: Tensor, kind: GanLoss, real: bool, for_discriminator: bool) -> Tensor:
    logits = logits.float()
    sign = 1.0 if real else -1.0
    if kind == "hinge" and for_discriminator:
        return F.relu(1.0 - sign * logits).mean()
    if kind in ("hinge", "wasserstein"):
        return -sign * logits.mean()
    target = torch.full_like(logits, float(real))
    return F.mse_loss(logits, target) if kind == "least_squares" else F.binary_cross_entropy_with_logits(logits, target)


def adversarial(
    output: Features, kind: GanLoss, *, real: bool, for_discriminator: bool, procedure: Procedure = "spade"
) -> Tensor:
    """Adversarial loss over all scales (SPADE models/networks/loss.py GANLoss; pix2pixHD models/networks.py GANLoss).

    Args:
        output: Discriminator output; only the logits are used.
        kind: hinge: mean(relu(1 -+ D)) for the discriminator, -mean(D) for the generator; least_squares: (D - t)^2;
            original: binary cross-entropy of sigmoid(D); wasserstein: -+mean(D).
        real: Whether the pictures shall be judged real.
        for_discriminator: Whether the discriminator learns from it.
        procedure: spade averages over the scales, pix2pixhd sums over them.

    Returns:
        Scalar float32. pix2pixHD's factor 1/2 of the discriminator is in `discriminator`, not here.
    """
    total = torch.stack([_against(features[-1], kind, real, for_discriminator) for features in output]).sum()
    return total / len(output) if procedure == "spade" else total


def discriminator(fake: Features, real: Features, kind: GanLoss, procedure: Procedure) -> tuple[Tensor, Tensor]:
    """The discriminator's two losses, whose sum it minimises.

    Returns:
        Loss on generated and on real pictures; pix2pixHD halves both ((fake + real) * 0.5 in train.py).
    """
    halves = 0.5 if procedure == "pix2pixhd" else 1.0
    on_fake = adversarial(fake, kind, real=False, for_discriminator=True, procedure=procedure)
    on_real = adversarial(real, kind, real=True, for_discriminator=True, procedure=procedure)
    return on_fake * halves, on_real * halves


def feature_matching(fake: Features, real: Features, procedure: Procedure = "spade") -> Tensor:
    """Mean absolute difference of the discriminator's features, without its weight (10 in both recipes).

    Sum over scales and over all features but the logits, divided by the number of scales; pix2pixHD also multiplies by
    4 / (number of features without logits), which is 1 in its default. The real features are detached.
    """
    total = torch.zeros((), device=fake[0][0].device)
    for made, true in zip(fake, real, strict=True):
        differences = [F.l1_loss(a.float(), b.detach().float()) for a, b in zip(made[:-1], true[:-1], strict=True)]
        factor = 4.0 / len(differences) if procedure == "pix2pixhd" else 1.0
        total = total + torch.stack(differences).sum() * factor
    return total / len(fake)


def half_sum_squares(estimate: Tensor, target: Tensor) -> Tensor:
    """Half the squared error summed over a sample, averaged over the batch: 1/(2N) sum ||e||^2 (arXiv 1608.03981).

    Its gradient is larger than that of the mean squared error by half the number of pixels of a sample, which Adam's
    epsilon, plain gradient descent and weight decay notice.
    """
    return (estimate.float() - target.float()).square().sum() / (2 * len(estimate))


PIXEL_LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "half_sum_squares": half_sum_squares,
    "l2": lambda estimate, target: F.mse_loss(estimate.float(), target.float()),
    "l1": lambda estimate, target: F.l1_loss(estimate.float(), target.float()),
}


def split(output: Features) -> tuple[list[list[Tensor]], list[list[Tensor]]]:
    """Divide the output for the joint batch [fake; real] into its two halves."""
    halves = [[feature.chunk(2) for feature in features] for features in output]
    return [[h[0] for h in features] for features in halves], [[h[1] for h in features] for features in halves]

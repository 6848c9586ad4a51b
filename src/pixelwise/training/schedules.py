"""Learning rates as pure functions of the epoch, and how a number of steps maps onto the published epochs."""

from __future__ import annotations

from collections.abc import Sequence

from pixelwise.errors import PixelwiseError


def total_steps(examples: int, batch: int, epochs: int, presentations: int | None = None) -> int:
    """Optimiser steps of a training.

    Args:
        examples: Training images or patches.
        batch: Examples per step; the last incomplete batch of an epoch is dropped, as in the official loaders.
        epochs: Passes over the data.
        presentations: Example presentations in all instead of `epochs`, rounded down to whole steps.

    Raises:
        PixelwiseError: If not one batch can be filled.
    """
    if examples < batch:
        raise PixelwiseError(f"batch: {batch}; the training split has {examples} examples, so at most {examples}")
    if presentations is None:
        return epochs * (examples // batch)
    if presentations < batch:
        raise PixelwiseError(f"presentations: {presentations}; at least one batch, {batch}")
    return presentations // batch


def epoch_of(step: int, steps: int, epochs: int) -> int:
    """Epoch of the published schedule, from 1, in which step `step` (from 0) of `steps` lies.

    The schedule keeps its shape whatever the number of steps; where `steps` is `epochs` times the steps of one pass
    over the data, this is the usual epoch.
    """
    return step * epochs // steps + 1


def linear_decay(epoch: int, constant: int, decay: int) -> float:
    """Factor of the learning rate in pix2pixHD, SPADE and ASAP-Net.

    Their update runs at the end of an epoch and acts when epoch > constant: epochs 1 to constant+1 run at the full
    rate, epoch constant+1+k at 1 - k/decay, the last one at 1/decay, never at 0 (trainers/pix2pix_trainer.py).

    Examples:
        >>> [linear_decay(epoch, 2, 4) for epoch in range(1, 7)]
        [1.0, 1.0, 1.0, 0.75, 0.5, 0.25]
    """
    return 1.0 - max(0, epoch - constant - 1) / decay if decay else 1.0


def staged(epoch: int, epochs_per_rate: Sequence[int], factor: float) -> float:
    """Factor of the learning rate in DnCNN: `factor` to the number of stages that lie behind.

    Examples:
        >>> [staged(epoch, (30, 20), 0.1) for epoch in (1, 30, 31, 50)]
        [1.0, 1.0, 0.1, 0.1]
    """
    ends = [sum(epochs_per_rate[: i + 1]) for i in range(len(epochs_per_rate) - 1)]
    return float(factor ** sum(epoch > end for end in ends))


def stepped(epoch: int, every: int, factor: float = 0.1) -> float:
    """Factor of the learning rate of DRN-D-22: a tenth after every 100 epochs (fyu/drn, segment.py)."""
    return float(factor ** ((epoch - 1) // every))


def poly(epoch: int, epochs: int, power: float = 0.9) -> float:
    """Factor of the learning rate of DRN-D-105: (1 - (epoch-1)/epochs)^0.9, per epoch (fyu/drn, segment.py)."""
    return float((1.0 - (epoch - 1) / epochs) ** power)


def two_time_scales(rate: float, ttur: bool) -> tuple[float, float]:
    """Rates of generator and discriminator: (rate/2, 2*rate) with TTUR, else both `rate` (SPADE)."""
    return (rate / 2, rate * 2) if ttur else (rate, rate)

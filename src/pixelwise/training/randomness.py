"""Randomness without history: every draw is a function of the seed and of where in the training it is made.

Resuming needs no stored state, and a process that computes a part of a batch draws the same numbers as one that
computes the whole.
"""

from __future__ import annotations

import functools
import hashlib
import random

import numpy as np
import torch
from torch import Tensor


def seed_of(*place: int | str) -> int:
    """A 63-bit seed that depends on every part of `place`, such as (seed, "noise", step).

    Examples:
        >>> seed_of(0, "noise", 1) == seed_of(0, "noise", 1), seed_of(0, "noise", 1) == seed_of(0, "noise", 2)
        (True, False)
    """
    return int.from_bytes(hashlib.sha256(repr(place).encode()).digest()[:8], "big") >> 1


def generator(device: torch.device | str, *place: int | str) -> torch.Generator:
    """A generator on `device`, seeded by `place`; processors and graphics cards draw different numbers."""
    return torch.Generator(device=device).manual_seed(seed_of(*place))


def seed_everything(*place: int | str) -> None:
    """Seed the global generators of Python, NumPy and torch, for code that takes no generator (dropout).

    `torch.manual_seed` is not called at every step: without a graphics card it keeps a stack trace of each call.
    """
    seed = seed_of(*place)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.manual_seed_all(seed)


@functools.lru_cache(maxsize=4)
def order(count: int, seed: int, epoch: int) -> Tensor:
    """The order of `count` examples in epoch `epoch`: int64 [count], the same on every device."""
    return torch.randperm(count, generator=generator("cpu", seed, "order", epoch))


def batch_at(step: int, count: int, batch: int, seed: int) -> Tensor:
    """Examples of one step: each epoch is a new order, and its last incomplete batch is dropped.

    Args:
        step: Step, from 0.
        count: Number of examples, at least `batch`.
        batch: Examples per step.
        seed: Seed of the training.

    Returns:
        int64 [batch].
    """
    epoch, position = divmod(step, count // batch)
    return order(count, seed, epoch)[position * batch : (position + 1) * batch]

"""Floating-point operations of a forward pass, counted by torch.utils.flop_counter (2 per multiply-add)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from pixelwise.models.fast.products import AVAILABLE


def _baddbmm(added: tuple[int, ...], a: tuple[int, ...], b: tuple[int, ...], **_: Any) -> int:
    return 2 * math.prod(a) * b[-1]


def _linear(rows: tuple[int, ...], weight: tuple[int, ...], *_: Any, **__: Any) -> int:
    return 2 * math.prod(rows) * weight[0]


def _convolution(
    image: tuple[int, ...], weight: tuple[int, ...], *_: Any, out_shape: tuple[int, ...], **__: Any
) -> int:
    return 2 * image[0] * math.prod(out_shape[2:]) * math.prod(weight)


FURTHER: dict[Any, Callable[..., int]] = {torch.ops.aten.baddbmm_: _baddbmm}
"""What the counter itself does not know: `baddbmm` in place, and oneDNN's own products and convolutions."""
if AVAILABLE:
    FURTHER |= {torch.ops.mkldnn._linear_pointwise: _linear, torch.ops.mkldnn._convolution_pointwise: _convolution}


def count(module: nn.Module, *inputs: Tensor) -> int:
    """Count the operations of `module(*inputs)`, those of matrix products and convolutions.

    Module and inputs may live on the "meta" device, where nothing is computed. There ASAP-Net's pixelwise stream is
    counted with its one-hot input as a dense one, as published; with real labels less, since a label selects its row.

    Returns:
        Number of floating-point operations, 2 per multiply-add.
    """
    return executed(lambda: module(*inputs))


def executed(call: Callable[[], object]) -> int:
    """Count the operations that a call really performs, in whatever form it computes, like `count`.

    Sums of weight rows that take the place of a convolution are not counted, nor are kernels of our own.
    """
    counter = FlopCounterMode(display=False, custom_mapping=FURTHER)
    with counter, torch.no_grad():
        call()
    return counter.get_total_flops()

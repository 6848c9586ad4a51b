"""Floating-point operations of a forward pass, counted by torch.utils.flop_counter (2 per multiply-add)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode


def count(module: nn.Module, *inputs: Tensor) -> int:
    """Count the operations of `module(*inputs)`, those of matrix products and convolutions.

    Module and inputs may live on the "meta" device, where nothing is computed. There ASAP-Net's pixelwise stream is
    counted with its one-hot input as a dense one, as published; with real labels less, since a label selects its row.

    Returns:
        Number of floating-point operations, 2 per multiply-add.
    """
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        module(*inputs)
    return counter.get_total_flops()

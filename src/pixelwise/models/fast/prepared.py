"""What a model's optimised form is: made by the function that its declaration names (`optimised`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from pixelwise.models.fast.engine import Inputs
from pixelwise.models.layers import InputShape

Forward = Callable[[Inputs], Tensor]


class Prepared(NamedTuple):
    """A network on an engine.

    Attributes:
        forward: Its forward pass.
        legal: The inputs that it takes; None where the forward pass itself refuses others.
        labels: Number of labels, if it takes label ids; 0 for any number, None if it takes none.
        edge: Whether an instance edge follows the ids; None for either.
    """

    forward: Forward
    legal: InputShape | None
    labels: int | None = None
    edge: bool | None = None


def unchanged(module: nn.Module, device: torch.device, dtype: torch.dtype) -> Forward:
    """Any other network as it is, in evaluation mode, channels last on a GPU."""
    network = module.eval()
    if device.type == "cuda":
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(inputs: Inputs) -> Tensor:
        assert inputs.dense is not None
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
            return cast(Tensor, network(inputs.dense)).float()

    return forward

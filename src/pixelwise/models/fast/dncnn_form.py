"""DnCNN on an engine: what its optimised form computes, layer by layer."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from pixelwise.models.architectures.dncnn import DnCNN, fold
from pixelwise.models.fast.engine import Engine, Inputs
from pixelwise.models.fast.prepared import Prepared


def prepared(module: nn.Module, engine: Engine) -> Prepared | None:
    """DnCNN with its batch norms folded, on an engine."""
    assert isinstance(module, DnCNN)
    convs = [cast(nn.Conv2d, conv) for conv in fold(module).convs]
    layers = [engine.last(conv, relu=index < len(convs) - 1) for index, conv in enumerate(convs)]

    def forward(inputs: Inputs) -> Tensor:
        assert inputs.dense is not None
        image = inputs.dense
        for layer in layers:
            image = layer(image)
        return inputs.dense - image

    return Prepared(forward, module.legal, None, None)

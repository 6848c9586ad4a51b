"""ASAP-Net on an engine: what its optimised form computes, layer by layer."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from pixelwise.models.architectures.asapnet import AsapNet
from pixelwise.models.fast.engine import Engine, Inputs, border
from pixelwise.models.fast.prepared import Prepared
from pixelwise.models.lowres_stream import ConvNormReLU
from pixelwise.models.pixelwise_stream import position_channels


def prepared(module: nn.Module, engine: Engine) -> Prepared | None:
    """ASAP-Net on an engine; None without instance norms."""
    assert isinstance(module, AsapNet)
    if module.norm != "instance":
        return None
    stack = [cast(ConvNormReLU, layer) for layer in module.lowres.layers]
    norms = [cast(nn.InstanceNorm2d, layer.norm) for layer in stack]
    first = engine.first(stack[0].conv, norms[0], module.tile // module.learned_factor)
    layers = [engine.layer(layer.conv, norm) for layer, norm in zip(stack[1:], norms[1:], strict=True)]
    stream = engine.stream(module.lowres.head)
    pads = [border(layer.conv)[1] for layer in stack[1:]] + [0]
    channels = module.form.widths[0] - (position_channels(module.tile) if module.form.position_code else 0)
    dense_form, label_form = module.form, module.form._replace(num_labels=module.num_labels)
    residual = module.output_channels if module.residual else 0

    def forward(inputs: Inputs) -> Tensor:
        image = first(inputs, pad=pads[0])
        for layer, pad in zip(layers, pads[1:], strict=True):
            image = layer(image, pad=pad)
        labels, form, dense = inputs.labels, dense_form, inputs.dense
        if labels is not None:
            form, dense = label_form, inputs.edge
        kept = channels - form.num_labels
        further = dense[:, :kept].float() if dense is not None and kept else None
        result = stream(image, labels, further, form)
        return result + dense[:, :residual] if residual and dense is not None else result

    return Prepared(
        forward, module.legal, module.num_labels if module.takes_ids else None, module.channels > module.num_labels
    )

"""SPADE on an engine: what its optimised form computes, layer by layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.architectures.spade import Spade, SpadeBlock, SpatialNorm, leaky, resized
from pixelwise.models.fast.engine import Engine, Inputs
from pixelwise.models.fast.prepared import Prepared


def prepared(module: nn.Module, engine: Engine) -> Prepared | None:
    """SPADE's generator on an engine: batch norms folded into the convolutions that predict scale and shift."""
    assert isinstance(module, Spade)
    first, last = engine.last(module.first), engine.last(module.last)
    blocks = [_spade_block(cast(SpadeBlock, block), engine) for block in module.blocks]

    def forward(inputs: Inputs) -> Tensor:
        assert inputs.dense is not None
        semantics = inputs.dense.contiguous(memory_format=torch.channels_last)
        image = first(resized(semantics, [side // module.multiple for side in semantics.shape[2:]]))
        for block, doubled in zip(blocks, module.doubled, strict=True):
            image = F.interpolate(image, scale_factor=2) if doubled else image
            image = block(image, resized(semantics, image.shape[2:]))
        return last(leaky(image)).float().tanh()

    return Prepared(forward, module.legal, None, None)


def _spade_block(block: SpadeBlock, engine: Engine) -> Callable[[Tensor, Tensor], Tensor]:
    norm_first, norm_second = _spatial_norm(block.norm_first, engine), _spatial_norm(block.norm_second, engine)
    first, second = engine.last(block.first), engine.last(block.second)
    norm_skip = None if block.norm_skip is None else _spatial_norm(block.norm_skip, engine)
    skip = None if block.skip is None else engine.last(block.skip)

    def run(image: Tensor, semantics: Tensor) -> Tensor:
        inside = first(leaky(norm_first(image, semantics)))
        inside = second(leaky(norm_second(inside, semantics)))
        if skip is not None and norm_skip is not None:
            image = skip(norm_skip(image, semantics))
        return image + inside

    return run


def _spatial_norm(norm: SpatialNorm, engine: Engine) -> Callable[[Tensor, Tensor], Tensor]:
    """The norm as image * scale + shift, both from one convolution; a batch norm's moments are in its weights."""
    hidden, both = engine.last(norm.hidden, relu=True), engine.last(_scale_and_shift(norm))
    moving = isinstance(norm.plain, nn.InstanceNorm2d)

    def run(image: Tensor, semantics: Tensor) -> Tensor:
        scale, shift = both(hidden(semantics)).chunk(2, 1)
        return torch.addcmul(shift, F.instance_norm(image) if moving else image, scale)

    return run


def _scale_and_shift(norm: SpatialNorm) -> nn.Conv2d:
    """One convolution for both: with mean m and deviation 1/r, r (1 + scale) and shift - m r (1 + scale)."""
    scale, shift = norm.scale, norm.shift
    assert scale.bias is not None and shift.bias is not None
    root, mean = torch.ones_like(scale.bias), torch.zeros_like(scale.bias)
    if isinstance(norm.plain, nn.BatchNorm2d) and norm.plain.running_var is not None:
        root, mean = torch.rsqrt(norm.plain.running_var + norm.plain.eps), cast(Tensor, norm.plain.running_mean)
    weight, bias = root[:, None, None, None] * scale.weight, root * (1 + scale.bias)
    both = nn.Conv2d(scale.in_channels, 2 * scale.out_channels, scale.kernel_size, padding=scale.padding)  # type: ignore[arg-type]
    both.weight = nn.Parameter(torch.cat([weight, shift.weight - mean[:, None, None, None] * weight]))
    both.bias = nn.Parameter(torch.cat([bias, shift.bias - mean * bias]))
    return both

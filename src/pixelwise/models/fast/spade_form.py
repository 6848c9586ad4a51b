"""SPADE on an engine: what its optimised form computes, layer by layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.architectures.spade import SLOPE, Spade, SpadeBlock, SpatialNorm, leaky, resized
from pixelwise.models.fast.engine import Engine, Inputs
from pixelwise.models.fast.engine_cpu import CpuEngine
from pixelwise.models.fast.label_modulation import (
    DENSE,
    MOST_CODES,
    Modulation,
    Neighbourhoods,
    codes,
    modulate,
    neighbourhoods,
)
from pixelwise.models.fast.prepared import Prepared
from pixelwise.models.layers import check_labels


class Maps:
    """The label map of one forward pass, at every size that is asked for."""

    def __init__(self, inputs: Inputs, channels: int) -> None:
        self.inputs, self.channels = inputs, channels
        if inputs.labels is not None:
            check_labels(inputs.labels, channels - self.edge)
        self.found: dict[tuple[int, int], Neighbourhoods | None] = {}
        self.made: dict[tuple[int, int], Tensor] = {}

    @property
    def edge(self) -> bool:
        """Whether an instance edge is given."""
        return self.inputs.edge is not None

    def planes(self, height: int, width: int) -> Tensor:
        """One-hot labels and the edge, or the dense input, at a size."""
        size = height, width
        if size not in self.made:
            self.made[size] = self._planes(*size)
        return self.made[size]

    def _planes(self, height: int, width: int) -> Tensor:
        if self.inputs.dense is not None:
            return resized(self.inputs.dense, (height, width)).contiguous(memory_format=torch.channels_last)
        labels, edge = self._ids(height, width)
        planes = F.one_hot(labels.long(), self.channels - self.edge).permute(0, 3, 1, 2).float()
        planes = planes if edge is None else torch.cat([planes, edge.float()], 1)
        return planes.contiguous(memory_format=torch.channels_last)

    def neighbourhoods(self, height: int, width: int) -> Neighbourhoods | None:
        """What occurs at a size; None where planes are to be convolved."""
        size = height, width
        if size not in self.found:
            self.found[size] = self._neighbourhoods(*size)
        return self.found[size]

    def _neighbourhoods(self, height: int, width: int) -> Neighbourhoods | None:
        count = self.channels - self.edge
        outside = count * (1 + self.edge)
        if self.inputs.labels is None or outside >= MOST_CODES or min(height, width) < 2:
            return None
        found = neighbourhoods(codes(*self._ids(height, width), count), outside)
        return found if len(found.outer) < DENSE * len(found.far) else None

    def _ids(self, height: int, width: int) -> tuple[Tensor, Tensor | None]:
        """Labels and edge, each pixel that of the nearest one above and left of it."""
        labels, edge = self.inputs.labels, self.inputs.edge
        assert labels is not None
        step = labels.shape[1] // height, labels.shape[2] // width
        return labels[:, :: step[0], :: step[1]], None if edge is None else edge[:, :, :: step[0], :: step[1]]


def prepared(module: nn.Module, engine: Engine) -> Prepared | None:
    """SPADE's generator on an engine: batch norms folded into the convolutions that predict scale and shift.

    On a CPU scale and shift are gathered where label ids are known and their neighbourhoods repeat.
    """
    assert isinstance(module, Spade)
    first, last, channels = engine.last(module.first), engine.last(module.last), module.legal.channels
    blocks = [_spade_block(cast(SpadeBlock, block), engine) for block in module.blocks]

    def forward(inputs: Inputs) -> Tensor:
        source = inputs.dense if inputs.labels is None else inputs.labels
        assert source is not None
        maps = Maps(inputs, channels)
        rows, columns = (side // module.multiple for side in source.shape[-2:])
        image = first(maps.planes(rows, columns))
        for block, doubled in zip(blocks, module.doubled, strict=True):
            image = F.interpolate(image, scale_factor=2) if doubled else image
            image = block(image, maps)
        return last(leaky(image)).float().tanh()

    return Prepared(forward, module.legal, 0 if isinstance(engine, CpuEngine) else None, None)


Norm = Callable[[Tensor, Maps, bool], Tensor]


def _spade_block(block: SpadeBlock, engine: Engine) -> Callable[[Tensor, Maps], Tensor]:
    norm_first, norm_second = _spatial_norm(block.norm_first, engine), _spatial_norm(block.norm_second, engine)
    first, second = engine.last(block.first), engine.last(block.second)
    norm_skip = None if block.norm_skip is None else _spatial_norm(block.norm_skip, engine)
    skip = None if block.skip is None else engine.last(block.skip)

    def run(image: Tensor, maps: Maps) -> Tensor:
        inside = first(norm_first(image, maps, True))
        inside = second(norm_second(inside, maps, True))
        if skip is not None and norm_skip is not None:
            image = skip(norm_skip(image, maps, False))
        return image + inside

    return run


def _spatial_norm(norm: SpatialNorm, engine: Engine) -> Norm:
    """The norm as image * scale + shift, both from one convolution, and the activation where it is wanted.

    A batch norm's moments are in the weights.
    """
    scale_and_shift = _scale_and_shift(norm)
    hidden, both = engine.last(norm.hidden, relu=True), engine.last(scale_and_shift)
    moving = isinstance(norm.plain, nn.InstanceNorm2d)
    gathered: Modulation | None = None
    if isinstance(engine, CpuEngine) and norm.hidden.kernel_size == (3, 3):
        gathered = Modulation(*((conv.weight.detach(), _bias(conv)) for conv in (norm.hidden, scale_and_shift)))

    def run(image: Tensor, maps: Maps, active: bool) -> Tensor:
        image = F.instance_norm(image) if moving else image
        found = maps.neighbourhoods(*image.shape[2:]) if gathered else None
        if gathered and found:
            rows = gathered.rows(found, gathered.hidden(found, maps.edge))
            return modulate(image, rows, found.far, SLOPE if active else None)
        scale, shift = both(hidden(maps.planes(*image.shape[2:]))).chunk(2, 1)
        image = torch.addcmul(shift, image, scale)
        return leaky(image) if active else image

    return run


def _bias(conv: nn.Conv2d) -> Tensor:
    assert conv.bias is not None
    return conv.bias.detach()


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

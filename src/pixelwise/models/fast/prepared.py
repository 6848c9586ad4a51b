"""The networks of this package on an engine: what the optimised forms compute, layer by layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.architectures.asapnet import AsapNet, ConvNormReLU
from pixelwise.models.architectures.dncnn import DnCNN, fold
from pixelwise.models.architectures.pix2pixhd import Pix2PixHD, ResidualBlock
from pixelwise.models.architectures.spade import Spade, SpadeBlock, SpatialNorm, leaky, resized
from pixelwise.models.fast.engine import Engine, First, Inputs, Layer, border
from pixelwise.models.pixelwise_stream import position_channels

Forward = Callable[[Inputs], Tensor]


def asapnet(module: AsapNet, engine: Engine) -> Forward:
    """ASAP-Net on an engine."""
    stack = [cast(ConvNormReLU, layer) for layer in module.lowres.layers]
    first = engine.first(stack[0].conv, stack[0].norm, module.tile // module.learned_factor)
    layers = [engine.layer(layer.conv, layer.norm) for layer in stack[1:]]
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

    return forward


def pix2pixhd(module: Pix2PixHD, engine: Engine) -> Forward:
    """pix2pixHD's global generator, in NVIDIA's or the SPADE repository's form, on an engine."""
    trunk = module.trunk
    first: First = engine.first(trunk.first, None, 1)
    down = [engine.layer(cast(nn.Conv2d, conv), None) for conv in trunk.down]
    pairs = [cast(ResidualBlock, block) for block in trunk.blocks]
    blocks: list[tuple[Layer, Layer]] = [(engine.layer(b.first, None), engine.layer(b.second, None)) for b in pairs]
    up = [engine.layer(cast(nn.ConvTranspose2d, conv), None) for conv in trunk.up]
    last = engine.last(module.last)
    pad, end = border(pairs[0].first)[1] if pairs else 0, border(module.last)[1]

    def forward(inputs: Inputs) -> Tensor:
        image = first(inputs, pad=0 if down else pad)
        for index, layer in enumerate(down):
            image = layer(image, pad=pad if index == len(down) - 1 else 0)
        for index, (one, two) in enumerate(blocks):
            inside = image[:, :, pad : image.shape[2] - pad, pad : image.shape[3] - pad]
            image = two(one(image, pad=pad), relu=False, shortcut=inside, pad=pad if index < len(blocks) - 1 else 0)
        for index, layer in enumerate(up):
            image = layer(image, pad=end if index == len(up) - 1 else 0)
        return last(image).float().tanh()

    return forward


def spade(module: Spade, engine: Engine) -> Forward:
    """SPADE's generator on an engine: batch norms folded into the convolutions that predict scale and shift."""
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

    return forward


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


def dncnn(module: DnCNN, engine: Engine) -> Forward:
    """DnCNN with its batch norms folded, on an engine."""
    convs = [cast(nn.Conv2d, conv) for conv in fold(module).convs]
    layers = [engine.last(conv, relu=index < len(convs) - 1) for index, conv in enumerate(convs)]

    def forward(inputs: Inputs) -> Tensor:
        assert inputs.dense is not None
        image = inputs.dense
        for layer in layers:
            image = layer(image)
        return inputs.dense - image

    return forward


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

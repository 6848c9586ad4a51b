"""pix2pixHD on an engine: what its optimised form computes, layer by layer."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from pixelwise.models.architectures.pix2pixhd import Pix2PixHD
from pixelwise.models.fast.engine import Engine, First, Inputs, Layer, border
from pixelwise.models.fast.prepared import Prepared
from pixelwise.models.trunk import ResidualBlock


def prepared(module: nn.Module, engine: Engine) -> Prepared | None:
    """pix2pixHD's global generator, in NVIDIA's or the SPADE repository's form, on an engine."""
    if not isinstance(module, Pix2PixHD):
        return None  # the local generator
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

    return Prepared(forward, module.legal, 0, None)

"""What ASAP-Net's published generator is, counted on the built network, with the tile that its code takes at a size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import nn

from pixelwise.errors import PixelwiseError
from pixelwise.models.architectures.asapnet import AsapNet
from pixelwise.models.facts import Condition, Facts, macs, parameters
from pixelwise.models.pixelwise_stream import Form, pixelwise_mlp, position_channels


def facts(name: str, sizes: Sequence[tuple[int, int]]) -> Iterator[tuple[Condition, Facts]]:
    """The generator at every size."""
    for height, width in sizes:
        yield {"height": height, "width": width}, at_size(height, width)


def tile_of(height: int, width: int) -> int:
    """ASAP-Net's total downsampling for an image size: crop_size // (16 * aspect_ratio).

    Source: tamarott/ASAPNet models/networks/generator.py. crop_size is the width, aspect_ratio width over height; it
    is at least 16, the learned part of the downsampling.

    Raises:
        PixelwiseError: If no published configuration has this size.
    """
    tile = width // (16 * width // height) if width in (height, 2 * height) else 0
    if tile < 16 or tile & (tile - 1):
        raise PixelwiseError(
            f"sizes: {height}x{width}; ASAP-Net takes 256, 512, 1024, ... rows, as many columns or twice"
        )
    return tile


def at_size(height: int, width: int) -> Facts:
    """ASAP-Net's generator for Cityscapes labels at one size."""
    tile = tile_of(height, width)
    with torch.device("meta"):
        net = AsapNet(tile=tile)
        semantics = torch.empty(1, net.channels, height, width)
    total = parameters(net)
    shrunk = net.lowres_input(semantics)
    stem = nn.Sequential(*list(net.lowres.layers)[: -net.depth])
    features = stem(shrunk)
    rows, columns = features.shape[2:]
    widths = net.form.widths
    head, blocks = (
        macs(net.lowres.head, features),
        macs(nn.Sequential(*list(net.lowres.layers)[-net.depth :]), features),
    )
    pixelwise = height * width * sum(a * b for a, b in pairwise(widths)) / 1e9
    parts = {"stem": macs(stem, shrunk), "blocks": blocks, "head": head, "pixelwise": pixelwise}
    facts: Facts = {f"gmacs_{name}": (value, "10^9") for name, value in parts.items()}
    facts |= {
        "gmacs": (sum(parts.values()), "10^9"),
        "parameters": (total, "parameters"),
        "bytes_fp32": (4 * total, "bytes"),
        "parameters_per_tile": (net.lowres.head.out_channels, "parameters"),
        "parameter_sets_per_tile": (rows * columns * tile**2 / (height * width), "sets"),
        "tile": (tile, "pixels"),
        "grid_rows": (rows, "tiles"),
        "grid_columns": (columns, "tiles"),
        "input_channels": (net.channels, "channels"),
        "mlp_inputs": (widths[0], "channels"),
        "mlp_layers": (len(widths) - 1, "layers"),
        "mlp_width": (widths[1], "channels"),
        "mlp_negative_slope": (negative_slope(), "1"),
        "position_channels": (position_channels(tile), "channels"),
    }
    return facts


def negative_slope() -> float:
    """Slope of the pixelwise network's hidden activation below zero, measured on a network of one unit."""
    form = Form(tile=2, widths=(1, 1, 1), num_labels=0, position_code=False, output="linear")
    grid = torch.tensor([0.0, 1.0, 0.0, 1.0]).view(1, 1, 1, 4)
    with torch.no_grad():
        return -float(pixelwise_mlp(grid, None, torch.full((1, 1, 2, 2), -1.0), form)[0, 0, 0, 0])

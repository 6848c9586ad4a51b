"""What the published architectures are, counted on the built networks: parameters, layers, grids, arithmetic.

Networks are built on the meta device, which has shapes and no memory, except where a response is measured.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from pixelwise.errors import PixelwiseError
from pixelwise.models.architectures.asapnet import AsapNet
from pixelwise.models.architectures.discriminator import multiscale_discriminator, pix2pixhd_discriminator
from pixelwise.models.architectures.dncnn import DnCNN
from pixelwise.models.architectures.drn import drn_d_22, drn_d_38, drn_d_105
from pixelwise.models.architectures.pix2pixhd import Pix2PixHD, Pix2PixHDLocal, pix2pixhd_global, spade_pix2pixhd
from pixelwise.models.architectures.spade import Spade
from pixelwise.models.flops import count
from pixelwise.models.pixelwise_stream import Form, pixelwise_mlp, position_channels

Facts = dict[str, tuple[float, str]]
"""Quantity -> (value, unit)."""


def parameters(module: nn.Module) -> int:
    """Number of parameters; fixed ones, without gradient, count too."""
    return sum(parameter.numel() for parameter in module.parameters())


def macs(module: nn.Module, image: Tensor) -> float:
    """Multiply-accumulates of one forward pass, in 10^9; convolutions and matrix products only."""
    return count(module, image) / 2e9


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


def asapnet_facts(height: int, width: int) -> Facts:
    """ASAP-Net's generator for Cityscapes labels at one size."""
    tile = tile_of(height, width)
    with torch.device("meta"):
        net = AsapNet(tile=tile)
        semantics = torch.empty(1, net.channels, height, width)
    count = parameters(net)
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
        "parameters": (count, "parameters"),
        "bytes_fp32": (4 * count, "bytes"),
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


RIVALS: dict[str, Callable[[], Pix2PixHD | Spade]] = {
    "pix2pixhd_global": pix2pixhd_global,
    "spade_pix2pixhd": spade_pix2pixhd,
    "spade": Spade,
}
"""Generators that ASAP-Net is compared with, as published for Cityscapes."""


def rival_facts(height: int, width: int, name: str) -> Facts:
    """A rival's generator for Cityscapes labels at one size: `name` is one of `RIVALS`."""
    with torch.device("meta"):
        net = RIVALS[name]().eval()
        semantics = torch.empty(1, net.legal.channels, height, width)
    norms = sum(isinstance(module, nn.BatchNorm2d) for module in net.modules())
    return {
        "gmacs": (macs(net, semantics), "10^9"),
        "parameters": (parameters(net), "parameters"),
        "batch_norm_layers": (norms, "layers"),
    }


def receptive_field(depth: int) -> int:
    """Side of the square of pixels that one pixel of DnCNN's input reaches, by impulse response.

    All weights are equal and positive, so that no contribution cancels; the width does not matter.
    """
    net = DnCNN(depth=depth, width=1).double().eval()
    with torch.no_grad():
        for conv in net.convs:
            conv.weight.fill_(1 / 9)  # type: ignore[operator]
        side = 2 * depth + 9
        impulse = torch.zeros(1, 1, side, side, dtype=torch.float64)
        impulse[0, 0, side // 2, side // 2] = 1
        reached = net.noise(impulse)[0, 0] > 0
    return int(reached.any(0).sum())


def constant_facts() -> dict[str, Facts]:
    """Facts that depend on no image size: subject -> facts."""
    with torch.device("meta"):
        networks: dict[str, nn.Module] = {
            "asapnet_facades512": AsapNet(num_labels=13, instance_edge=False, tile=32, padding="reflection"),
            "asapnet_facades1024": AsapNet(num_labels=13, instance_edge=False, tile=64, padding="reflection"),
            "asapnet_gray": AsapNet(instance_edge=False, dense_channels=1, output_channels=1),
            "pix2pixhd_local": Pix2PixHDLocal(),
            "multiscale_discriminator": multiscale_discriminator(),
            "pix2pixhd_discriminator": pix2pixhd_discriminator(),
            "dncnn_saoyan_17": DnCNN(depth=17, variant="saoyan"),
            "dncnn_saoyan_20": DnCNN(depth=20, variant="saoyan"),
            "dncnn_kair_17": DnCNN(depth=17, variant="kair"),
            "dncnn_merged_20_colour": DnCNN(channels=3, depth=20, variant="merged"),
            "drn_d_22": drn_d_22(),
            "drn_d_38": drn_d_38(),
            "drn_d_105": drn_d_105(),
        }
    facts: dict[str, Facts] = {name: {"parameters": (parameters(net), "parameters")} for name, net in networks.items()}
    for name in ("multiscale_discriminator", "pix2pixhd_discriminator"):
        facts[name]["scales"] = (len(networks[name].scales), "scales")  # type: ignore[arg-type]
    return facts

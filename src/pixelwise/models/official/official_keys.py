"""Names of the authors' tensors: for each of our modules, our key -> the official key."""

from __future__ import annotations

from torch import nn

from pixelwise.models.architectures.asapnet import AsapNet
from pixelwise.models.architectures.discriminator import MultiscaleDiscriminator
from pixelwise.models.architectures.dncnn import DnCNN
from pixelwise.models.architectures.pix2pixhd import Pix2PixHD, Pix2PixHDLocal, Trunk
from pixelwise.models.architectures.spade import Spade
from pixelwise.models.layers import SpectralConv2d

Prefixes = dict[str, str]
"""Our submodule -> the official submodule that holds the same tensors."""


def official_keys(module: nn.Module, style: str = "") -> dict[str, str]:
    """The official key of every tensor of a module.

    Args:
        module: A module of this package.
        style: "flat" for pix2pixHD discriminators saved without feature matching, else "".

    Returns:
        Our key -> official key; DRN and the segmenter keep the same names.
    """
    prefixes: Prefixes | None = None
    if isinstance(module, AsapNet):
        prefixes = _asapnet(module)
    elif isinstance(module, Pix2PixHD):
        first = module.trunk.first
        nvidia = not isinstance(first, SpectralConv2d) and first.bias is not None
        prefixes = _pix2pixhd_global(module) if nvidia else _spade_pix2pixhd(module)
    elif isinstance(module, Pix2PixHDLocal):
        prefixes = _pix2pixhd_local(module)
    elif isinstance(module, MultiscaleDiscriminator):
        prefixes = _discriminator(module, style)
    elif isinstance(module, Spade):
        prefixes = _spade(module)
    elif isinstance(module, DnCNN):
        prefixes = _dncnn(module)
    if prefixes is None:
        return {key: key for key in module.state_dict()}
    return {key: _rename(key, prefixes) for key in module.state_dict()}


def _rename(key: str, prefixes: Prefixes) -> str:
    owner, name = key.rsplit(".", 1)
    return f"{prefixes[owner]}.{name}"


def _asapnet(module: AsapNet) -> Prefixes:
    """A stage is (conv + norm, ReLU), with reflection padding a pad layer comes first.

    Source: docs/reference/models.md, "ASAP-Net checkpoints".
    """
    padded = module.padding == "reflection"
    total, depth = len(module.lowres.layers), module.depth
    stages = total - depth
    step = 3 if padded else 2
    prefixes = {"lowres.head": f"lowres_stream.model.{step * stages + depth}"}
    for index in range(total):
        if index < stages:
            place = f"{step * index + padded}"
        else:
            place = f"{step * stages + index - stages}.conv_block.{int(padded)}"
        prefixes[f"lowres.layers.{index}.conv"] = f"lowres_stream.model.{place}.0"
        prefixes[f"lowres.layers.{index}.norm"] = f"lowres_stream.model.{place}.1"
    return prefixes


def _trunk(trunk: Trunk, ours: str, theirs: str, steps: tuple[int, int], places: tuple[int, int, str]) -> Prefixes:
    """Sequential indices of a trunk.

    Args:
        trunk: Its structure.
        ours: Our prefix with a dot, or "".
        theirs: Official prefix.
        steps: Modules per stage: how far the first halving lies behind the first convolution, and then each stage.
        places: Indices of the two convolutions inside a residual block, and what follows a convolution's name.
    """
    (after_first, step), (one, two, wrap) = steps, places
    prefixes = {f"{ours}first": f"{theirs}.1{wrap}"}
    index = 1 + after_first
    for number in range(len(trunk.down)):
        prefixes[f"{ours}down.{number}"] = f"{theirs}.{index}{wrap}"
        index += step
    for number in range(len(trunk.blocks)):
        prefixes[f"{ours}blocks.{number}.first"] = f"{theirs}.{index}.conv_block.{one}{wrap}"
        prefixes[f"{ours}blocks.{number}.second"] = f"{theirs}.{index}.conv_block.{two}{wrap}"
        index += 1
    for number in range(len(trunk.up)):
        prefixes[f"{ours}up.{number}"] = f"{theirs}.{index}{wrap}"
        index += step
    prefixes["end"] = f"{theirs}.{index}"
    return prefixes


def _pix2pixhd_global(module: Pix2PixHD) -> Prefixes:
    """A stage is (conv, norm, ReLU); before the last conv a pad layer; docs/reference/models.md, "Global generator"."""
    prefixes = _trunk(module.trunk, "trunk.", "model", (3, 3), (1, 5, ""))
    end = int(prefixes["end"].rsplit(".", 1)[1])
    return prefixes | {"last": f"model.{end + 1}"}


def _spade_pix2pixhd(module: Pix2PixHD) -> Prefixes:
    """A stage is (conv + norm, ReLU); docs/reference/models.md, "pix2pixHD in SPADE's repository"."""
    prefixes = _trunk(module.trunk, "trunk.", "model", (2, 2), (1, 4, ".0"))
    end = int(prefixes["end"].rsplit(".", 1)[1])
    return prefixes | {"last": f"model.{end + 1}"}


def _pix2pixhd_local(module: Pix2PixHDLocal) -> Prefixes:
    """The trunk is `model`, enhancer n is `model{n}_1` and `model{n}_2`; docs/reference/models.md, "Local enhancer"."""
    prefixes = _trunk(module.trunk, "trunk.", "model", (3, 3), (1, 5, ""))
    blocks = 0
    for number, enhancer in enumerate(module.enhancers, 1):
        ours, theirs = f"enhancers.{number - 1}.", f"model{number}_"
        blocks = len(enhancer.blocks)  # type: ignore[arg-type]
        prefixes |= {f"{ours}first": f"{theirs}1.1", f"{ours}down": f"{theirs}1.4", f"{ours}up": f"{theirs}2.{blocks}"}
        for index in range(blocks):
            prefixes[f"{ours}blocks.{index}.first"] = f"{theirs}2.{index}.conv_block.1"
            prefixes[f"{ours}blocks.{index}.second"] = f"{theirs}2.{index}.conv_block.5"
    return prefixes | {"last": f"model{len(module.enhancers)}_2.{blocks + 4}"}


def _spade(module: Spade) -> Prefixes:
    """NVlabs/SPADE: one module for each block, by its place; a norm's convolutions are named by what they predict."""
    prefixes: Prefixes = {"first": "fc", "last": "conv_img"}
    places = ("head_0", "G_middle_0", "G_middle_1", *(f"up_{number}" for number in range(len(module.blocks) - 3)))
    for number, theirs in enumerate(places):
        for part, end in (("first", "0"), ("second", "1"), ("skip", "s")):
            ours, norm = f"blocks.{number}.", f"blocks.{number}.norm_{part}."
            prefixes[f"{ours}{part}"] = f"{theirs}.conv_{end}"
            prefixes[f"{norm}plain"] = f"{theirs}.norm_{end}.param_free_norm"
            prefixes[f"{norm}hidden"] = f"{theirs}.norm_{end}.mlp_shared.0"
            prefixes[f"{norm}scale"] = f"{theirs}.norm_{end}.mlp_gamma"
            prefixes[f"{norm}shift"] = f"{theirs}.norm_{end}.mlp_beta"
    return prefixes


def _discriminator(module: MultiscaleDiscriminator, style: str) -> Prefixes:
    """In pix2pixHD's file the last scale is the full resolution; docs/reference/models.md, "Discriminators"."""
    prefixes: Prefixes = {}
    count = len(module.scales)
    for scale in range(count):
        layers = module.scales[scale].layers
        last = len(layers) - 1  # type: ignore[arg-type]
        for index in range(last + 1):
            flat = 0 if index == 0 else 3 * index - 1
            spade = f"discriminator_{scale}.model{index}.{'0.0' if 0 < index < last else '0'}"
            nvidia = (
                f"layer{count - 1 - scale}.{flat}" if style == "flat" else f"scale{count - 1 - scale}_layer{index}.0"
            )
            prefixes[f"scales.{scale}.layers.{index}"] = nvidia if module.nvidia else spade
    return prefixes


def _dncnn(module: DnCNN) -> Prefixes:
    """A Sequential, `dncnn` (SaoYan) or `model` (KAIR), of conv, ReLU, conv, (norm,) ReLU, ..., conv.

    Source: docs/reference/models.md, "DnCNN variants".
    """
    root = "dncnn" if module.variant == "saoyan" else "model"
    step = 2 if module.variant == "merged" else 3
    last = len(module.convs) - 1
    prefixes = {"convs.0": f"{root}.0", f"convs.{last}": f"{root}.{2 + step * (last - 1)}"}
    for index in range(1, last):
        prefixes[f"convs.{index}"] = f"{root}.{2 + step * (index - 1)}"
        if step == 3:
            prefixes[f"norms.{index - 1}"] = f"{root}.{3 + step * (index - 1)}"
    return prefixes

"""Names of the authors of pix2pixHD's three generators: their options and tensors."""

from __future__ import annotations

from torch import nn

from pixelwise.models.architectures.pix2pixhd import Pix2PixHD, Pix2PixHDLocal
from pixelwise.models.layers import SpectralConv2d
from pixelwise.models.official.official_options import Clear, Options, Prefixes, only, semantics
from pixelwise.models.trunk import Trunk


def options(given: Options, name: str) -> Clear:
    """Official options of one of the three."""
    known = {"pix2pixhd_global": _pix2pixhd_global, "pix2pixhd_local": _pix2pixhd_local}
    return known.get(name, _spade_pix2pixhd)(given)


def _pix2pixhd_global(given: Options) -> Clear:
    """The command line's names and the constructor's; docs/reference/models.md, "Global generator"."""
    only(given, "norm", "instance", ("instance", "instance(affine=False)"))
    only(given, "padding_type", "reflect", ("reflect",))
    return semantics(given) | {
        "output_channels": given.get("output_nc", 3),
        "width": given.get("ngf", 64),
        "downsamplings": given.get("n_downsample_global", given.get("n_downsampling", 4)),
        "blocks": given.get("n_blocks_global", given.get("n_blocks", 9)),
    }


def _pix2pixhd_local(given: Options) -> Clear:
    """The 1024p recipe has ngf 32; docs/reference/models.md, "Local enhancer"."""
    return (
        {"width": 32}
        | _pix2pixhd_global({"ngf": 32} | dict(given))
        | {
            "enhancers": given.get("n_local_enhancers", 1),
            "local_blocks": given.get("n_blocks_local", 3),
        }
    )


def _spade_pix2pixhd(given: Options) -> Clear:
    """The default of norm_G is `instance`; docs/reference/models.md, "pix2pixHD in SPADE's repository"."""
    norm = only(given, "norm_G", "instance", ("instance", "spectralinstance"))
    return semantics(given) | {
        "output_channels": given.get("output_nc", 3),
        "width": given.get("ngf", 64),
        "downsamplings": given.get("resnet_n_downsample", 4),
        "blocks": given.get("resnet_n_blocks", 9),
        "kernel": given.get("resnet_kernel_size", 3),
        "first_kernel": given.get("resnet_initial_kernel_size", 7),
        "spectral": norm == "spectralinstance",
    }


def keys(module: nn.Module, style: str) -> Prefixes:
    """Official names of one of the three, told by its layers."""
    if isinstance(module, Pix2PixHDLocal):
        return _local_keys(module)
    assert isinstance(module, Pix2PixHD)
    first = module.trunk.first
    nvidia = not isinstance(first, SpectralConv2d) and first.bias is not None
    return _global_keys(module) if nvidia else _spade_keys(module)


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


def _global_keys(module: Pix2PixHD) -> Prefixes:
    """A stage is (conv, norm, ReLU); before the last conv a pad layer; docs/reference/models.md, "Global generator"."""
    prefixes = _trunk(module.trunk, "trunk.", "model", (3, 3), (1, 5, ""))
    end = int(prefixes["end"].rsplit(".", 1)[1])
    return prefixes | {"last": f"model.{end + 1}"}


def _spade_keys(module: Pix2PixHD) -> Prefixes:
    """A stage is (conv + norm, ReLU); docs/reference/models.md, "pix2pixHD in SPADE's repository"."""
    prefixes = _trunk(module.trunk, "trunk.", "model", (2, 2), (1, 4, ".0"))
    end = int(prefixes["end"].rsplit(".", 1)[1])
    return prefixes | {"last": f"model.{end + 1}"}


def _local_keys(module: Pix2PixHDLocal) -> Prefixes:
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

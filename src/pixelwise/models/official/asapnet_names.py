"""Names of ASAP-Net's authors: their options and tensors."""

from __future__ import annotations

from torch import nn

from pixelwise.models.architectures.asapnet import AsapNet
from pixelwise.models.official.official_options import Clear, Options, Prefixes, only, semantics


def options(given: Options, name: str) -> Clear:
    """docs/reference/models.md, "ASAP-Net options"."""
    only(given, "norm_G", "instanceaffine", ("instanceaffine",))
    tile = int(given.get("crop_size", 512) // (16 * given.get("aspect_ratio", 2.0)))
    code = only(given, "hr_coor", "cosine", ("cosine", None, "None", "none"))
    return semantics(given) | {
        "output_channels": given.get("output_nc", 3),
        "tile": tile,
        "learned_factor": given.get("learned_ds_factor", 16),
        "width": given.get("lr_width", 64),
        "max_width": given.get("lr_max_width", 1024),
        "depth": given.get("lr_depth", 7),
        "mlp_width": given.get("hr_width", 64),
        "mlp_depth": given.get("hr_depth", 5),
        "padding": "reflection" if given.get("reflection_pad", False) else "zero",
        "position_code": code == "cosine",
        "drop_last": bool(given.get("lr_instance", True)),
    }


def keys(module: nn.Module, style: str) -> Prefixes:
    """A stage is (conv + norm, ReLU), with reflection padding a pad layer comes first.

    Source: docs/reference/models.md, "ASAP-Net checkpoints".
    """
    assert isinstance(module, AsapNet)
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

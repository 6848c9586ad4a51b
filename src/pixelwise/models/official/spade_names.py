"""Names of SPADE's authors: their options and tensors."""

from __future__ import annotations

from itertools import product

from torch import nn

from pixelwise.models.architectures.spade import Spade
from pixelwise.models.official.official_options import Clear, Options, Prefixes, only, semantics

_SPADE_NORMS = tuple(product(("spectral", ""), ("syncbatch", "batch", "instance"), (1, 3, 5, 7)))


def options(given: Options, name: str) -> Clear:
    """NVlabs/SPADE's command line; by default Cityscapes' options; the first grid follows from the image."""
    only(given, "use_vae", False, (False,))
    norms = {f"{spectral}spade{norm}{k}x{k}": (bool(spectral), norm, k) for spectral, norm, k in _SPADE_NORMS}
    spectral, norm, kernel = norms[only(given, "norm_G", "spectralspadesyncbatch3x3", tuple(norms))]
    return semantics(given) | {
        "output_channels": given.get("output_nc", 3),
        "width": given.get("ngf", 64),
        "num_upsampling_layers": only(given, "num_upsampling_layers", "more", ("normal", "more", "most")),
        "spectral": spectral,
        "norm": norm.removeprefix("sync"),
        "norm_kernel": kernel,
    }


def keys(module: nn.Module, style: str) -> Prefixes:
    """NVlabs/SPADE: one module for each block, by its place; a norm's convolutions are named by what they predict."""
    assert isinstance(module, Spade)
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

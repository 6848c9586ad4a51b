"""Names of the discriminators' authors: their options and tensors."""

from __future__ import annotations

from torch import nn

from pixelwise.models.architectures.discriminator import MultiscaleDiscriminator
from pixelwise.models.official.official_options import Clear, Options, Prefixes, only, semantics


def options(given: Options, name: str) -> Clear:
    """Official options of one of the two."""
    return _multiscale(given) if name == "multiscale_discriminator" else _pix2pixhd(given)


def _multiscale(given: Options) -> Clear:
    """Semantics and image together; docs/reference/models.md, "SPADE's discriminator"."""
    only(given, "netD_subarch", "n_layer", ("n_layer",))
    norm = only(given, "norm_D", "spectralinstance", ("spectralinstance", "instance"))
    channels = semantics(given)
    labels = channels["dense_channels"] if "dense_channels" in channels else channels["num_labels"]
    return {
        "in_channels": labels + channels["instance_edge"] + given.get("output_nc", 3),
        "scales": given.get("num_D", 2),
        "layers": given.get("n_layers_D", 4),
        "width": given.get("ndf", 64),
        "max_width": 512,
        "spectral": norm == "spectralinstance",
    }


def _pix2pixhd(given: Options) -> Clear:
    """`input_nc` is the semantics and the image together; without it they follow from the labels.

    Source: docs/reference/models.md, "pix2pixHD's discriminator".
    """
    only(given, "norm", "instance", ("instance", "instance(affine=False)"))
    if "input_nc" in given and "label_nc" not in given:
        channels = given["input_nc"]
    else:
        parts = semantics(given)
        labels = parts["dense_channels"] if "dense_channels" in parts else parts["num_labels"]
        channels = labels + parts["instance_edge"] + given.get("output_nc", 3)
    return {
        "in_channels": channels,
        "scales": given.get("num_D", 2),
        "layers": given.get("n_layers_D", 3),
        "width": given.get("ndf", 64),
        "max_width": 512,
        "sigmoid": bool(given.get("use_sigmoid", given.get("no_lsgan", False))),
    }


def keys(module: nn.Module, style: str) -> Prefixes:
    """In pix2pixHD's file the last scale is the full resolution; docs/reference/models.md, "Discriminators"."""
    assert isinstance(module, MultiscaleDiscriminator)
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

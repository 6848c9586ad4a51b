"""Names of the models and where they are defined. Reading this module imports no torch."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from pixelwise.errors import PixelwiseError

if TYPE_CHECKING:
    from torch import nn

NAMES: dict[str, str] = {
    "asapnet": "pixelwise.models.architectures.asapnet:AsapNet",
    "pix2pixhd_global": "pixelwise.models.architectures.pix2pixhd:pix2pixhd_global",
    "pix2pixhd_local": "pixelwise.models.architectures.pix2pixhd:Pix2PixHDLocal",
    "spade_pix2pixhd": "pixelwise.models.architectures.pix2pixhd:spade_pix2pixhd",
    "spade": "pixelwise.models.architectures.spade:Spade",
    "multiscale_discriminator": "pixelwise.models.architectures.discriminator:multiscale_discriminator",
    "pix2pixhd_discriminator": "pixelwise.models.architectures.discriminator:pix2pixhd_discriminator",
    "dncnn": "pixelwise.models.architectures.dncnn:DnCNN",
    "drn_d_22": "pixelwise.models.architectures.drn:drn_d_22",
    "drn_d_38": "pixelwise.models.architectures.drn:drn_d_38",
    "drn_d_54": "pixelwise.models.architectures.drn:drn_d_54",
    "drn_d_105": "pixelwise.models.architectures.drn:drn_d_105",
    "segmenter": "pixelwise.models.architectures.segmenter:Segmenter",
}
"""Model name -> "module:callable" that makes it from keyword options."""


def modules(name: str) -> list[str]:
    """Modules of this package that building a model imports dynamically; their own imports are written as statements.

    Raises:
        PixelwiseError: If there is no such model.
    """
    if name not in NAMES:
        raise PixelwiseError(f"model {name!r}; allowed are {', '.join(NAMES)}")
    return [NAMES[name].split(":")[0]]


def factory(name: str) -> Callable[..., nn.Module]:
    """The callable that makes a model from keyword options.

    Raises:
        PixelwiseError: If there is no such model.
    """
    (module,) = modules(name)
    return cast("Callable[..., nn.Module]", getattr(importlib.import_module(module), NAMES[name].split(":")[1]))


def skeleton(name: str, **options: object) -> nn.Module:
    """Build a model on the "meta" device, without memory or values, in no time: for counting and for loading weights.

    Args:
        name: One of `NAMES`.
        options: Keyword options of the model.

    Raises:
        PixelwiseError: As `build` does.
    """
    from pixelwise.models import bounds

    make = factory(name)
    return bounds.on_meta(name, make, bounds.checked(name, make, options))


def build(name: str, **options: object) -> nn.Module:
    """Build a model; its weights are torch's defaults (see `pixelwise.models.init` for the official initialisations).

    Args:
        name: One of `NAMES`.
        options: Keyword options of the model; see its docstring.

    Raises:
        PixelwiseError: If the model or an option is unknown, a value is not allowed, or the weights would exceed the
            memory bound.
    """
    from pixelwise.models import bounds

    make = factory(name)
    complete = bounds.checked(name, make, options)
    bounds.on_meta(name, make, complete)
    return make(**complete)

"""Networks built from their declarations. Reading this module imports no torch."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from pixelwise.errors import PixelwiseError
from pixelwise.models import declarations, network_options

if TYPE_CHECKING:
    from torch import nn


def function(name: str, part: str) -> Any:
    """What a model's declaration names, or None if it names nothing.

    Args:
        name: The model.
        part: Attribute of `declaration.Model`: `network`, `optimised`, `facts`, ...

    Raises:
        PixelwiseError: If there is no such model, or its file has not what it names.
    """
    named = getattr(declarations.model(name), part)
    if not named:
        return None
    module, _, found = named.rpartition(":")
    module = module or declarations.module_of(name)
    try:
        return getattr(importlib.import_module(module), found)
    except AttributeError:
        raise PixelwiseError(f"{module}: has no {found}, which the declaration of {name} names ({part})") from None


def factory(name: str) -> Callable[..., nn.Module]:
    """The callable that makes a model from keyword options.

    Raises:
        PixelwiseError: If there is no such model.
    """
    return cast("Callable[..., nn.Module]", function(name, "network"))


def full_options(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Options of a model, completed by its network's defaults."""
    parameters = inspect.signature(factory(name)).parameters
    return {key: p.default for key, p in parameters.items() if p.default is not inspect.Parameter.empty} | given


def image_options(name: str, channels: int) -> dict[str, Any]:
    """The options that make a model a network from images of so many channels to such images."""
    return network_options.for_images(name, channels)


def skeleton(name: str, **options: object) -> nn.Module:
    """Build a model on the "meta" device, without memory or values, in no time: for counting and for loading weights.

    Args:
        name: A declared model.
        options: Keyword options of the model.

    Raises:
        PixelwiseError: As `build` does.
    """
    from pixelwise.models import bounds

    make = factory(name)
    return bounds.on_meta(name, make, bounds.checked(name, make, options))


def build(name: str, **options: object) -> nn.Module:
    """Build a model; its weights are torch's defaults (see `pixelwise.models.init` and the models' files for others).

    Args:
        name: A declared model.
        options: Keyword options of the model; see its declaration.

    Raises:
        PixelwiseError: If the model or an option is unknown, a value is not allowed, or the weights would exceed the
            memory bound.
    """
    from pixelwise.models import bounds

    make = factory(name)
    complete = bounds.checked(name, make, options)
    bounds.on_meta(name, make, complete)
    return make(**complete)

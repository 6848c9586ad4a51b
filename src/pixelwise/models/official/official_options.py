"""From the option names of the authors' code to ours; options of training and data are ignored."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from pixelwise.errors import PixelwiseError
from pixelwise.models import declarations

Options = Mapping[str, Any]
Clear = dict[str, Any]
Prefixes = dict[str, str]
"""Our submodule -> the official submodule that holds the same tensors."""


def names(name: str) -> Any:
    """The module of a model's official names (`declaration.Model.official`).

    Raises:
        PixelwiseError: If the model is unknown, or has no published names.
    """
    module = declarations.model(name).official
    if not module:
        known = [other.name for other in declarations.models().values() if other.official]
        raise PixelwiseError(f"model {name!r} has no official options; allowed are {', '.join(known)}")
    return importlib.import_module(module)


def clear_options(name: str, options: Options) -> Clear:
    """Translate official options.

    Args:
        name: Model name.
        options: Options of the official command line, or constructor arguments; missing ones have the official
            defaults.

    Returns:
        Keyword options for `registry.build(name, ...)`.

    Raises:
        PixelwiseError: If the model is unknown, or an option asks for something that was never published.
    """
    found: Clear = names(name).options(options, name)
    return found


def only(options: Options, option: str, default: Any, allowed: tuple[Any, ...]) -> Any:
    """The value of an option, which must be one of `allowed`."""
    value = options.get(option, default)
    if value not in allowed:
        raise PixelwiseError(f"official option {option} {value!r}; allowed are {', '.join(map(repr, allowed))}")
    return value


def semantics(options: Options) -> Clear:
    """Input channels: labels (and "don't care" where used), the instance edge or distance, or a dense image."""
    if "input_nc" in options and "label_nc" not in options:
        return {"dense_channels": options["input_nc"], "instance_edge": False}
    labels = options.get("label_nc", 35)
    if labels == 0:  # pix2pixHD: label maps are RGB images
        return {"dense_channels": options.get("input_nc", 3), "instance_edge": not options.get("no_instance", False)}
    channels = labels + bool(options.get("contain_dontcare_label", False))
    if "no_instance_edge" in options:
        edge = not (options["no_instance_edge"] and options.get("no_instance_dist", True))
    else:
        edge = not options.get("no_instance", False)
    if options.get("no_one_hot", False):
        return {"dense_channels": channels, "instance_edge": edge}
    return {"num_labels": channels, "instance_edge": edge}

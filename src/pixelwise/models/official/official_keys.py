"""Names of the authors' tensors: for each of our modules, our key -> the official key."""

from __future__ import annotations

import importlib
from typing import Any

from torch import nn

from pixelwise.models import declarations
from pixelwise.models.official.official_options import Prefixes


def names_of(module: nn.Module) -> Any:
    """The module of a network's official names; None where its model has none."""
    models = declarations.files().get(type(module).__module__, ())
    found = next((model.official for model in models if model.official), "")
    return importlib.import_module(found) if found else None


def official_keys(module: nn.Module, style: str = "") -> dict[str, str]:
    """The official key of every tensor of a module.

    Args:
        module: A module of this package.
        style: "flat" for pix2pixHD discriminators saved without feature matching, else "".

    Returns:
        Our key -> official key; the same name where the model declares no other.
    """
    known = names_of(module)
    prefixes: Prefixes | None = known.keys(module, style) if known else None
    if prefixes is None:
        return {key: key for key in module.state_dict()}
    return {key: _rename(key, prefixes) for key in module.state_dict()}


def _rename(key: str, prefixes: Prefixes) -> str:
    owner, name = key.rsplit(".", 1)
    return f"{prefixes[owner]}.{name}"

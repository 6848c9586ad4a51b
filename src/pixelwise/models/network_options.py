"""Options of networks without their networks: defaults read from the source, so that reading a plan needs no torch."""

from __future__ import annotations

import ast
import functools
import importlib
from collections.abc import Mapping
from typing import Any

from pixelwise.artifacts import digest
from pixelwise.errors import PixelwiseError
from pixelwise.models import declarations
from pixelwise.planning.code import source_of

FROM_DATA = frozenset(
    {"num_labels", "instance_edge", "dense_channels", "output_channels", "channels", "in_channels", "num_classes"}
)
"""Options that follow from the data that a network is made for, as far as the user does not set them."""


def dense_image(channels: int) -> dict[str, Any]:
    """The options that make a generator of pictures from label maps a network from image to image."""
    return {"dense_channels": channels, "output_channels": channels, "instance_edge": False}


def for_images(name: str, channels: int) -> dict[str, Any]:
    """The options that make a model a network from images of so many channels to such images."""
    named = declarations.model(name).image_options
    if not named:
        return {"channels": channels}
    module, _, found = named.rpartition(":")
    return dict(getattr(importlib.import_module(module or declarations.module_of(name)), found)(channels))


@functools.cache
def _defaults(name: str) -> Mapping[str, Any]:
    module, _, made_by = declarations.model(name).network.rpartition(":")
    module = module or declarations.module_of(name)
    path = source_of(module)  # never imported: that would need torch
    tree = ast.Module([], []) if path is None else ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == made_by:
            node = next(part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__")
        elif not isinstance(node, ast.FunctionDef) or node.name != made_by:
            continue
        named = node.args.args[len(node.args.args) - len(node.args.defaults) :]
        pairs = [*zip(named, node.args.defaults, strict=True)]
        pairs += [(a, d) for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d is not None]
        return {
            argument.arg: plain(ast.literal_eval(constants[d.id] if isinstance(d, ast.Name) else d))
            for argument, d in pairs
        }
    raise PixelwiseError(f"{path or module}: has no {made_by}, which the declaration of {name} names (network)")


def defaults(name: str) -> dict[str, Any]:
    """Every option of a model with its default, as plain data.

    Raises:
        PixelwiseError: If there is no such model, or its file has not the network that it names.
    """
    return dict(_defaults(name))


def differing(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the options `given` that differ from the model's defaults."""
    usual = defaults(name)
    options = {key: plain(value) for key, value in given.items()}
    return {key: value for key, value in sorted(options.items()) if key not in usual or not _same(usual[key], value)}


def network_digest(name: str, given: Mapping[str, Any]) -> str:
    """Digest of an architecture with all its options: equal for equal networks, whatever anyone calls them."""
    return digest([name, defaults(name) | {key: plain(value) for key, value in given.items()}])


def plain(value: Any) -> Any:
    """A value as JSON would give it back."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value


def _same(first: Any, second: Any) -> bool:
    return bool(first == second) and isinstance(first, bool) == isinstance(second, bool)

"""Names of DRN's authors; our tensors have theirs."""

from __future__ import annotations

from torch import nn

from pixelwise.models.official.official_options import Clear, Options, Prefixes


def options(given: Options, name: str) -> Clear:
    """docs/reference/models.md, "DRN network"."""
    clear: Clear = {"num_classes": given.get("num_classes", given.get("classes", 19))}
    if "channels" in given:
        clear["widths"] = tuple(given["channels"])
    return clear


def keys(module: nn.Module, style: str) -> Prefixes | None:
    """None: the same names."""
    return None

"""Architectures, their official checkpoints and initialisations, and our checkpoint format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pixelwise.models.checkpoint import load as load
    from pixelwise.models.checkpoint import save as save
    from pixelwise.models.registry import build as build

__all__ = ["build", "load", "save"]


def __getattr__(name: str) -> Any:
    """Give `build`, `load` and `save`; torch is imported only when they are used."""
    if name == "build":
        from pixelwise.models.registry import build

        return build
    if name in ("load", "save"):
        from pixelwise.models import checkpoint

        return getattr(checkpoint, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

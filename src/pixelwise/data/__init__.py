"""Data sets: download, preparation, memory-mapped arrays and the semantic tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pixelwise.data.onehot import semantics as semantics

__all__ = ["semantics"]


def __getattr__(name: str) -> Any:
    """Give the function `semantics`; torch is imported only then."""
    if name == "semantics":
        from pixelwise.data.onehot import semantics

        return semantics
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

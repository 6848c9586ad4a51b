"""Architectures, their official checkpoints and initialisations, and our checkpoint format."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["build", "load", "save"]
_HOMES = {"build": "registry", "load": "checkpoint", "save": "checkpoint"}


def __getattr__(name: str) -> Any:
    """Give `build`, `load` and `save`; what they need is imported only when they are used, and by nothing else."""
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

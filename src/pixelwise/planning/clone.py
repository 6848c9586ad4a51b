"""What the Snakefile sets up before it plans: that its jobs run this clone's source, in this environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def run_this_checkout(root: Path) -> None:
    """Put a clone's `src` before any installed copy, and this interpreter's folder first, for all child processes."""
    paths = {"PYTHONPATH": str(root / "src"), "PATH": str(Path(sys.executable).parent)}
    for name, first in paths.items():
        rest = [part for part in os.environ.get(name, "").split(os.pathsep) if part and part != first]
        os.environ[name] = os.pathsep.join([first, *rest])


def gpus() -> int:
    """1 if this machine has a graphics card that CUDA can use, as far as files show it, else 0."""
    return int(Path("/dev/nvidia0").exists())

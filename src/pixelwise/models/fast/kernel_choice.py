"""Whether a machine can run this package's GPU kernels, and with how much shared memory."""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import sysconfig
from pathlib import Path
from typing import Any

import torch

from pixelwise.terminal.screen import say

OLDEST = 7
"""First number of the compute capability from which Triton compiles (torch._inductor.exc.GPUTooOldForTriton)."""
INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"


@functools.cache
def obstacle(device: torch.device) -> str | None:
    """Why no kernel can run on `device`, in one line; None if they can.

    Triton compiles a small launcher in C for every kernel, for which it needs a compiler and Python's headers; for
    cards before Volta it compiles nothing.
    """
    if importlib.util.find_spec("triton") is None:
        return "Triton is not installed here"
    if INTERPRETED:
        return None
    if device.type != "cuda":
        return f"kernels need a CUDA device, this is {device.type}"
    compiler = os.environ.get("CC")
    if not (shutil.which(compiler) if compiler else shutil.which("gcc") or shutil.which("clang")):
        return f"no C compiler ({compiler or 'gcc or clang'}), which Triton needs"
    header = Path(sysconfig.get_paths()["include"]) / "Python.h"
    if not header.is_file():
        return f"no {header}, which Triton needs: install the headers of Python"
    major, minor = torch.cuda.get_device_capability(device)
    return None if major >= OLDEST else f"Triton needs a card from sm_{OLDEST}0 on, this one is sm_{major}{minor}"


def available(device: torch.device) -> bool:
    """Whether kernels can run on `device`, a CUDA device or, with the interpreter on, any."""
    return obstacle(device) is None


def shared_memory(device: torch.device) -> int | None:
    """Bytes of shared memory that one block can have; None where nothing bounds it (the interpreter)."""
    if device.type != "cuda":
        return None
    properties: Any = torch.cuda.get_device_properties(device)  # torch's stubs do not know this one
    return int(properties.shared_memory_per_block_optin)


@functools.cache
def tell(line: str) -> None:
    """Say once that a kernel is not used, and why."""
    say(line)

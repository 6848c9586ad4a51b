"""What a device cannot do, told apart from mistakes: a timing leaves it out and goes on."""

from __future__ import annotations

import re
import subprocess

import torch

from pixelwise.errors import out_of_memory

COMPILERS = ("torch._dynamo", "torch._inductor", "triton")
UNABLE = re.compile(
    r"Failed to find C compiler|unable to find an engine to execute|Unable to find a valid cuDNN algorithm"
    r"|(CUDNN|CUBLAS)_STATUS_NOT_SUPPORTED"
)
"""Compilers and libraries that find no way: without a compiler, without memory for any algorithm, on an old card."""
BROKEN = re.compile(r"CUDA error: |Triton Error \[CUDA\]: |cuDNN error: ")
"""How PyTorch, cuBLAS, Triton and cuDNN tell that the device itself failed, in a plain RuntimeError."""


def device_limit(error: Exception) -> str | None:
    """The error in one line if the device's memory, its limits or a missing compiler is to blame; None otherwise.

    Triton's kernels and `torch.compile` need a C compiler and Python's headers: without them they raise a RuntimeError
    that says so, or the compiler's failure. Kernels beyond a card's shared memory are Triton's `OutOfResources`.
    """
    compiler = type(error).__module__.startswith(COMPILERS) or isinstance(error, subprocess.CalledProcessError)
    unable = isinstance(error, RuntimeError) and UNABLE.search(str(error)) is not None
    return in_one_line(error) if compiler or unable or out_of_memory(error) else None


def device_lost(error: Exception) -> bool:
    """Whether the device itself failed, such as by an illegal access: no later call of the process can use it."""
    if device_limit(error):
        return False
    told = isinstance(error, RuntimeError) and BROKEN.search(str(error)) is not None
    return told or isinstance(error, torch.AcceleratorError)


def in_one_line(error: Exception) -> str:
    """An error's class, and the first line of what it says."""
    return " ".join([f"{type(error).__name__}:", *str(error).splitlines()[:1]])

"""What a device cannot do, told apart from mistakes: a timing leaves it out and goes on."""

from __future__ import annotations

import subprocess

from pixelwise.errors import out_of_memory

COMPILERS = ("torch._dynamo", "torch._inductor", "triton")


def device_limit(error: Exception) -> str | None:
    """The error in one line if the device's memory, its limits or a missing compiler is to blame; None otherwise.

    Triton's kernels and `torch.compile` need a C compiler and Python's headers: without them they raise a RuntimeError
    that says so, or the compiler's failure. Kernels beyond a card's shared memory are Triton's `OutOfResources`.
    """
    compiler = type(error).__module__.startswith(COMPILERS) or isinstance(error, subprocess.CalledProcessError)
    if not compiler and "Failed to find C compiler" not in str(error) and not out_of_memory(error):
        return None
    return in_one_line(error)


def in_one_line(error: Exception) -> str:
    """An error's class, and the first line of what it says."""
    return " ".join([f"{type(error).__name__}:", *str(error).splitlines()[:1]])

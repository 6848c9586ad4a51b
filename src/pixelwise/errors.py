"""The one exception that a user sees, and what torch says when memory does not suffice."""

from __future__ import annotations

import re

FULL = re.compile(r"Tried to allocate ([\d.]+ \w+).*?capacity of ([\d.]+ \w+) of which ([\d.]+ \w+) is free", re.DOTALL)
ALLOCATION = re.compile(r"allocate memory|(CUDA error|Triton Error \[CUDA\]): out of memory|_STATUS_ALLOC_FAILED")
"""Who else says so, in a plain RuntimeError: the host's allocator, CUDA and Triton by themselves, cuBLAS, cuDNN."""


class PixelwiseError(Exception):
    """A mistake in a file, a setting or the environment; its message is one line.

    The message names the file, the value found and what is allowed. The command line prints it and exits with status 2.
    """


def out_of_memory(error: BaseException) -> bool:
    """Whether memory did not suffice, of the host or of a card; an illegal access to memory is no such error."""
    other = isinstance(error, RuntimeError) and ALLOCATION.search(str(error)) is not None  # torch has no class for it
    return other or isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"


def shortage(error: BaseException) -> str:
    """Such an error in words: what was asked for and what was free, where torch says so."""
    found = FULL.search(str(error))
    if found is None:
        return "out of memory"
    asked, whole, free = found.groups()
    return f"out of memory: {asked} asked for, {free} of the card's {whole} free"

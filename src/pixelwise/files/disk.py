"""Writes that the disk refuses: whatever a library makes of it, the error names the file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

PROBE = 1 << 16
"""Bytes that the disk is asked to take where a writer failed."""


@contextlib.contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """Let errors of the system that name no file name `path`: those of reading, writing and closing.

    Raises:
        OSError: With the file's name.
    """
    try:
        yield
    except OSError as error:
        if error.filename is not None or error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def refusal(temporary: Path, path: Path, error: BaseException) -> BaseException:
    """What to raise after a writer failed with `error` while it wrote `temporary`, which was to become `path`.

    Libraries have many words for a disk that is full, so the disk itself is asked to take a little more.

    Returns:
        An OSError that names `path` if the disk refuses, or if that is what `error` says; otherwise `error`.
    """
    found = error if isinstance(error, OSError) and error.errno is not None else None
    if found is None and isinstance(error, Exception):
        found = _probe(temporary)
    ours = found is not None and found.filename in (None, str(temporary), temporary)
    return OSError(found.errno, found.strerror, str(path)) if found is not None and ours else error


def _probe(temporary: Path) -> OSError | None:
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_APPEND)
        try:
            written = 0
            while written < PROBE:
                written += os.write(handle, b"\0" * (PROBE - written))
            os.fsync(handle)
        finally:
            os.close(handle)
    except FileNotFoundError:  # the writer itself removed it
        return None
    except OSError as error:
        return OSError(error.errno, error.strerror, str(temporary))
    return None


def append(path: Path, line: str) -> None:
    """Add a line to a file in a single write, so that lines of several processes do not mix.

    Raises:
        OSError: With the file's name.
    """
    with naming(path), path.open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")

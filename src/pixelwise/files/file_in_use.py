"""Which file a program was at when an error was raised, read from the frames that the error passed."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import PurePath

_FOREIGN = (*map(sysconfig.get_path, ("stdlib", "purelib", "platlib")), os.path.dirname(__file__), "/dev", "/proc")


def _named(value: object) -> str | None:
    """The file that a value stands for: a path, an open file, or a text that is the path of a file."""
    if isinstance(value, PurePath):
        return os.fspath(value)
    if isinstance(value, io.IOBase):
        value = getattr(value, "name", None)
    if isinstance(value, str) and 0 < len(value) < 4096 and "\0" not in value and os.path.isfile(value):
        return value
    return None


def _paths(error: BaseException) -> Iterator[str]:
    """Paths among the variables of the frames, innermost first, the latest of each frame first; then arguments."""
    seen: set[str] = set()
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    for frame in reversed(frames):
        for value in reversed(list(frame.f_locals.values())):
            with contextlib.suppress(Exception):
                path = _named(value)
                if path is not None and path not in seen and not os.path.abspath(path).startswith(_FOREIGN):
                    seen.add(path)
                    yield path
    yield from (argument for argument in sys.argv[1:] if os.path.isfile(argument))


def worked_on(error: BaseException) -> str | None:
    """The file that was read or written when `error` was raised, or the folder if it was no file; None if unknown."""
    found = []
    for path in _paths(error):
        if os.path.isfile(path):
            return path
        found.append(path)
    return found[0] if found else None

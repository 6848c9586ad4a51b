"""The standard streams while a command runs: libraries are held back, and errors of standard output name it."""

from __future__ import annotations

import contextlib
import faulthandler
import io
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from typing import IO, Any

from pixelwise.terminal import screen

LONGEST = 1 << 16
"""Bytes of what libraries wrote that are shown or kept, the last ones."""


class _Named(io.FileIO):
    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise OSError(error.errno, error.strerror, "standard output") from None


def separate_log() -> bool:
    """Whether standard output is a file of its own, such as the log of a job."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        shown = screen.errors()
        return stat.S_ISREG(os.fstat(1).st_mode) and (shown is None or not os.path.sameopenfile(1, shown.fileno()))
    return False


def _job() -> bool:
    """Whether the command line is `pixelwise STEP JOB.json`."""
    return len(sys.argv) == 3 and sys.argv[2].endswith(".json")


class Held:
    """What libraries wrote on standard error, held back from it."""

    def __init__(self, file: IO[bytes] | None) -> None:
        self._file = file

    def take(self) -> str:
        """The last of it, which is then held no more."""
        if self._file is None:
            return ""
        if sys.stderr is not None:
            sys.stderr.flush()
        file, self._file = self._file, None
        file.seek(max(0, file.seek(0, os.SEEK_END) - LONGEST))
        return file.read().decode("utf-8", "backslashreplace")


def _nowhere(number: int) -> None:
    """Let what is still written to a stream vanish."""
    handle = os.open(os.devnull, os.O_WRONLY)
    os.dup2(handle, number)
    os.close(handle)


def drain() -> None:
    """Write out what standard output still holds.

    Raises:
        OSError: If that fails; what comes afterwards then vanishes, so that the end of the process says nothing.
    """
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except OSError:
            _nowhere(1)
            raise


def name_standard_output() -> None:
    """Let errors of standard output name it, and let it take every character, whatever its encoding."""
    while (free := os.open(os.devnull, os.O_RDWR)) <= 2:  # a closed stream: no file shall get its number
        pass
    os.close(free)
    if isinstance(sys.stdout, io.TextIOWrapper):
        buffer = io.BufferedWriter(_Named(1, "wb", closefd=False))
        sys.stdout = io.TextIOWrapper(
            buffer, encoding=sys.stdout.encoding, errors="backslashreplace", line_buffering=sys.stdout.line_buffering
        )


@contextlib.contextmanager
def held() -> Iterator[Held]:
    """Hold back what libraries write on standard error: Python's warnings and logs, and C's.

    It goes to the log of a job as it comes; otherwise into memory, and to standard error after a success.
    """
    if sys.stderr is None or "RANK" in os.environ:  # one of several processes: what ends the others must be seen
        yield Held(None)
        return
    sys.stderr.flush()
    real = os.dup(2)
    stream = os.fdopen(real, "w", buffering=1, encoding=sys.stderr.encoding, errors="backslashreplace")
    file = None if _job() and separate_log() else _memory()
    os.dup2(1 if file is None else file.fileno(), 2)
    screen.use_for_errors(stream)
    if ours := not faulthandler.is_enabled():
        faulthandler.enable(stream)
    result = Held(file)
    try:
        yield result
        for line in result.take().splitlines():
            screen.say(line)
    finally:
        sys.stderr.flush()
        if ours:
            faulthandler.disable()
        os.dup2(real, 2)
        screen.use_for_errors(None)
        stream.close()
        if file is not None:
            file.close()


def _memory() -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("stderr"), "w+b")
    return tempfile.TemporaryFile()

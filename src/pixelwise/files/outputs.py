"""Where a command may write what its user asked for: never over an input, and over another file only with `--force`."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from pixelwise.artifacts import atomic
from pixelwise.errors import PixelwiseError


def check(out: Path, inputs: Iterable[Path], force: bool) -> None:
    """Refuse, before any work is done, a file that must not or cannot be written.

    Args:
        out: File to write.
        inputs: Files that the command reads; none of them is ever replaced, whatever path or link leads to it.
        force: Whether another file that stands there may be replaced.

    Raises:
        PixelwiseError: If `out` is an input, a folder, a link, a device, or an existing file without `force`, or if its
            folder is missing or not writable.
    """
    folder = out.parent
    if not folder.is_dir():
        raise PixelwiseError(f"{folder}: {'not a' if os.path.lexists(folder) else 'no such'} folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PixelwiseError(f"{folder}: no permission to write here")
    try:
        mode = out.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise PixelwiseError(f"{out}: a folder; name the file to write")
    if stat.S_ISLNK(mode):
        raise PixelwiseError(f"{out}: a link to {os.readlink(out)}; name the file itself")
    if not stat.S_ISREG(mode):
        raise PixelwiseError(f"{out}: a device, pipe or socket; name a file")
    for path in inputs:
        if path.exists() and path.samefile(out):
            raise PixelwiseError(f"{out}: is the input {path}, which is never replaced; name another file")
    if not force:
        raise PixelwiseError(f"{out}: exists; --force replaces it, or name another file")


@contextlib.contextmanager
def written(out: Path, inputs: Iterable[Path], force: bool) -> Iterator[Path]:
    """Yield a temporary path beside `out`, which gets that name when all is written; nothing is lost on failure.

    Args:
        out: File to write.
        inputs: As for `check`, which is done again.
        force: As for `check`; without it, a file that appears at `out` meanwhile is kept, too.

    Raises:
        PixelwiseError: As `check`.
    """
    check(out, inputs, force)
    try:
        with atomic(out, replace=force) as temporary:
            yield temporary
    except FileExistsError:
        raise PixelwiseError(f"{out}: exists; --force replaces it, or name another file") from None

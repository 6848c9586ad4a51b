"""Giving a file another name, wherever that is."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from pixelwise.artifacts import atomic


def move(path: Path, target: Path) -> None:
    """Give a file another name; on another disk it is copied, and only then removed here.

    Args:
        path: The file.
        target: Its new name; missing folders are made, a file of that name is replaced.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.replace(path, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with atomic(target) as temporary:
            shutil.copyfile(path, temporary)
        path.unlink()

"""Generators as they were on the way: kept in `work/` while the training runs, at its end beside the trained one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from pixelwise.artifacts import atomic

FOLDER = "snapshots"


def due(done: int, steps: int, batch: int, every: int | None) -> int | None:
    """Presentations at which a snapshot is due after step `done`, or None; the end has the trained network itself.

    >>> [due(step, 10, 4, 10) for step in range(1, 11)]
    [None, None, 12, None, 20, None, None, 32, None, None]
    """
    if not every or done >= steps:
        return None
    return done * batch if done * batch // every > (done - 1) * batch // every else None


def keep(work: Path, presentations: int, save: Callable[[Path], None]) -> None:
    """Write one snapshot; a training that goes on from before it writes the same again.

    Args:
        work: Folder of the training's state.
        presentations: Images seen so far.
        save: Writes the network's checkpoint to a path.
    """
    path = work / FOLDER / f"{presentations:09d}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    save(path)


def publish(work: Path, out: Path) -> None:
    """Copy all snapshots of a finished training to its outputs."""
    for path in sorted((work / FOLDER).glob("*.safetensors")):
        with atomic(out / FOLDER / path.name) as temporary:
            temporary.write_bytes(path.read_bytes())


def listed(folder: Path) -> dict[int, Path]:
    """Presentations -> checkpoint of each snapshot among a training's outputs, in order."""
    found = {path: re.fullmatch(r"(\d{9})\.safetensors", path.name) for path in sorted((folder / FOLDER).glob("*"))}
    return {int(match[1]): path for path, match in found.items() if match}

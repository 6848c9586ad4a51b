"""One card for each job: a lock for each card, which its process holds and the kernel releases whatever ends it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pixelwise.artifacts import flock
from pixelwise.terminal.screen import say

FOLDER = Path("work/cards")
PAUSE = 1.0
_held: dict[str, int] = {}
"""Card -> the open file whose lock this process holds, until it ends."""


def _file(card: str, folder: Path) -> Path:
    """Lock of a card; its UUID tells the cards of machines that share a disk apart."""
    return folder / f"{card.replace('/', '-')}.lock"


def take(card: str, folder: Path = FOLDER) -> bool:
    """Try to lease a card for the rest of this process; True if it is ours now."""
    if card in _held:
        return True
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(_file(card, folder), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    if not flock(handle, shared=False):
        os.close(handle)
        return False
    os.truncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    _held[card] = handle
    return True


def release(card: str) -> None:
    """End a lease before the process ends."""
    if (handle := _held.pop(card, None)) is not None:
        os.close(handle)


def holder(card: str, folder: Path = FOLDER) -> str:
    """The process that last leased a card."""
    try:
        return _file(card, folder).read_text(encoding="ascii", errors="replace").strip() or "?"
    except OSError:
        return "?"


def lease(cards: Sequence[str], folder: Path = FOLDER, rest: Callable[[float], None] = time.sleep) -> str:
    """Lease the first card that is free, and wait for one where none is; one line says so.

    Args:
        cards: UUIDs, the wanted one first. One that this process holds comes before all.
        folder: Where the locks are.
        rest: What to do between two looks.

    Returns:
        The card.
    """
    for card in cards:
        if card in _held:
            return card
    said = False
    while True:
        for card in cards:
            if take(card, folder):
                return card
        if not said:
            held = ", ".join(f"{card} by process {holder(card, folder)}" for card in cards)
            say(f"pixelwise: waits for a graphics card; leased are {held}")
            said = True
        rest(PAUSE)

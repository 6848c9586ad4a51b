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


def lease(
    cards: Sequence[str], folder: Path = FOLDER, rest: Callable[[float], None] = time.sleep, count: int = 1
) -> list[str]:
    """Lease the first cards that are free, and wait where there are too few; one line says so.

    Who waits holds none, so that two jobs that want several never wait for each other.

    Args:
        cards: UUIDs, the wanted one first. Those that this process holds come before all.
        folder: Where the locks are.
        rest: What to do between two looks.
        count: How many, at most as many as there are.

    Returns:
        The cards.
    """
    ours = [card for card in cards if card in _held]
    wanted = [*ours, *(card for card in cards if card not in ours)]
    said = False
    while True:
        taken: list[str] = []
        for card in wanted:
            if len(taken) < count and take(card, folder):
                taken.append(card)
        if len(taken) == count:
            return taken
        for card in taken:
            if card not in ours:
                release(card)
        if not said:
            held = ", ".join(f"{card} by process {holder(card, folder)}" for card in cards if card not in taken)
            what = "a graphics card" if count == 1 else f"{count} graphics cards"
            say(f"pixelwise: waits for {what}; leased are {held}")
            said = True
        rest(PAUSE)

"""Which cards have enough memory for the job that runs here, where the cards of a machine are not of one size."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pixelwise.cards.found import Card
from pixelwise.terminal.screen import say

job: Path | None = None
"""File of the job that this process runs."""


def _needed_gb(file: Path) -> float:
    """Memory that it needs by `pixelwise plan`; 0 if nobody knows. Asked in its own process: no step imports it."""
    command = [sys.executable, "-m", "pixelwise.claims.fitting", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return float(done.stdout)
    except ValueError:
        why = (done.stderr.splitlines() or ["no answer"])[-1]
        say(f"pixelwise: {file}: takes any card, since what it needs is not known ({why[:200]})")
        return 0.0


def roomy(cards: Sequence[Card], count: int) -> list[Card]:
    """Those of the cards that the running job fits; the largest first, and a line, where there are fewer than `count`.

    Args:
        cards: The usable cards.
        count: How many it needs.
    """
    if job is None or len({card.memory for card in cards}) < 2:
        return list(cards)
    needed = _needed_gb(job)
    enough = [card for card in cards if card.memory is None or card.memory >= needed * 1e9]
    if len(enough) >= count:
        return enough
    say(f"pixelwise: {job}: needs {count} cards of {needed:.0f} GB, {len(enough)} are here; tries the largest")
    return sorted(cards, key=lambda card: -(card.memory or 0.0))

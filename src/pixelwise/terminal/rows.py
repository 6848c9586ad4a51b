"""One line of a terminal about work in progress: what must be seen is never pushed out by what may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pixelwise.terminal.progress import Progress
from pixelwise.terminal.screen import plain

GAP = "  "
SHORTEST = 8
"""Characters of a title, below which it is left out."""


def duration(seconds: float) -> str:
    """Hours, minutes and seconds, such as 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def shortened(text: str, width: int) -> str:
    """A text in at most `width` characters, cut in its middle.

    >>> shortened("train/streets/asapnet/seed0", 20)
    'train/str…pnet/seed0'
    """
    if len(text) <= width:
        return text
    kept = max(width - 1, 0)
    return text[: kept // 2] + "…"[:width] + (text[-(kept - kept // 2) :] if kept > kept // 2 else "")


def row(title: str, must: Sequence[str], may: Sequence[str], width: int) -> str:
    """Title, what may and what must be seen, in one line of at most `width` characters.

    All of `must` is shown, of `may` the first that still fit. A title too long for its place is cut, and left out of
    a terminal with no place for it.

    >>> row("train/photos/dncnn", ["step 5/9", "0:01:00 left"], ["loss 0.1", "psnr 20"], 52)
    'train/photos/dncnn  step 5/9  0:01:00 left  loss 0.1'
    """
    needed = GAP.join(must)
    room = width - len(needed) - len(GAP)
    parts = [shortened(plain(title), room), *must] if room >= SHORTEST else [*must]
    for text in may:
        if len(GAP.join([*parts, text])) > width:
            break
        parts.append(text)
    return GAP.join(parts)[:width]


def amount(done: float, of: float, unit: str) -> str:
    """`done` of `of`, short; bytes in MB.

    >>> amount(3, 68, "images"), amount(3, 68, "steps"), amount(1_500_000, 2e9, "bytes")
    ('3/68 images', 'step 3/68', '1.5/2000.0 MB')
    """
    if unit == "bytes":
        return f"{done / 1e6:.1f}/{of / 1e6:.1f} MB"
    counted = f"{done:.0f}/{of:.0f}"
    return f"step {counted}" if unit == "steps" else f"{counted} {unit}"


def losses(values: Mapping[str, float]) -> list[str]:
    """Losses with their names, such as `loss 0.0123`."""
    return [f"{plain(name).replace('_', ' ')} {value:.4g}" for name, value in values.items()]


def of_progress(title: str, told: Progress, left: float | None, width: int) -> str:
    """The row of a job that tells how far it is; `left` is in seconds."""
    must = [amount(told.done, told.of, told.unit), f"{'?' if left is None else duration(left)} left"]
    rate = [f"{told.rate:.3g} {told.rate_unit}/s"] if told.rate and told.unit != "bytes" else []
    if told.unit == "bytes" and told.rate:
        rate = [f"{told.rate / 1e6:.1f} MB/s"]
    shown = losses(told.values)
    return row(title, must, [*shown[:1], *rate, *shown[1:]], width)

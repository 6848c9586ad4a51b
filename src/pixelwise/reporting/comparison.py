"""`pixelwise compare`: two runs, or two entries of one, side by side on the terminal, in 80 columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from pixelwise.errors import PixelwiseError
from pixelwise.reporting import compared_curves, compared_numbers, compared_runs, compared_warnings
from pixelwise.reporting.compared_numbers import Difference
from pixelwise.reporting.compared_runs import Side
from pixelwise.reporting.terminal_tables import drawn
from pixelwise.terminal.console import terminal

HEADINGS = ("measure", "A", "B", "B - A, 95 % interval", "better")


def show(
    first: Path,
    second: Path | None,
    entries: Sequence[str] = (),
    figure: Path | None = None,
    force: bool = False,
    console: Console | None = None,
) -> None:
    """Print what differs between two runs: settings, numbers and what they do not say; draw their training curves.

    Args:
        first: Folder of run A.
        second: Folder of run B; None compares two entries of A.
        entries: An entry of A and one of B; empty compares every network that both have.
        figure: SVG or PNG file for the training curves.
        force: Whether it may be replaced.
        console: Where to print; standard output if not given.

    Raises:
        PixelwiseError: If a run or entry is not there, there is nothing to compare, or the figure can't be written.
    """
    if second is None and not entries:
        raise PixelwiseError(f"{first}: one run; name a second one, or two entries of it by --entries")
    if figure is not None:
        compared_curves.check(figure, force)
    a = compared_runs.read(first)
    b = a if second is None else compared_runs.read(second)
    compared = compared_runs.pairs(a, b, entries)
    console = console or terminal()
    for pair in compared:
        _pair(console, *pair)
    for line in dict.fromkeys([*a.left_out, *b.left_out]):
        _line(console, f"Left out: {line}.")
    if figure is not None:
        compared_curves.write(compared, figure, force)
        _line(console, f"{figure}: training curves, A and B in the same panels")


def _pair(console: Console, first: Side, second: Side) -> None:
    _line(console, f"A: {first.title}")
    _line(console, f"B: {second.title}")
    if rows := compared_runs.differing(first, second):
        table = [[name, a, b] for name, a, b in rows]
        console.print(drawn("Settings that differ", ["setting", "A", "B"], table))
    else:
        _line(console, "Settings: the same, as far as these runs tell.")
    found, remarks = compared_numbers.compared(first, second)
    if found:
        console.print(drawn("Differences", list(HEADINGS), _rows(found)))
    else:
        _line(console, "Numbers: nothing was scored in both.")
    for line in [
        *compared_warnings.warnings(first, second, found),
        *(f"{line[0].upper()}{line[1:]}." for line in remarks),
    ]:
        _line(console, line)
    console.print()


def _rows(found: Sequence[Difference]) -> list[list[str]]:
    """A row for each difference, below one that says on what."""
    rows: list[list[str]] = []
    before = ""
    for each in found:
        counted = "pictures" if each.images else "calls"
        if (what := f"{each.what} ({each.n} {counted})") != before:
            rows.append([what, *[""] * (len(HEADINGS) - 1)])
        before = what
        rows.append(_row(each))
    return rows


def _row(each: Difference) -> list[str]:
    metric, places = each.metric, _places(each)
    sign = "" if each.ratio else "+"
    interval = (
        ""
        if each.low is None or each.high is None
        else (f" [{each.low:{sign}.{places}f}, {each.high:{sign}.{places}f}]")
    )
    ends = ["", ""] if each.ratio else [f"{each.a:.{places}f}", f"{each.b:.{places}f}"]
    ends.append(f"{each.difference:{sign}.{places}f}{interval}".replace("inf", "\u221e"))
    unit = "" if metric.unit == "1" else f", {metric.unit}"
    name = f"  {'time' if metric.name == 'median' else metric.label}"
    return ["  B / A, in turn" if each.ratio else f"{name}{unit}", *ends, each.better]


def _places(each: Difference) -> int:
    """Decimal places that show two digits of the interval, or four digits of a value without one."""
    width = each.high - each.low if each.low is not None and each.high is not None else 0.0
    if math.isfinite(width) and width > 0:
        return min(6, max(0, 1 - math.floor(math.log10(width))))
    size = max(abs(each.a), abs(each.b))
    return min(6, max(0, 3 - math.floor(math.log10(size)))) if math.isfinite(size) and size > 0 else 2


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False)

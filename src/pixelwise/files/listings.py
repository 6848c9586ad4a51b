"""Files of many rows, read through the same door: CSV tables and JSON lines; and going on where a file is refused."""

from __future__ import annotations

import contextlib
import csv
import io
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

from pixelwise.errors import PixelwiseError
from pixelwise.files.reading import Model, checked, parse_json, short, text


def rows(path: Path | str, columns: Iterable[str] = ()) -> list[dict[str, str]]:
    """Rows of a CSV file with a heading: every row as long as the heading, no column twice.

    Args:
        path: The file.
        columns: Columns that must be there.

    Raises:
        PixelwiseError: If the file is missing, not UTF-8, no such table, or lacks a column.
    """
    written = text(path)
    if "\0" in written:
        raise PixelwiseError(f"{path}: not a table (it holds a byte 0)")
    reader = csv.reader(io.StringIO(written, newline=""), strict=True)
    try:
        heading, *found = list(reader) or [[]]
    except csv.Error as error:
        raise PixelwiseError(f"{path}: not a table (line {reader.line_num}: {error})") from None
    if len(set(heading)) < len(heading):
        raise PixelwiseError(f"{path}: a column occurs twice in {short(','.join(heading))}")
    if missing := [name for name in columns if name not in heading]:
        raise PixelwiseError(f"{path}: lacks the column {missing[0]!r}; it has {short(','.join(heading))}")
    for number, row in enumerate(found, 2):
        if len(row) != len(heading):
            raise PixelwiseError(f"{path}: row {number} has {len(row)} cells; its heading has {len(heading)}")
    return [dict(zip(heading, row, strict=True)) for row in found]


def number(cell: str, place: str, infinite: bool = False) -> float:
    """A cell of a CSV file as a number.

    Args:
        cell: Its text; `inf` stands for infinity where that is a value.
        place: File and place, for messages.
        infinite: Whether infinity is a value here.

    Raises:
        PixelwiseError: If it is no number, or not finite where it must be.
    """
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if math.isnan(value) or (math.isinf(value) and not infinite):
        raise PixelwiseError(f"{place}: {short(cell)}; a {'' if infinite else 'finite '}number is needed")
    return value


@contextlib.contextmanager
def leaving_out(lines: list[str] | None) -> Iterator[None]:
    """Go on where a file is refused, and note the line that says why; None does not go on.

    Args:
        lines: Receives one line for each file that is left out; the same line once.
    """
    try:
        yield
    except PixelwiseError as error:
        if lines is None:
            raise
        if str(error) not in lines:
            lines.append(str(error))


def log(path: Path, model: type[Model], what: str) -> tuple[list[Model], list[str]]:
    """Read a file of JSON lines.

    Args:
        path: The file.
        model: Schema of a line.
        what: What the file is, for messages.

    Returns:
        The documents in order, and one line for each line of the file that is none, such as one that a kill cut short.
    """
    found: list[Model] = []
    problems: list[str] = []
    for count, written in enumerate(text(path).split("\n"), 1):
        if not written:
            continue
        try:
            found.append(checked(model, parse_json(written, "found"), "found"))
        except PixelwiseError as error:
            why = str(error).removeprefix("found: ")
            problems.append(f"{path}: line {count} is not a line of {what} ({why}); remove it")
    return found, problems

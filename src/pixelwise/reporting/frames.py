"""CSV files that a run wrote, as tables: every cell is checked before anything is computed or drawn from it."""

from __future__ import annotations

import io
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd

from pixelwise.artifacts import check_listed
from pixelwise.errors import PixelwiseError
from pixelwise.files.listings import number, rows
from pixelwise.files.reading import parse_json, text
from pixelwise.quantities import quantity, rising


def frame(
    path: Path,
    columns: Collection[str],
    words: Collection[str] = (),
    flags: Collection[str] = (),
    infinite: Collection[str] = (),
    dtype: dict[str, Any] | None = None,
) -> pd.DataFrame:
    """Read a table; an empty cell is a missing value.

    Args:
        path: The file, as the manifest of its folder lists it.
        columns: Columns that must be there.
        words: Columns of text.
        flags: Columns of True and False. All others hold numbers.
        infinite: Columns of numbers that may be infinite (`inf`).
        dtype: Types that pandas shall use.

    Raises:
        PixelwiseError: If the file is missing, was changed since it was made, lacks a column, or a cell is not of its
            kind; the message names the row and column.
    """
    check_listed(path)
    found = rows(path, columns)
    numbers = [name for name in (found[0] if found else ()) if name not in words and name not in flags]
    for place, row in enumerate(found, 2):
        for name in numbers:
            if row[name]:
                number(row[name], f"{path}: row {place}, {name}", name in infinite)
        for name in flags:
            if row[name] not in ("True", "False"):
                raise PixelwiseError(f"{path}: row {place}, {name}: {row[name]!r}; allowed are True and False")
    table = pd.read_csv(io.StringIO(text(path)), dtype=dtype, keep_default_na=False, na_values=[""])
    if found:
        return table
    return table.astype({name: float for name in columns if name not in words and name not in flags})


def check_quantities(table: pd.DataFrame, path: Path, kind: str | None = None) -> None:
    """Check that every number of a table is a quantity in its unit, within its range and its interval.

    Args:
        table: Columns `metric` and `value`; `kind`, `unit`, `low` and `high` where it has them.
        path: Its file, for messages.
        kind: Kind of record, if the table has no such column.

    Raises:
        PixelwiseError: Naming the row.
    """
    for place, row in enumerate(table.to_dict("records"), 2):
        where = f"{path}: row {place}, {row['metric']}"
        wanted = quantity(str(kind or row.get("kind")), str(row["metric"]))
        if wanted is None:
            raise PixelwiseError(f"{where}: no such quantity")
        known = [row[name] for name in ("low", "value", "high") if pd.notna(row.get(name))]
        for value in known or [None]:
            if problem := wanted.problem(value, str(row.get("unit", wanted.units[0]))):
                raise PixelwiseError(f"{where}: {problem}")
        if not rising(known):
            raise PixelwiseError(f"{where}: {known}; low, value and high must not fall")


def check_facts(table: pd.DataFrame, path: Path, names: Collection[str]) -> None:
    """Check that columns hold objects of plain facts in JSON.

    Raises:
        PixelwiseError: Naming the first cell that does not.
    """
    for name in names:
        for cell in table[name].unique():
            facts = parse_json(str(cell), f"{path}: {name}") if cell else {}
            if not isinstance(facts, dict) or any(isinstance(value, dict | list) for value in facts.values()):
                raise PixelwiseError(f"{path}: {name}: {str(cell)[:80]!r}; an object of plain facts is needed")

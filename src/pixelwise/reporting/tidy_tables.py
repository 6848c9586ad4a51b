"""Tidy tables of measured numbers: one row for each record and value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from pixelwise.errors import PixelwiseError
from pixelwise.files.listings import leaving_out
from pixelwise.record import Record, read_records
from pixelwise.reporting import same_network
from pixelwise.reporting.frames import check_facts, check_quantities, frame

COMMON = ("height", "width", "sigma", "precision", "batch", "scope", "mode")
"""Conditions that get a column of their own; all others stay in the JSON column `condition`."""

COLUMNS = (
    *("task", "kind", "model", "dataset", "protocol", "protocol_hash", *COMMON, "condition", "n", "seed"),
    *("metric", "value", "unit", "low", "high", "interval", "weights_sha256", "synthetic", "short"),
    *("source", "hardware"),
    *same_network.COLUMNS,
)
TEXT = (
    *same_network.COLUMNS,
    *("precision", "scope", "mode", "protocol_hash", "interval", "weights_sha256", "unit", "condition", "hardware"),
)
NUMBERS = ("height", "width", "sigma", "batch", "n", "seed", "value", "low", "high")
MARKS = ("synthetic", "short")
HIDDEN = ("label", "device", "warmup", "reference", "segmenter")
TIMING_KINDS = frozenset({"latency", "bench"})
TIMING_UNITS = frozenset({"s", "ms", "us", "images/s", "steps/s", "samples/s", "FLOP/s", "GFLOP/s", "TFLOP/s", "GB/s"})


def rows(record: Record, source: str) -> list[dict[str, Any]]:
    """One row for each value of `record`; `source` names the file that it was read from."""
    shared = {
        **record.model_dump(include={"task", "kind", "model", "dataset", "protocol", "protocol_hash", "n", "seed"}),
        **record.model_dump(include={"weights_sha256", "synthetic", "short"}),
        **{name: record.condition.get(name) for name in COMMON},
        "condition": json.dumps(record.condition, sort_keys=True),
        "hardware": json.dumps(record.hardware, sort_keys=True),
        "source": source,
        **same_network.columns(record),
    }
    return [{**shared, "metric": name, **value.model_dump()} for name, value in record.values.items()]


def gather(folders: dict[str, Path], left_out: list[str] | None = None) -> pd.DataFrame:
    """Read `metrics.json` of every folder that has one.

    Args:
        folders: Job id -> folder of that job's outputs.
        left_out: Receives one line for each file that is refused, which then has no row; None refuses all.

    Returns:
        Table with the columns `COLUMNS`, in the order of job ids, records and values.

    Raises:
        PixelwiseError: If a file is not of the format of `pixelwise.record`.
    """
    found: list[dict[str, Any]] = []
    for job, folder in sorted(folders.items()):
        path = folder / "metrics.json"
        if path.is_file():
            with leaving_out(left_out):
                found += [row for record in read_records(path) for row in rows(record, f"{job}/metrics.json")]
    return pd.DataFrame(found, columns=list(COLUMNS))


def split_timings(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part a table into numbers that repeat to the byte and numbers that were timed."""
    timed = table["kind"].isin(TIMING_KINDS) | table["unit"].isin(TIMING_UNITS)
    return table[~timed], table[timed]


def read(path: Path) -> pd.DataFrame:
    """Read a table that `pixelwise summarise` wrote.

    Raises:
        PixelwiseError: If the file is missing, was changed since it was made, or is not of this format.
    """
    if not path.is_file():
        raise PixelwiseError(f"{path}: no such file; 'snakemake --cores 2 all' makes it")
    words = [name for name in COLUMNS if name not in NUMBERS and name not in MARKS]
    needed = [name for name in COLUMNS if name not in same_network.COLUMNS]  # which earlier versions did not write
    table = frame(path, needed, words, MARKS, ("value", "low", "high"), dict.fromkeys(TEXT, "string"))
    table = table.reindex(columns=list(COLUMNS))
    for name in TEXT:
        table[name] = table[name].fillna("")
    for name in ("height", "width", "sigma", "batch", "value", "low", "high"):
        table[name] = pd.to_numeric(table[name], errors="coerce")
    check_quantities(table, path)
    check_facts(table, path, ("condition", "hardware"))
    return table


def read_all(summary: Path) -> pd.DataFrame:
    """Both tables of a summary, `metrics.csv` and `timings.csv`, as one."""
    return pd.concat([read(summary / "metrics.csv"), read(summary / "timings.csv")], ignore_index=True)


def each(table: pd.DataFrame) -> Iterator[Any]:
    """Rows as named tuples, of which a type checker knows nothing."""
    yield from table.itertuples(index=False)


def setting(row: Any) -> str:
    """Words for the condition of one row, such as `256x512, sigma 25, fp32, batch 1`."""
    words = []
    if pd.notna(row.height) and pd.notna(row.width):
        words.append(f"{int(row.height)}x{int(row.width)}")
    if pd.notna(row.sigma):
        words.append(f"sigma {float(row.sigma):g}")
    words += [str(text) for text in (row.precision, row.scope, row.mode) if pd.notna(text) and str(text)]
    if pd.notna(row.batch):
        words.append(f"batch {int(row.batch)}")
    return ", ".join(words)


def details(row: Any) -> str:
    """`setting` with the further conditions that fit into a table: no hashes, no labels, nothing of the hardware."""
    more = json.loads(row.condition) if row.condition else {}
    kept = {name: value for name, value in more.items() if name not in (*COMMON, *HIDDEN) and "sha256" not in name}
    words = [f"{name.replace('_', ' ')} {value}" for name, value in kept.items() if value not in (None, "", False)]
    return ", ".join([text for text in (setting(row), *words) if text])

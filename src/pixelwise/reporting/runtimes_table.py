"""This package's engine beside the runtimes that a user would pick: who is first, and how near to the bound."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from pixelwise.claims.shown_numbers import counted
from pixelwise.record import Record
from pixelwise.reporting import page_tables, tidy_tables
from pixelwise.reporting.page_tables import Table
from pixelwise.reporting.style import label
from pixelwise.reporting.tidy_tables import each

PROTOCOL = "other runtimes"
"""How the protocols of these comparisons begin."""
OURS = "optimised"
NAMES = {"eager": "PyTorch", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "tensorrt": "TensorRT"}
NOTE = (
    "A runtime's column is its time over this package's: above 1 this package is faster. All make the same picture "
    "from the same weights and labels. Level means that the interval holds 1. The last column is the operations done "
    "in the time, over the rate of a matrix product beside it; a convolution can do better than that product."
)


def compares(table: pd.DataFrame) -> pd.Series:
    """Which rows belong to these comparisons."""
    return table["protocol"].str.startswith(PROTOCOL)


def of_records(records: Iterable[Record]) -> Table:
    """The table of records that are not yet written."""
    rows = [row for record in records for row in tidy_tables.rows(record, "bench")]
    return runtimes(pd.DataFrame(rows, columns=list(tidy_tables.COLUMNS)), ("table-runtimes", "Other runtimes"))


def runtimes(table: pd.DataFrame, about: tuple[str, str]) -> Table:
    """One row for each network and setting; a column for each other runtime.

    Args:
        table: Rows of `tidy_tables` of one machine.
        about: Anchor and title.
    """
    own = table[compares(table)]
    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}  # setting, network -> runtime -> metric -> row
    rates: dict[str, float] = {}
    for row in each(own):
        network, _, runtime = str(row.model).partition("/")[0].partition(" ")
        if row.model == "matrix product" and row.metric == "speed":
            rates[_setting(row)] = float(row.value)
        elif row.model not in ("matrix product", "copy"):
            found.setdefault((_setting(row), network), {}).setdefault(runtime, {})[row.metric] = row
    others = list(dict.fromkeys(name for each_of in found.values() for name in each_of if name != OURS))
    head = ["setting", "network"]
    columns = [*head, "this package", *(NAMES.get(name, name) for name in others), "first", "share of the matrix rate"]
    rows = []
    for (setting, network), runs in found.items():
        if OURS in runs:
            ratios = {name: runs[name]["ratio"] for name in others if "ratio" in runs.get(name, {})}
            cells = [page_tables.estimate(ratios[name]) if name in ratios else "left out" for name in others]
            median = page_tables.estimate(runs[OURS]["median"])
            share = _share(runs[OURS], rates.get(setting))
            rows.append([setting, label(network), median, *cells, first(ratios), share])
    return Table(*about, columns, rows, NOTE, frozenset([*head, "first"]))


def first(ratios: Mapping[str, Any]) -> str:
    """Who is first, given each other runtime's time over this package's, with `value`, `low` and `high`.

    >>> from types import SimpleNamespace as R
    >>> first({"a": R(value=1.5, low=1.4, high=1.6)}), first({"a": R(value=0.9, low=0.8, high=0.95)})
    ('this package', 'a')
    >>> first({"a": R(value=0.99, low=0.9, high=1.1), "eager": R(value=1.1, low=0.9, high=1.3)})
    'level with a, PyTorch'
    """
    order = sorted(ratios, key=lambda name: (ratios[name].value, name))
    ahead = [NAMES.get(name, name) for name in order if ratios[name].high < 1]
    level = [NAMES.get(name, name) for name in order if ratios[name].low <= 1 <= ratios[name].high]
    return ahead[0] if ahead else "level with " + ", ".join(level) if level else "this package"


def _share(ours: Mapping[str, Any], rate: float | None) -> str:
    """Operations done in the time over a rate in TFLOP/s; empty where they could not be counted."""
    if rate is None or "executed" not in ours:
        return ""
    return f"{ours['executed'].value / ours['median'].value / rate:.2f}"  # GFLOP / ms = TFLOP/s


def _setting(row: Any) -> str:
    """Words for a setting: `256x512, fp32, batch 1, 1 thread`."""
    threads = int(json.loads(row.condition).get("threads", 0))
    more = [counted(threads, "thread")] if threads else []
    return ", ".join([tidy_tables.setting(row), *more])

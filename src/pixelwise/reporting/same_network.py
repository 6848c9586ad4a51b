"""Scores and times of one network, joined by what was run and never by a name."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pixelwise.artifacts import digest
from pixelwise.record import Record, Run

LABELS = ("num_labels", "instance_edge")
"""Options of the input channels alone, which follow from the labels of the data."""
COLUMNS = ("subject", "network", "body", "rival_network")


def columns(record: Record) -> dict[str, str]:
    """Of a record, digests of what was run: of all of it, of the network, of the network but for its label channels.

    Returns:
        `subject`, `network`, `body` and, of a pair `a/b`, `rival_network`; empty where the record does not say.
    """
    run, rival = record.subject, record.rival
    return {
        "subject": "" if run is None else run.digest,
        "network": _network(run),
        "body": _body(run),
        "rival_network": _network(rival),
    }


def _network(run: Run | None) -> str:
    if run is None:
        return ""
    return run.network if run.method is None else digest([run.network, run.method, run.options])


def _body(run: Run | None) -> str:
    if run is None:
        return ""
    options = {name: value for name, value in run.options.items() if name not in LABELS}
    return digest([run.architecture, run.method, options])


def of_network(rows: pd.DataFrame, scored: Any) -> tuple[pd.DataFrame, bool]:
    """The rows of the network that another row scored, those of its own name first.

    Args:
        rows: Rows with the columns `model`, `network` and `body`.
        scored: A row with these.

    Returns:
        The rows of one name; empty if the network has none. Whether they are of exactly this network: otherwise they
        are of the same with other label channels, which is all that may differ.
    """
    for name, exactly in (("network", True), ("body", False)):
        found = rows[rows[name].eq(getattr(scored, name)) & rows[name].ne("")]
        if len(found):
            own = found[found["model"].eq(scored.model)]
            return (own if len(own) else found[found["model"].eq(found["model"].iloc[0])]), exactly
    return rows.head(0), False


def told(untimed: list[str], other_labels: list[str]) -> str:
    """What a caption says of points that are not drawn, or that join networks with other label channels."""
    words = ""
    if untimed:
        words += f" Not drawn, since exactly this network was not timed: {', '.join(untimed)}."
    if other_labels:
        words += f" Timed with another number of label channels than scored: {', '.join(other_labels)}."
    return words

"""What a timing has finished, kept beside the job until it ends: whatever happens next, nothing is timed twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from pixelwise.artifacts import digest, read_json, write_json
from pixelwise.errors import PixelwiseError
from pixelwise.record import Record, Records, Scalar

Facts = dict[str, Scalar]


@dataclass
class Results:
    """What the step collects.

    Attributes:
        records: Latencies and ratios.
        samples: Every timed call.
        skipped: What could not be done, with the reason.
        states: The state of the device during each condition.
    """

    records: list[Record] = field(default_factory=list)
    samples: list[pd.DataFrame] = field(default_factory=list)
    skipped: list[dict[str, Any]] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)

    def add(self, other: Results) -> None:
        """Take what another one holds."""
        for name in ("records", "samples", "skipped", "states"):
            getattr(self, name).extend(getattr(other, name))


class Finished:
    """One file for each condition; those of another machine do not count.

    Args:
        folder: The job's own folder for what a killed run goes on from.
        machine: What the numbers are computed on.
    """

    def __init__(self, folder: Path, machine: Facts) -> None:
        self.folder, self.machine = folder, machine

    def _file(self, facts: Facts) -> Path:
        return self.folder / f"condition-{digest(facts)}.json"

    def read(self, facts: Facts) -> Results | None:
        """What was kept of a condition; None if it was not finished here, or the file is damaged."""
        path = self._file(facts)
        if not path.is_file():
            return None
        try:
            document = read_json(path)
            if document["machine"] != self.machine:
                return None
            records = Records(records=document["records"]).records
            samples = [pd.DataFrame(rows) for rows in document["samples"]]
            return Results(records, samples, document["skipped"], document["states"])
        except (PixelwiseError, ValueError, KeyError, TypeError):
            return None

    def keep(self, facts: Facts, found: Results) -> None:
        """Keep a condition."""
        document: dict[str, Any] = {"machine": self.machine, "skipped": found.skipped, "states": found.states}
        document["records"] = [record.model_dump(mode="json") for record in found.records]
        document["samples"] = [table.to_dict("list") for table in found.samples]
        write_json(self._file(facts), document)

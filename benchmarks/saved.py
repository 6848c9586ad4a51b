"""Sections of a benchmark that have ended, kept until the whole has: an interrupted benchmark goes on behind them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from benchmarks.sections import Bench
from pixelwise.artifacts import read_json, write_json
from pixelwise.record import Record


class Saved:
    """The sections of one process.

    Args:
        folder: Holds one file for each; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def section(self, name: str, bench: Bench, measure: Callable[[Bench], object]) -> None:
        """Add a section's records, samples and problems to the bench: those kept, or measured now and kept.

        A section with a problem is not kept, so that the next run tries it again.
        """
        if self.folder is None:
            measure(bench)
            return
        path = self.folder / f"{re.sub('[^a-z0-9]+', '-', name.lower())}.json"
        if path.is_file():
            document = read_json(path)
            bench.records += [Record.model_validate(record) for record in document["records"]]
            bench.samples += document["samples"]
            return
        records, samples, problems = len(bench.records), len(bench.samples), len(bench.problems)
        measure(bench)
        if len(bench.problems) == problems:
            path.parent.mkdir(parents=True, exist_ok=True)
            made = [record.model_dump(mode="json") for record in bench.records[records:]]
            write_json(path, {"records": made, "samples": bench.samples[samples:]})

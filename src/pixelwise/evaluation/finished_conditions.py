"""What a process of a timing has finished, kept beside the job until it ends: nothing is timed twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from pixelwise.artifacts import digest, read_json, write_json
from pixelwise.errors import PixelwiseError
from pixelwise.files.reading import checked
from pixelwise.record import Scalar

Facts = dict[str, Scalar]


class Results(BaseModel):
    """What a process found under one condition.

    Attributes:
        times: Label -> milliseconds of every timed call; the same position is the same round.
        memory: Label -> what one call takes at most, in MiB; only the first process measures it.
        skipped: What could not be done, with the reason.
        states: The state of the device meanwhile; a method without a network has none.
    """

    model_config = ConfigDict(extra="forbid")
    times: dict[str, list[float]] = {}
    memory: dict[str, float] = {}
    skipped: list[dict[str, Any]] = []
    states: list[dict[str, Any]] = []


class Finished:
    """One file for each condition; those of another machine do not count.

    Args:
        folder: Of one process, for what a killed run goes on from.
        machine: What the numbers are computed on, and which of its kind it is.
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
            found = checked(Results, document["found"], str(path))
            return found if document["machine"] == self.machine else None
        except (PixelwiseError, KeyError, TypeError):
            return None

    def keep(self, facts: Facts, found: Results) -> None:
        """Keep a condition."""
        write_json(self._file(facts), {"machine": self.machine, "found": found.model_dump(mode="json")})

"""Results noted one by one, so that a killed run need not compute them again."""

from __future__ import annotations

import json
from pathlib import Path

from pixelwise.artifacts import write_text


class Ledger:
    """A file of JSON lines, each {"key": ..., "scores": {...}}; a last line that a kill cut short is ignored.

    Args:
        path: The file; made when the first result is noted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, dict[str, float]] = {}
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
        whole = [line for line in lines if line.endswith("\n")]
        for line in whole:
            entry = json.loads(line)
            self._known[entry["key"]] = entry["scores"]
        if len(whole) < len(lines):
            write_text(path, "".join(whole))

    def get(self, key: str) -> dict[str, float] | None:
        """The result noted under `key`, or None."""
        return self._known.get(key)

    def put(self, key: str, scores: dict[str, float]) -> dict[str, float]:
        """Note a result and return it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"key": key, "scores": scores}) + "\n")
        self._known[key] = scores
        return scores

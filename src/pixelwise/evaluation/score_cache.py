"""Results noted one by one, so that a killed run need not compute them again."""

from __future__ import annotations

from pathlib import Path

from pixelwise.artifacts import write_text
from pixelwise.errors import PixelwiseError
from pixelwise.files.listings import log
from pixelwise.files.reading import text
from pixelwise.files.step_documents import Noted


class ScoreCache:
    """A file of JSON lines, each {"key": ..., "scores": {...}}; a last line that a kill cut short is ignored.

    Args:
        path: The file; made when the first result is noted.

    Raises:
        PixelwiseError: If another line is none of these.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, dict[str, float]] = {}
        if not path.exists():
            return
        written = text(path)
        whole = written[: written.rfind("\n") + 1]
        if len(whole) < len(written):
            write_text(path, whole)
        entries, problems = log(path, Noted, "the scores of finished images")
        if problems:
            raise PixelwiseError(problems[0])
        self._known = {entry.key: entry.scores for entry in entries}

    def get(self, key: str) -> dict[str, float] | None:
        """The result noted under `key`, or None."""
        return self._known.get(key)

    def put(self, key: str, scores: dict[str, float]) -> dict[str, float]:
        """Note a result and return it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(Noted(key=key, scores=scores).model_dump_json() + "\n")
        self._known[key] = scores
        return scores

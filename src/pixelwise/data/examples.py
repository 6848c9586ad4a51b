"""Examples on disk, and what the ids of label maps mean: what every reader of a data set gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pixelwise.errors import PixelwiseError

IGNORE = 255
CITYSCAPES, CAMVID = "Cityscapes", "CamVid"
"""Palettes that are known by name."""

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Entry:
    """One example on disk: its unique name and the files that belong together."""

    name: str
    image: Path
    label: Path | None = None
    instance: Path | None = None
    blurred: Path | None = None

    @property
    def files(self) -> dict[str, Path]:
        """Files present, by role."""
        roles = {"image": self.image, "label": self.label, "instance": self.instance, "blurred": self.blurred}
        return {role: path for role, path in roles.items() if path is not None}


@dataclass(frozen=True)
class Listing:
    """The examples of one split in natural order, every defect of pairing, and what was left out, one line each."""

    entries: list[Entry] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def sound(self) -> Listing:
        """The same, if nothing is wrong with it.

        Raises:
            PixelwiseError: With the first defect, and how many more there are.
        """
        if self.defects:
            count = len(self.defects) - 1
            more = f" (and {count} more defect{'s' if count > 1 else ''})" if count else ""
            raise PixelwiseError(self.defects[0] + more)
        return self


@dataclass(frozen=True)
class LabelTable:
    """The label ids of a data set, 0 to len(names) - 1.

    Attributes:
        names: Name of each id.
        palette: Colour of each id for figures, 0 to 255.
        eval_map: For each id the class that evaluations count it as, or 255 for none.
        eval_names: Names of these classes.
        dontcare: Whether id 255 is legal in the files; it is then read as the last id.
    """

    names: tuple[str, ...]
    palette: tuple[Colour, ...]
    eval_map: tuple[int, ...]
    eval_names: tuple[str, ...]
    dontcare: bool = False

    @property
    def allowed(self) -> str:
        """The legal ids, for messages."""
        last = len(self.names) - 1
        return f"0 to {last - 1} and {IGNORE}" if self.dontcare else f"0 to {last}"

"""The few pictures that git keeps of a run: at most 8 of a data set, 256 pixels wide, with source and licence.

A data set is what is cited as the pictures' source: gray BSD68 and colour BSDS500 show the photographs of one set.
Label maps, noisy and restored pictures count like the photographs that they come from. What a network made of a label
map alone shows no photograph, and stands beside the rows that are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydantic import Field

from pixelwise.artifacts import atomic, check_listed, write_json, write_text
from pixelwise.data.pack import FACTS, read_facts
from pixelwise.files.reading import read as read_document
from pixelwise.reporting.sample_grids import Grid, Picture, read, shrunk
from pixelwise.settings.base import Flag, Inside, Settings, Text
from pixelwise.settings.base import Word as Name

MOST, WIDEST, LEAST = 8, 256, 3
"""Pictures of a data set; pixels across; pictures of a row: what is given (two), and what a method made of it."""
LIST, TOLD = "pictures.json", "SOURCES.txt"
NOTE = (
    f"Git keeps at most {MOST} pictures of a data set, and what networks made of its label maps. "
    "The page that the run itself writes shows more."
)


class PictureSource(Settings):
    """Whose pictures a data set of a run shows.

    Attributes:
        dataset: Its name in the run.
        kind: Its kind.
        citation: What is cited as its source.
        licence: Terms under which it is published.
        address: Where it comes from.
        synthetic: Whether a program drew it.
    """

    dataset: Name
    kind: Name
    citation: Text = ""
    licence: Text = Field(min_length=1)
    address: Text = Field(min_length=1)
    synthetic: Flag

    @property
    def cited(self) -> str:
        """What its pictures are counted by."""
        return self.citation or self.kind


class KeptPicture(Settings):
    """One picture: its file, and where it stands in which grid of samples."""

    file: Inside
    grid: Name
    title: Text
    row: Name
    column: Name
    alt: Text
    dataset: Name
    flat: Flag
    generated: Flag = False


class KeptPictures(Settings):
    """`pictures.json`: what git keeps of a run's pictures."""

    sources: list[PictureSource] = Field(min_length=1)
    pictures: list[KeptPicture] = Field(min_length=1)


def sources(folders: dict[str, Path]) -> dict[str, PictureSource]:
    """Name of a data set in a run -> whose pictures it shows, by its prepared data.

    Args:
        folders: Job id -> folder; `prepare/<dataset>` are used, if they say a licence.
    """
    found = {}
    for job, folder in folders.items():
        if job.startswith("prepare/") and (folder / FACTS).is_file():
            check_listed(folder / FACTS)
            facts = read_facts(folder)
            told = {name: str(facts.get(name) or "") for name in ("kind", "citation", "licence", "address")}
            name = job.removeprefix("prepare/")
            if told["licence"]:
                found[name] = PictureSource(dataset=name, synthetic=facts["synthetic"], **told)
    return found


def held(records: Iterable[Path]) -> Counter[str]:
    """Pictures that records hold of each set, by what is cited."""
    found: Counter[str] = Counter()
    for record in records:
        if (record / LIST).is_file():
            kept = read_document(record / LIST, KeptPictures)
            cited = {source.dataset: source.cited for source in kept.sources}
            found.update(cited[picture.dataset] for picture in kept.pictures if not picture.generated)
    return found


def chosen(grids: Sequence[Grid], known: dict[str, PictureSource], others: Counter[str]) -> list[Grid]:
    """The grids with as many pictures as git may keep, the grid of the most columns first.

    Whole rows are kept where they fit. Of a longer row those are kept that come nearest to the row's first picture, in
    turn from each family of methods, so that none is chosen by eye.

    Args:
        grids: All grids of a page.
        known: Whose pictures a data set shows; of others nothing is kept.
        others: Pictures of each set that other records hold already.
    """
    used, kept = Counter(others), {}
    for grid in sorted(grids, key=lambda grid: -len(grid.columns)):
        owner = known.get(grid.dataset)
        if owner is None:
            continue
        few = _few(grid, MOST - used[owner.cited])
        used[owner.cited] += sum(_counted(cells) for _, cells in few.rows)
        if few.rows:
            kept[grid.id] = few
    return [kept[grid.id] for grid in grids if grid.id in kept]


def _shown(cells: Sequence[Picture | None]) -> int:
    return sum(cell is not None for cell in cells)


def _counted(cells: Sequence[Picture | None]) -> int:
    """Pictures of a row that show the data set's own."""
    return sum(cell is not None and not cell.generated for cell in cells)


def _few(grid: Grid, most: int) -> Grid:
    """A grid with at most `most` pictures of the data set."""
    full = sorted(grid.rows, key=lambda row: -_shown(row[1]))
    longest = full[0][1] if full else []
    count = _counted(longest)
    if _shown(longest) < LEAST or most < min(count, LEAST):
        return replace(grid, rows=[])
    alike = [row for row in full if (_shown(row[1]), _counted(row[1])) == (_shown(longest), count)]
    whole = alike[: max(1, most // max(count, 1))]
    places = [place for place in range(len(grid.columns)) if any(cells[place] for _, cells in whole)]
    if count > most:
        places = sorted(_nearest(grid, whole[0][1])[:most])
    rows = [(name, [cells[place] for place in places]) for name, cells in whole]
    return replace(grid, columns=[grid.columns[place] for place in places], rows=rows, note=f"{grid.note} {NOTE}")


def _nearest(grid: Grid, cells: Sequence[Picture | None]) -> list[int]:
    """Columns in the order in which they are kept: the two that are given, then methods, family by family in turn."""
    present = [(place, cell.pixels) for place, cell in enumerate(cells) if cell is not None]
    first = present[0][1].astype(float)
    families: dict[str, list[tuple[float, int]]] = {}
    for place, pixels in present[2:]:
        apart = float(np.square(pixels - first).mean()) if pixels.shape == first.shape else float("inf")
        families.setdefault(grid.columns[place].split()[0], []).append((apart, place))
    turns = [(turn, apart, place) for group in families.values() for turn, (apart, place) in enumerate(sorted(group))]
    return [place for place, _ in present[:2]] + [place for *_, place in sorted(turns)]


def write(folder: Path, grids: Sequence[Grid], known: dict[str, PictureSource]) -> None:
    """Write the pictures of grids as PNG files, their list, and a text with their sources and licences.

    Args:
        folder: A new folder; without a picture nothing is written.
        grids: As `chosen` gave them.
        known: Whose pictures each data set shows.
    """
    listed = []
    for grid in grids:
        for line, (row, cells) in enumerate(grid.rows):
            for place, cell in enumerate(cells):
                if cell is None:
                    continue
                file = f"{grid.id}-{line}-{place}.png"
                with atomic(folder / file) as path:
                    shrunk(cell, WIDEST).save(path, "PNG", optimize=True)
                words = {"title": grid.title, "row": row, "column": grid.columns[place], "alt": cell.alt}
                words |= {"file": file, "grid": grid.id, "dataset": grid.dataset}
                listed.append(KeptPicture(flat=cell.flat, generated=cell.generated, **words))
    if not listed:
        return
    named = [known[name] for name in dict.fromkeys(picture.dataset for picture in listed)]
    write_json(folder / LIST, KeptPictures(sources=named, pictures=listed).model_dump(mode="json"))
    lines = [
        f"- {source.dataset}: {source.citation or source.kind}. From {source.address}. Licence: {source.licence}."
        for source in named
    ]
    told = "\n".join(lines)
    write_text(folder / TOLD, f"Whose pictures these are\n\n{NOTE}\n\n{told}\n")


def owners(folder: Path) -> dict[str, PictureSource]:
    """Name of a data set -> whose pictures it shows, of those that `write` wrote to a folder."""
    return {source.dataset: source for source in read_document(folder / LIST, KeptPictures).sources}


def grids(folder: Path) -> list[Grid]:
    """The grids that `write` wrote to a folder; none if it holds no pictures."""
    if not (folder / LIST).is_file():
        return []
    kept = read_document(folder / LIST, KeptPictures)
    synthetic = {source.dataset: source.synthetic for source in kept.sources}
    found = []
    for name in dict.fromkeys(picture.grid for picture in kept.pictures):
        own = [picture for picture in kept.pictures if picture.grid == name]
        columns = list(dict.fromkeys(picture.column for picture in own))
        cells = {(p.row, p.column): Picture(read(folder / p.file), p.alt, p.flat, p.generated) for p in own}
        rows = [(row, [cells.get((row, column)) for column in columns]) for row in dict.fromkeys(p.row for p in own)]
        first = own[0]
        found.append(Grid(name, first.title, NOTE, columns, rows, synthetic[first.dataset], first.dataset))
    return found

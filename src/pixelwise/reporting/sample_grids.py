"""Sample grids: pictures of a run, shrunk and compressed into the page."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelwise.artifacts import check_listed, read_made
from pixelwise.data import read_images
from pixelwise.data.pack import FACTS, Pack, read_facts
from pixelwise.files.listings import leaving_out
from pixelwise.files.step_documents import Samples
from pixelwise.record import read_records
from pixelwise.reporting.bounds_of_quality import BOUNDS
from pixelwise.reporting.curves import parts
from pixelwise.reporting.style import label

METRICS = "metrics.json"
FIRST = ("clean", "degraded")
UNSEEN = ("identity", "pointwise_oracle", "tile_wiener_oracle")
"""Beginnings of the names of methods whose pictures show nothing beyond the degraded image or the method beside."""


@dataclass(frozen=True)
class Picture:
    """One cell of a grid.

    Attributes:
        pixels: uint8 [H, W, 3] or [H, W].
        alt: What it shows.
        flat: Whether its edges must stay sharp.
        generated: Whether a network made it from a label map alone, so that it shows nothing of a photograph.
    """

    pixels: NDArray[np.uint8]
    alt: str
    flat: bool = False
    generated: bool = False


@dataclass(frozen=True)
class Grid:
    """A grid of pictures.

    Attributes:
        id: Anchor in the page.
        title: Heading.
        note: What a reader must know.
        columns: Headings of the columns.
        rows: Name of the image -> its cells, one for each column; None where a picture is missing.
        synthetic: True if the data were drawn by a program.
        dataset: Name of the data set whose pictures these are.
    """

    id: str
    title: str
    note: str
    columns: list[str]
    rows: list[tuple[str, list[Picture | None]]]
    synthetic: bool
    dataset: str


def shrunk(picture: Picture, width: int) -> Image.Image:
    """The picture, at most `width` pixels wide; never enlarged."""
    image = Image.fromarray(picture.pixels)
    if image.width <= width:
        return image
    size = (width, max(1, round(image.height * width / image.width)))
    return image.resize(size, Image.Resampling.NEAREST if picture.flat else Image.Resampling.LANCZOS)


def data_url(picture: Picture, width: int, quality: int) -> str:
    """The picture as a `data:` address: PNG with a palette for flat colours, else WebP; never enlarged.

    Args:
        picture: What to encode.
        width: Largest width in pixels.
        quality: WebP quality, 1 to 100.
    """
    image = shrunk(picture, width)
    buffer = io.BytesIO()
    if picture.flat:
        image.quantize(256).save(buffer, "PNG", optimize=True)
        kind = "png"
    else:
        image.save(buffer, "WEBP", quality=quality, method=4)
        kind = "webp"
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def read(path: Path) -> NDArray[np.uint8]:
    """Pixels of an image file.

    Raises:
        PixelwiseError: If it is not an image.
    """
    return np.asarray(read_images.pixels(read_images.read(path), path, channels=None))


def colours(label_map: NDArray[np.uint8], palette: list[list[int]]) -> NDArray[np.uint8]:
    """Label map [H, W] as colours [H, W, 3]; ids beyond the palette are black."""
    table = np.zeros((256, 3), dtype=np.uint8)
    table[: len(palette)] = np.asarray(palette, dtype=np.uint8)
    return table[label_map]


def translations(folders: dict[str, Path], images: int, left_out: list[str] | None = None) -> Iterator[Grid]:
    """One grid for each data set with generated pictures: label map, photograph, one column for each model.

    Args:
        folders: Job id -> folder; `generate/<dataset>/<name>/seed<k>` and `prepare/<dataset>` are used. Of several
            seeds the first is shown.
        images: Number of rows.
        left_out: Receives one line for each data set or list that is refused; None refuses all.
    """
    made: dict[str, dict[str, Path]] = {}
    for job, folder in sorted(folders.items()):
        if job.startswith("generate/"):
            dataset, model, _ = parts(job)
            if model in BOUNDS:
                continue
            made.setdefault(dataset, {}).setdefault(model, folder / "images")
    for dataset, models in made.items():
        prepared = folders.get(f"prepare/{dataset}")
        if prepared is not None and (prepared / FACTS).is_file():
            with leaving_out(left_out):
                check_listed(prepared / FACTS)
                yield _translation(dataset, prepared, models, images, left_out)


def _translation(
    dataset: str, prepared: Path, models: dict[str, Path], images: int, left_out: list[str] | None
) -> Grid:
    facts, pack = read_facts(prepared), Pack(prepared, "val")
    first = next(iter(models.values()))
    known = [place for place, name in enumerate(pack.names) if (first / f"{name}.png").is_file()]
    real = "drawn scene" if facts["synthetic"] else "photograph"
    rows = []
    for place in known[:: max(1, len(known) // images)][:images]:
        name = pack.names[place]
        label_map = pack.label(place)
        assert label_map is not None
        cells: list[Picture | None] = [
            Picture(colours(label_map, facts["palette"]), f"Label map of {name}", flat=True),
            Picture(np.asarray(pack.image(place)), f"{real.capitalize()} {name}"),
        ]
        for model, folder in models.items():
            path = folder / f"{name}.png"
            made = _cell(path if path.is_file() else None, f"{label(model)}: {name}", left_out)
            cells.append(None if made is None else replace(made, generated=True))
        rows.append((name, cells))
    columns = ["label map", real, *(label(model) for model in models)]
    note = "Evenly spaced images of the validation split, not chosen by eye; first seed of each model."
    return Grid(
        *(f"samples-{dataset}", f"From label maps to pictures: {dataset}", note, columns, rows),
        *(facts["synthetic"], dataset),
    )


def restorations(folders: dict[str, Path], images: int, left_out: list[str] | None = None) -> Iterator[Grid]:
    """One grid for each restoration protocol: clean, degraded, one column for each method worth a look.

    Args:
        folders: Job id -> folder; `samples.json` of `restore/<protocol>/<name>/seed<k>` lists its crops as `file`,
            `image`, `sigma` and `method`, which is `clean`, `degraded` or a method's name.
        images: Number of rows.
        left_out: See `translations`.
    """
    found: dict[str, dict[tuple[str, str], Path]] = {}
    datasets: dict[str, str] = {}
    for job, folder in sorted(folders.items()):
        listing = folder / "samples.json"
        if job.startswith("restore/") and listing.is_file():
            cells = found.setdefault(parts(job)[0], {})
            with leaving_out(left_out):
                if parts(job)[0] not in datasets:
                    datasets.update((parts(job)[0], record.dataset) for record in read_records(folder / METRICS))
            with leaving_out(left_out):
                for entry in read_made(listing, Samples).samples:
                    where = f"{entry.image}, sigma {entry.sigma:g}"
                    cells.setdefault((where, entry.method), folder / entry.file)
    for protocol, cells in found.items():
        methods = sorted(
            {method for _, method in cells if not method.startswith(UNSEEN)}, key=lambda name: (_rank(name), name)
        )
        rows: list[tuple[str, list[Picture | None]]] = [
            (where, [_cell(cells.get((where, name)), f"{label(name)}: {where}", left_out) for name in methods])
            for where in sorted({where for where, _ in cells})[:images]
        ]
        columns = [method if method in FIRST else label(method) for method in methods]
        note = "The same crop from the centre for every method, never enlarged; the first images of the protocol."
        if rows:
            title = f"Restoration: {protocol}"
            yield Grid(f"samples-{protocol}", title, note, columns, rows, False, datasets.get(protocol, ""))


def _rank(method: str) -> tuple[int, str]:
    order = [*FIRST, "tile_mean", "tile_wiener", "bm3d", "dncnn"]
    return next((place for place, name in enumerate(order) if method.startswith(name)), len(order)), method


def _cell(path: Path | None, alt: str, left_out: list[str] | None) -> Picture | None:
    """A picture that a job made; None if it is missing, changed or not readable, with a line in `left_out`."""
    if path is not None:
        with leaving_out(left_out):
            check_listed(path)
            return Picture(read(path), alt)
    return None

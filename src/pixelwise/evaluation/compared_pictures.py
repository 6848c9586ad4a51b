"""The pictures that an evaluation looks at: photographs of a prepared pack, or generated PNG files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pixelwise.data import read_images as decoding
from pixelwise.data.pack import Pack
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import subjects
from pixelwise.files.reading import checked, read
from pixelwise.files.step_documents import Generation
from pixelwise.record import Run, Scalar

GENERATION = "generation.json"


@dataclass(frozen=True)
class Pictures:
    """Pictures by position.

    Attributes:
        indices: Position of each picture's partner in the pack, shape [n].
        read: Position 0 .. n-1 -> uint8 [H, W, 3].
        weights_sha256: Hash of the weights that made them; None for photographs.
        run: What made them.
        short: True if they come from a run shorter than the published one, or are fewer than the split holds.
    """

    indices: list[int]
    read: Callable[[int], NDArray[np.uint8]]
    weights_sha256: str | None
    short: bool
    run: Run | None = None

    def __len__(self) -> int:
        return len(self.indices)


def unusual(split: str) -> dict[str, Scalar]:
    """The condition of scores that are not of the validation split, of which claims speak."""
    return {} if split == "val" else {"split": split}


def photographs(pack: Pack, limit: int | None) -> Pictures:
    """The real images of a split, the first `limit` of them."""
    n = min(limit or len(pack), len(pack))
    return Pictures(
        list(range(n)), lambda i: as_rgb(pack.image(i)), None, n < len(pack), subjects.method("photographs")
    )


def partners(pack: Pack, pictures: Pictures) -> Pictures:
    """The photographs of the label maps that `pictures` belong to, in the same order."""
    return Pictures(pictures.indices, lambda i: as_rgb(pack.image(pictures.indices[i])), None, pictures.short)


def label_map(pack: Pack, position: int) -> NDArray[np.uint8]:
    """The label map that a picture is made of, uint8 [H, W].

    Raises:
        PixelwiseError: If the split has none.
    """
    label = pack.label(position)
    if label is None:
        raise PixelwiseError(f"{pack.directory}: no label maps in split {pack.split}; translation needs them")
    return label


def generated(folder: Path, pack: Pack, limit: int | None) -> Pictures:
    """What the generate step wrote.

    Args:
        folder: Output of the generate step: generation.json and images/<name>.png.
        pack: Split whose label maps were used.
        limit: Use only the first so many.

    Raises:
        PixelwiseError: If a name is not in the pack, or a file is missing or unreadable.
    """
    facts = read(folder / GENERATION, Generation)
    names = facts.names[:limit]
    position = {name: i for i, name in enumerate(pack.names)}
    for name in names:
        if name not in position:
            raise PixelwiseError(f"{folder / GENERATION}: {name}; not in the split {pack.split} of {pack.directory}")
    paths = [folder / "images" / f"{name}.png" for name in names]
    short = facts.short or len(names) < len(pack)
    run = None if facts.run is None else checked(Run, facts.run, f"{folder / GENERATION}: run")
    return Pictures([position[name] for name in names], lambda i: read_rgb(paths[i]), facts.weights_sha256, short, run)


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """Read an image file as uint8 [H, W, 3].

    Raises:
        PixelwiseError: If the file is missing or no readable image.
    """
    return np.asarray(decoding.pixels(decoding.read(path), path, channels=3))


def as_rgb(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Gray [H, W] or colour [H, W, 3] -> colour [H, W, 3]."""
    return np.repeat(image[:, :, None], 3, axis=2) if image.ndim == 2 else np.asarray(image)

"""Street scenes drawn by a program, written in Cityscapes' folder layout and file format.

They let the whole pipeline run without any download. Images, label maps and instance maps come from one model of the
scene, so occlusion, perspective, light and texture agree with the labels. No number measured on them speaks about a
real data set.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from pixelwise.artifacts import atomic
from pixelwise.data.kinds.streets import Options
from pixelwise.data.scenery import shading, street, traffic
from pixelwise.data.scenery.canvas import Canvas
from pixelwise.data.scenery.parts import Stage
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset

TOWNS = {"train": ("drawnburg", "drawnstadt", "drawnheim"), "val": ("drawnhausen",)}
OVERSAMPLING = 2
READOUT_NOISE = 1.2  # standard deviation in grey levels


def scene(
    rng: np.random.Generator, height: int, width: int, style: int = 0
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.uint16]]:
    """Draw one street.

    Args:
        rng: Source of everything random.
        height: Rows.
        width: Columns.
        style: Which car carries the camera.

    Returns:
        Image uint8 [H, W, 3]; label ids uint8 [H, W]; instance ids uint16 [H, W], which are 1000 * label + number for
        single objects of the classes person to bicycle, and the label otherwise.
    """
    k = OVERSAMPLING
    air, camera = street.weather(rng), street.camera(rng, k * height, k * width)
    canvas = Canvas(camera, air.sun)
    place = street.Street(Stage(canvas, rng))
    place.ground()
    place.skyline()
    place.rows()
    traffic.furnish(place)
    traffic.own_car(canvas, style)
    fine = shading.shade(canvas, air, rng)
    rgb = np.asarray(sum(fine[i::k, j::k] for i in range(k) for j in range(k)), np.float32) / np.float32(k * k)
    noise = rng.standard_normal(rgb.shape, dtype=np.float32) * np.float32(READOUT_NOISE)
    image = np.clip(np.rint(255 * np.clip(rgb, 0, 1) ** np.float32(0.8) + noise), 0, 255).astype(np.uint8)
    label = np.asarray([s.label for s in canvas.surfaces], np.uint8)
    instance = np.asarray(
        [s.label if s.instance < 0 else 1000 * s.label + s.instance for s in canvas.surfaces], np.uint16
    )
    numbers = canvas.numbers()[::k, ::k]
    return image, label[numbers], instance[numbers]


def write(dataset: Dataset, out: Path) -> None:
    """Draw the scenes that an entry of kind `streets` asks for, see `draw`."""
    assert dataset.train is not None and dataset.val is not None
    assert dataset.height is not None and dataset.width is not None
    draw(out, dataset.train, dataset.val, dataset.height, dataset.width, dataset.more(Options).seed)


def draw(out: Path, train: int, val: int, height: int, width: int, seed: int) -> None:
    """Write drawn street scenes in the official Cityscapes layout; one whose files are there is not drawn again.

    Files are `leftImg8bit/<split>/<town>/<town>_<sequence>_<frame>_leftImg8bit.png` and, below `gtFine`,
    `..._gtFine_labelIds.png` (8 bit, the 35-id table) and `..._gtFine_instanceIds.png` (16 bit). The bytes depend on
    the arguments alone: picture i of a split is the same whatever the number of pictures.

    Args:
        out: Folder to write into.
        train: Number of training scenes.
        val: Number of validation scenes.
        height: Rows of every picture.
        width: Columns of every picture.
        seed: Seed of all scenes.

    Raises:
        PixelwiseError: If a size or number is out of range.
    """
    if min(height, width) < 16 or min(train, val) < 0:
        raise PixelwiseError(
            f"streets: {train}+{val} scenes of {height}x{width}; needs sides of 16 or more, numbers of 0 or more"
        )
    for code, (split, count) in enumerate((("train", train), ("val", val))):
        for i in range(count):
            town = i % len(TOWNS[split])
            name = TOWNS[split][town]
            stem = f"{name}_{i:06d}_000019"
            files = [
                out / folder / split / name / f"{stem}_{kind}.png"
                for folder, kind in (
                    ("leftImg8bit", "leftImg8bit"),
                    ("gtFine", "gtFine_labelIds"),
                    ("gtFine", "gtFine_instanceIds"),
                )
            ]
            if all(file.is_file() for file in files):
                continue
            drawn = scene(np.random.default_rng([seed, code, i]), height, width, town)
            for file, pixels in zip(files, drawn, strict=True):
                with atomic(file) as path:
                    Image.fromarray(np.asarray(pixels)).save(path)

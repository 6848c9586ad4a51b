"""The real photographs that ship inside scikit-image: denoising data that need no download."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from pixelwise.artifacts import atomic
from pixelwise.data import read_images
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset

# Licences: public domain, CC0 or CC BY as stated for each picture in scikit-image's `skimage.data` documentation.
TRAIN = (
    "brick.png",
    "cell.png",
    "clock_motion.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "moon.png",
    "motorcycle_left.png",
    "motorcycle_right.png",
    "page.png",
    "retina.jpg",
    "rocket.jpg",
    "text.png",
)
VAL = ("astronaut.png", "camera.png", "chelsea.png", "coffee.png", "coins.png")
TRAIN_SIDE, VAL_SIDE = 512, 256


def luma(image: Image.Image) -> npt.NDArray[np.uint8]:
    """Gray values of a picture, Y = 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded.

    Computed by Pillow in 16-bit fixed point, so that it is the same on every machine.

    Args:
        image: Gray or colour picture.

    Returns:
        uint8 [H, W].
    """
    return np.asarray(image.convert("L"))


def centre_crop(image: npt.NDArray[np.uint8], side: int) -> npt.NDArray[np.uint8]:
    """The central `side` x `side` pixels of an image [H, W], or all of an axis that is shorter."""
    height, width = image.shape[:2]
    top, left = max(0, (height - side) // 2), max(0, (width - side) // 2)
    return image[top : top + side, left : left + side]


def fetch(_: Dataset, out: Path) -> None:
    """What `write` does, for a data set of kind `photos`."""
    write(out)


def write(out: Path) -> None:
    """Write the photographs as gray PNG files `out/{train,val}/<name>.png`.

    The split is fixed: both pictures of the stereo pair are in `train`. Validation pictures are cropped to their
    central 256 x 256 pixels and training pictures to 512 x 512, without resizing.

    Args:
        out: Folder to write into.

    Raises:
        PixelwiseError: If the installed scikit-image lacks a picture or it cannot be read.
    """
    folder = Path(str(resources.files("skimage"))) / "data"
    for split, names, side in (("train", TRAIN, TRAIN_SIDE), ("val", VAL, VAL_SIDE)):
        for name in names:
            try:
                gray = centre_crop(luma(read_images.read(folder / name)), side)
            except (PixelwiseError, OSError) as error:
                raise PixelwiseError(f"{error}; needs the pictures inside scikit-image") from None
            with atomic(out / split / f"{Path(name).stem}.png") as path:
                Image.fromarray(gray).save(path)

"""A user's own label map -> picture, by a trained generator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelwise.artifacts import atomic
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation.generator import Generator
from pixelwise.evaluation.hardware import select_device

ID_MODES = ("L", "I", "I;16", "I;16B")
EXACT = ("PNG", "TIFF", "BMP", "PPM")
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")


def translate(
    labels: Path, out: Path, checkpoint: Path, instances: Path | None = None, device: str = "auto", threads: int = 1
) -> None:
    """Make a picture of a label map.

    Nothing is resized: a map of a size that the network cannot take is refused, with the sizes that it can.

    Args:
        labels: Image with one label id per pixel, gray, 8 or 16 bits.
        out: Picture to write; its suffix chooses the format.
        checkpoint: A generator trained or converted by this project.
        instances: Image with one instance id per pixel, gray, 8 to 32 bits, of the same size.
        device: "auto", "cpu" or "cuda".
        threads: Threads on the CPU.

    Raises:
        PixelwiseError: One line that names the file, what was found and what is allowed.
    """
    if out.suffix.lower() not in PICTURES:
        raise PixelwiseError(f"{out}: suffix '{out.suffix}'; allowed are {', '.join(PICTURES)}")
    if out.is_dir():
        raise PixelwiseError(f"{out}: a folder; name the picture to write")
    ids = read_ids(labels)
    objects = read_ids(instances) if instances is not None else None
    generator = Generator(checkpoint, select_device(device, threads))
    _check(generator, labels, ids, instances, objects)
    label = ids.astype(np.uint8)[None]
    instance = objects[None] if objects is not None and generator.instance_edge else None
    try:
        picture = generator(label, instance)[0]
    except PixelwiseError as error:
        raise PixelwiseError(f"{labels}: {ids.shape[0]}x{ids.shape[1]} pixels (height x width); {error}") from None
    with atomic(out) as temporary:
        Image.fromarray(picture).save(temporary)


def read_ids(path: Path) -> NDArray[np.int32]:
    """Read an image of ids, [H, W].

    Raises:
        PixelwiseError: If the file is missing, no image, one of several frames or of a lossy format, or a colour or
            palette image.
    """
    try:
        with Image.open(path) as image:
            mode, kind, frames, ids = image.mode, image.format, getattr(image, "n_frames", 1), np.asarray(image)
    except FileNotFoundError:
        raise PixelwiseError(f"{path}: no such file") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = str(error).split("\n")[0]
        raise PixelwiseError(f"{path}: not readable as an image ({reason})") from None
    if kind not in EXACT:
        raise PixelwiseError(f"{path}: {kind}, whose compression changes ids; allowed are {', '.join(EXACT)}")
    if frames > 1:
        raise PixelwiseError(f"{path}: {frames} frames; one is allowed")
    if mode not in ID_MODES:
        what = {"P": "palette image", "RGB": "colour image", "RGBA": "colour image"}.get(mode, f"mode {mode}")
        raise PixelwiseError(f"{path}: {what}; allowed is one id per pixel, gray with 8 or 16 bits and no palette")
    return ids.astype(np.int32)


def _check(
    generator: Generator,
    labels: Path,
    ids: NDArray[np.int32],
    instances: Path | None,
    objects: NDArray[np.int32] | None,
) -> None:
    """Refuse ids that the generator does not know, and an instance map that is missing or of another size."""
    wrong = (ids < 0) | (ids >= generator.num_labels)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        allowed = f"allowed are 0 to {generator.num_labels - 1}"
        raise PixelwiseError(f"{labels}: id {ids[row, column]} at row {row}, column {column}; {allowed}")
    if objects is None and generator.instance_edge:
        raise PixelwiseError(
            f"{labels}: no instance map; this checkpoint needs one, give --instances FILE "
            "(the label map itself gives the borders between labels)"
        )
    if objects is not None and objects.shape != ids.shape:
        height, width = objects.shape
        raise PixelwiseError(f"{instances}: {height}x{width} pixels; the label map has {ids.shape[0]}x{ids.shape[1]}")

"""A user's own label map -> picture, by a trained generator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelwise.data.examples import IGNORE
from pixelwise.data.read_images import read_ids
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation.apply.own_picture import check_file
from pixelwise.evaluation.generator import Generator
from pixelwise.evaluation.hardware import select_device
from pixelwise.files import outputs


def translate(
    labels: Path,
    out: Path,
    checkpoint: Path,
    instances: Path | None = None,
    device: str = "auto",
    threads: int = 1,
    force: bool = False,
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
        force: Whether a file that stands at `out` may be replaced.

    Raises:
        PixelwiseError: One line that names the file, what was found and what is allowed.
    """
    inputs = [path for path in (labels, instances, checkpoint) if path is not None]
    outputs.check(out, inputs, force)
    ids = read_ids(labels, palette=False)
    check_file(out, *ids.shape)
    objects = read_ids(instances, palette=False) if instances is not None else None
    generator = Generator(checkpoint, select_device(device, threads))
    _check(generator, labels, ids, instances, objects)
    if generator.dontcare:
        ids = np.where(ids == IGNORE, generator.num_labels - 1, ids)
    label = ids.astype(np.uint8)[None]
    instance = objects[None] if objects is not None and generator.instance_edge else None
    try:
        picture = generator(label, instance)[0]
    except PixelwiseError as error:
        raise PixelwiseError(f"{labels}: {ids.shape[0]}x{ids.shape[1]} pixels (height x width); {error}") from None
    with outputs.written(out, inputs, force) as temporary:
        Image.fromarray(picture).save(temporary)


def _check(
    generator: Generator,
    labels: Path,
    ids: NDArray[np.int32],
    instances: Path | None,
    objects: NDArray[np.int32] | None,
) -> None:
    """Refuse ids that the generator does not know, and an instance map that is missing or of another size."""
    last = generator.num_labels - 1 - generator.dontcare
    wrong = (ids < 0) | (ids > last)
    if generator.dontcare:
        wrong &= ids != IGNORE
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        allowed = f"allowed are 0 to {last}{f' and {IGNORE}' if generator.dontcare else ''}"
        raise PixelwiseError(f"{labels}: id {ids[row, column]} at row {row}, column {column}; {allowed}")
    if objects is None and generator.instance_edge:
        raise PixelwiseError(
            f"{labels}: no instance map; this checkpoint needs one, give --instances FILE "
            "(the label map itself gives the borders between labels)"
        )
    if objects is not None and objects.shape != ids.shape:
        height, width = objects.shape
        raise PixelwiseError(f"{instances}: {height}x{width} pixels; the label map has {ids.shape[0]}x{ids.shape[1]}")

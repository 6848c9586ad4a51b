"""A user's own label maps -> pictures, by a trained generator: what `pixelwise translate` does."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from pixelwise.data.decoding import header
from pixelwise.data.suffixes import SUFFIXES
from pixelwise.errors import PixelwiseError, out_of_memory, shortage
from pixelwise.evaluation.apply import batch, instance_maps, label_map, windows
from pixelwise.evaluation.apply.own_picture import check_file, quality
from pixelwise.evaluation.generator import Generator
from pixelwise.evaluation.hardware import select_device
from pixelwise.files import outputs


def translate(
    labels: Path,
    out: Path,
    checkpoint: Path,
    instances: Path | None = None,
    size: str | None = None,
    device: str = "auto",
    threads: int | None = None,
    force: bool = False,
) -> None:
    """Make a picture of a label map, or of each label map in a folder, and say what was made.

    Maps of any size are taken: they are resized as in training, or to `size`, by the nearest pixel. A size that the
    network cannot take is continued at the lower and right border, and the picture is cropped. Pictures of more than
    `windows.LARGEST` pixels are made in windows that overlap.

    Args:
        labels: Image with one label id per pixel, gray or palette, 8 or 16 bits, or a colour for each id, if it was so
            in the training data; or a folder of them.
        out: Picture to write; its suffix chooses the format. For a folder, the folder to write PNG files to.
        checkpoint: A generator trained or converted by this project.
        instances: Image with one instance id per pixel, 8 to 32 bits, of the same size; or a folder of them, under the
            names of the label maps. Without, a network that needs one is given the borders between labels.
        size: Height and width to make, such as "256x512".
        device: "auto", "cpu" or "cuda".
        threads: Threads on the CPU; torch's own number if None.
        force: Whether files that stand at `out` may be replaced.

    Raises:
        PixelwiseError: One line that names the file, what was found and what is allowed.
    """
    wanted = None if size is None else size_of(size)
    generator = Generator(checkpoint, select_device(device, threads or torch.get_num_threads(), lease=False))
    inputs = [path for path in (instances, checkpoint) if path is not None]
    meant = partial(instance_maps.label_maps, coloured=label_map.coloured(generator))
    work = batch.plan(labels, out, SUFFIXES, ".png", inputs, force, header, meant)
    objects = instance_maps.partners([pair.source for pair in work.pairs], labels, instances)
    if wanted is not None:
        check_file(work.pairs[0].out, *wanted)

    def one(pair: batch.Pair) -> batch.Done:
        started = time.perf_counter()
        found = label_map.read(generator, pair.source, objects.get(pair.source), wanted)
        height, width = found.ids.shape
        check_file(pair.out, height, width)
        picture, more = render(generator, pair.source, found)
        sources = [path for path in (pair.source, objects.get(pair.source), checkpoint) if path is not None]
        with outputs.written(pair.out, sources, force) as temporary:
            Image.fromarray(picture).save(temporary, **quality(pair.out))
        return batch.Done(pair.out, height, width, time.perf_counter() - started, (*found.notes, *more))

    batch.run(work, one, generator.info["name"], checkpoint)


def render(
    generator: Generator, labels: Path, found: label_map.LabelMap
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.uint8]], tuple[str, ...]]:
    """The picture of a label map, uint8 [H, W, 3], and a note if it was made in windows.

    Raises:
        PixelwiseError: If memory does not suffice.
    """
    legal, (height, width) = generator.module.legal, found.ids.shape
    full = windows.legal_size(height, width, legal)  # type: ignore[arg-type]
    margins = ((0, full[0] - height), (0, full[1] - width))
    whole = np.pad(found.ids, margins, mode="edge")[None]
    ids = whole if generator.num_labels > 256 else whole.astype(np.uint8)
    objects = None if found.instances is None else np.pad(found.instances, margins, mode="edge")[None]
    places = windows.boxes(*full, legal)  # type: ignore[arg-type]
    try:
        picture = windows.blended(
            full, places, lambda box: generator(ids[:, *box], None if objects is None else objects[:, *box])[0]
        )
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise PixelwiseError(f"{labels}: {height}x{width} pixels: {shortage(error)}; make less, by --size") from None
    rows, columns = places[0]
    note = f"in {len(places)} windows of {rows.stop - rows.start}x{columns.stop - columns.start}, blended"
    return picture[:height, :width], (note,) if len(places) > 1 else ()


def size_of(text: str) -> tuple[int, int]:
    """Height and width of a text such as 256x512.

    Raises:
        PixelwiseError: If it is anything else.

    >>> size_of("256x512")
    (256, 512)
    """
    sides = text.lower().split("x")
    if len(sides) == 2 and all(side.isascii() and side.isdecimal() and 1 <= int(side[:6]) <= 16384 for side in sides):
        return int(sides[0]), int(sides[1])
    raise PixelwiseError(f"--size: {text!r:.40}; height x width is allowed, 1 to 16384 pixels each, such as 256x512")

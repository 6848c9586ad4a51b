"""Step `generate`: one picture for each label map of a split, as PNG."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelwise.artifacts import atomic, sha256, write_json
from pixelwise.data.pack import Pack, read_facts
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import hardware, subjects
from pixelwise.evaluation.compared_pictures import GENERATION, label_map
from pixelwise.evaluation.generator import Generator
from pixelwise.files.reading import read
from pixelwise.files.step_documents import Training
from pixelwise.settings.evaluation import GenerateSettings
from pixelwise.terminal import progress

MODEL = "model.safetensors"


def run(settings: GenerateSettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Write images/<name>.png and generation.json.

    Args:
        settings: Which model, split and batch size (the batch size can change a value by one level, through rounding).
        inputs: `data` (prepared) and `model` (a training's or conversion's output).
        out: Receives the pictures, truncated to uint8 as the official code saves them.
        work: Unused.

    Raises:
        PixelwiseError: If the model and the data do not fit.
    """
    device = hardware.select_device(settings.device, settings.threads)
    generator = Generator(inputs["model"] / MODEL, device)
    pack, facts = Pack(inputs["data"], settings.split), read_facts(inputs["data"])
    if facts["num_labels"] != generator.num_labels:
        raise PixelwiseError(
            f"{inputs['model'] / MODEL}: {generator.num_labels} labels; {settings.dataset} has {facts['num_labels']}"
        )
    names = pack.names[: settings.limit]
    counter = progress.Counter(len(names), "images")
    for name, picture in zip(names, generated_pictures(generator, pack, len(names), settings.batch), strict=True):
        with atomic(out / "images" / f"{name}.png") as temporary:
            Image.fromarray(picture).save(temporary)
        counter.one()
    training = read(inputs["model"] / "training.json", Training)
    run = subjects.trained(inputs["model"], generator.info)
    document = {
        "model": settings.name,
        "architecture": generator.info["name"],
        "dataset": settings.dataset,
        "split": settings.split,
        "seed": settings.seed,
        "n": len(names),
        "names": names,
        "weights_sha256": sha256(inputs["model"] / MODEL),
        "short": training.short,
        "run": run.model_dump(mode="json"),
    }
    write_json(out / GENERATION, document)


def generated_pictures(generator: Generator, pack: Pack, n: int, batch: int) -> Iterator[NDArray[np.uint8]]:
    """Pictures uint8 [H, W, 3] of the first `n` label maps of a pack, in order."""
    for chunk in _batches(pack, n, batch):
        instances = [pack.instance(i) for i in chunk]
        stacked = np.stack([x for x in instances if x is not None]) if instances[0] is not None else None
        yield from generator(np.stack([label_map(pack, i) for i in chunk]), stacked)


def _batches(pack: Pack, n: int, size: int) -> list[list[int]]:
    """Positions 0 .. n-1 in runs of at most `size` whose label maps have one size."""
    batches: list[list[int]] = []
    for i in range(n):
        last = batches[-1] if batches else []
        if last and len(last) < size and label_map(pack, last[0]).shape == label_map(pack, i).shape:
            last.append(i)
        else:
            batches.append([i])
    return batches

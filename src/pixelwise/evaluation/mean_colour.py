"""Step `generate` without a network: every pixel gets the mean colour that its label has in the training photographs.

A floor for picture quality: a generator that scores no better than this has learned colours and nothing else.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelwise.artifacts import atomic, write_json
from pixelwise.data.pack import Pack, read_facts
from pixelwise.evaluation import subjects
from pixelwise.evaluation.compared_pictures import GENERATION, as_rgb, label_map
from pixelwise.settings.evaluation import GenerateSettings

IDS = 256
"""Labels that a label map of one byte a pixel can hold."""


def run(settings: GenerateSettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Write images/<name>.png and generation.json.

    Args:
        settings: Which data set and split.
        inputs: `data` (prepared).
        out: Receives the pictures.
        work: Unused.

    Raises:
        PixelwiseError: If the data have no label maps.
    """
    facts, pack = read_facts(inputs["data"]), Pack(inputs["data"], settings.split)
    table = colours(Pack(inputs["data"], "train"))
    names = pack.names[: settings.limit]
    for position, name in enumerate(names):
        with atomic(out / "images" / f"{name}.png") as temporary:
            Image.fromarray(table[label_map(pack, position)]).save(temporary)
    document = {
        "model": settings.name,
        "dataset": settings.dataset,
        "split": settings.split,
        "n": len(names),
        "names": names,
        "weights_sha256": None,
        "short": False,
        "synthetic": facts["synthetic"],
        "run": subjects.method(settings.name).model_dump(mode="json"),
    }
    write_json(out / GENERATION, document)


def colours(pack: Pack) -> NDArray[np.uint8]:
    """Mean colour of each label over a split, uint8 [256, 3]; a label that never occurs gets the mean of all pixels.

    Raises:
        PixelwiseError: If the split has no label maps.
    """
    sums, counts = np.zeros((IDS, 3)), np.zeros(IDS)
    for position in range(len(pack)):
        ids, image = label_map(pack, position).reshape(-1), as_rgb(pack.image(position)).reshape(-1, 3)
        counts += np.bincount(ids, minlength=IDS)
        for channel in range(3):
            sums[:, channel] += np.bincount(ids, image[:, channel], minlength=IDS)
    overall = sums.sum(axis=0) / counts.sum()
    seen = counts[:, None] > 0
    return np.asarray(np.rint(np.where(seen, sums / np.maximum(counts, 1)[:, None], overall)), np.uint8)

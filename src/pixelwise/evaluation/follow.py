"""Step `follow`: the quality of a generator along its training, from the snapshots that it left."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelwise.artifacts import write_text
from pixelwise.data.pack import Pack, read_facts
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import features, fid, hardware, segment, segment_tables
from pixelwise.evaluation.compared_pictures import Pictures
from pixelwise.evaluation.generate import MODEL, generated_pictures
from pixelwise.evaluation.generator import Generator
from pixelwise.evaluation.segmenter_protocols import PROTOCOLS, Segmenter
from pixelwise.evaluation.truth import Truth
from pixelwise.files.reading import read
from pixelwise.files.step_documents import Training
from pixelwise.models import snapshots
from pixelwise.quantities import shown
from pixelwise.settings.evaluation import FollowSettings
from pixelwise.terminal import progress

TABLE = "quality.csv"
RESIZE = "pytorch-fid"
PROTOCOL = "native"


def run(settings: FollowSettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Write quality.csv: presentations, every metric of fid and segmentation that has a figure, synthetic, short.

    Args:
        settings: Which training and split.
        inputs: `data` (prepared), `model` (a training's output), `inception` (weights), `segmenter` (a training's
            output), `real`: the output of step `fid` for the photographs, with their features.
        out: Receives the table; its last row is the trained network itself.
        work: Unused.

    Raises:
        PixelwiseError: If an input is unreadable or does not fit.
    """
    device = hardware.select_device(settings.device, settings.threads)
    pack, facts = Pack(inputs["data"], settings.split), read_facts(inputs["data"])
    truth = Truth(pack, facts, enlarge=1)
    segmenter = Segmenter(inputs["segmenter"] / MODEL, len(truth.names), device)
    inception = features.load_inception(inputs["inception"], device)
    photographs = np.load(inputs["real"] / f"features-{RESIZE}.npy", allow_pickle=False)
    training = read(inputs["model"] / "training.json", Training)
    rows: list[dict[str, Any]] = []
    if training.presentations is None:
        raise PixelwiseError(f"{inputs['model'] / 'training.json'}: no presentations; a training of ours is needed")
    networks = snapshots.listed(inputs["model"]) | {training.presentations: inputs["model"] / MODEL}
    for presentations, path in progress.through(list(networks.items()), "networks"):
        pictures = generated_pictures(Generator(path, device), pack, len(pack), settings.batch)
        seen = Pictures(list(range(len(pack))), functools.partial(_at, list(pictures)), None, short=True)
        found = features.extract(seen.read, len(seen), inception, RESIZE, settings.batch)
        if len(photographs) < len(found):
            raise PixelwiseError(f"{inputs['real']}: {len(photographs)} photographs; {len(found)} are needed")
        protocol = PROTOCOLS[PROTOCOL]
        matrices, pixels = segment.measure(segmenter, protocol, seen, (seen.indices,), truth, settings.batch)
        rows.append(
            {
                "presentations": presentations,
                **{name: fid.distance(name, found, photographs[: len(found)]) for name in shown("fid", "figure")},
                **segment_tables.scores(matrices[0], pixels, shown("segmentation", "figure")),
                "synthetic": facts["synthetic"],
                "short": training.short,
            }
        )
    write_text(out / TABLE, pd.DataFrame(rows).to_csv(index=False, lineterminator="\n"))


def _at(pictures: list[NDArray[np.uint8]], position: int) -> NDArray[np.uint8]:
    return pictures[position]

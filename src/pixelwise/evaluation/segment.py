"""Step `segment`: does a segmenter read the label map back from the picture? Mean IoU and accuracies by protocol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelwise.artifacts import atomic, sha256
from pixelwise.data.pack import Pack, read_facts
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import compared_pictures, confusion, hardware, subjects
from pixelwise.evaluation.confusion import Matrix
from pixelwise.evaluation.segment_tables import Tables
from pixelwise.evaluation.segmenter_protocols import PROTOCOLS, Protocol, Segmenter
from pixelwise.evaluation.truth import Truth
from pixelwise.files.reading import read
from pixelwise.files.step_documents import Training
from pixelwise.record import Record, Scalar, protocol_hash, read_records, write_records
from pixelwise.settings.evaluation import SegmentSettings
from pixelwise.terminal import progress

REAL, SHUFFLED = "real", "shuffled"
MODEL = "model.safetensors"
FLOOR = "shuffled.npz"
"""Of each protocol the photographs' confusion matrices with other photographs' label maps, and their pixels."""


def run(settings: SegmentSettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Score one subject under every protocol.

    Args:
        settings: The subject ("real" is the ceiling, "shuffled" the floor) and the protocols.
        inputs: `data` (prepared), `segmenter` (a training's or conversion's output); `images` (generated) unless the
            subject is real or shuffled; `raw` if `settings.original` is set; for shuffled perhaps `real`, the output of
            this step for the photographs, which has then counted both.
        out: Receives metrics.json (without a record for one shuffled picture), per_image.csv, per_class.csv,
            confusion.csv and resamples.csv; subjects with equally many images share the draws of the last, so
            differences between their rows are paired. "real" also leaves `shuffled.npz`.
        work: Unused.

    Raises:
        PixelwiseError: If segmenter and data do not fit, or an input is unreadable.
    """
    pack = Pack(inputs["data"], settings.split)
    if settings.name == SHUFFLED and (real := inputs.get("real")) is not None:
        _floor(settings, pack, real, out)
        return
    device, facts = hardware.select_device(settings.device, settings.threads), read_facts(inputs["data"])
    truth = Truth(pack, facts, settings.enlarge, settings.original, inputs.get("raw"))
    segmenter = Segmenter(inputs["segmenter"] / MODEL, len(truth.names), device)
    trained = read(inputs["segmenter"] / "training.json", Training)
    short = trained.short
    subject = (
        compared_pictures.photographs(pack, settings.limit)
        if settings.name in (REAL, SHUFFLED)
        else compared_pictures.generated(inputs["images"], pack, settings.limit)
    )
    if settings.name == SHUFFLED and len(subject) < 2:
        write_records(out / "metrics.json", [])  # one picture has no other's label map
        return
    others = shuffled(subject.indices)
    targets = {REAL: (subject.indices, others), SHUFFLED: (others,)}.get(settings.name, (subject.indices,))
    height, width = subject.read(0).shape[:2]
    weights = sha256(inputs["segmenter"] / MODEL)
    records, tables = [], Tables([pack.names[i] for i in subject.indices], truth.names)
    floor: dict[str, Any] = {}
    for name in settings.protocols:
        protocol = PROTOCOLS[name]
        matrices, pixels = measure(segmenter, protocol, subject, targets, truth, settings.batch)
        values = tables.add(name, matrices[0], pixels, settings.resamples)
        floor |= {f"{name} matrices": matrices[-1], f"{name} pixels": pixels}
        labels = truth.source if protocol.labels == "enlarged" else "prepared, nearest"
        definition = asdict(protocol) | {"labels_from": labels, "segmenter": weights, "classes": truth.names}
        condition: dict[str, Scalar] = {"height": height, "width": width, "labels": labels}
        condition |= {"segmenter": segmenter.info["name"], "segmenter_sha256": weights, "segmenter_short": short}
        condition |= compared_pictures.unusual(settings.split)
        condition |= {} if trained.official is not None else {"segmenter_recipe": trained.recipe or "unknown"}
        records.append(
            Record(
                kind="segmentation",
                task="translation",
                model=settings.name,
                subject=subjects.method(SHUFFLED) if settings.name == SHUFFLED else subject.run,
                dataset=settings.dataset,
                data=facts["kind"],
                protocol=name,
                protocol_hash=protocol_hash(definition),
                condition=condition,
                n=len(subject),
                seed=settings.seed,
                weights_sha256=subject.weights_sha256,
                synthetic=facts["synthetic"],
                short=subject.short or short,
                values=values,
                hardware=hardware.describe(device, settings.threads),
            )
        )
    write_records(out / "metrics.json", records)
    tables.write(out)
    if settings.name == REAL:
        with atomic(out / FLOOR) as temporary:
            np.savez_compressed(temporary, classes=truth.names, **floor)


def _floor(settings: SegmentSettings, pack: Pack, real: Path, out: Path) -> None:
    """Write the floor's files from what the photographs' job counted in the same pass."""
    records = []
    with np.load(real / FLOOR, allow_pickle=False) as counted:
        photographs = read_records(real / "metrics.json")
        n = photographs[0].n
        tables = Tables(pack.names[:n], [str(name) for name in counted["classes"]])
        for record in photographs if n > 1 else []:
            matrices, pixels = (counted[f"{record.protocol} {name}"] for name in ("matrices", "pixels"))
            values = tables.add(record.protocol, matrices, pixels, settings.resamples)
            floor = {"model": SHUFFLED, "subject": subjects.method(SHUFFLED), "values": values}
            records.append(record.model_copy(update=floor))
    write_records(out / "metrics.json", records)
    tables.write(out)


def shuffled(indices: list[int]) -> list[int]:
    """Give every picture another one's label map: a rotation by half, since neighbours may show the same street."""
    half = len(indices) // 2
    return indices[half:] + indices[:half]


def measure(
    segmenter: Segmenter,
    protocol: Protocol,
    subject: compared_pictures.Pictures,
    targets: Sequence[Sequence[int]],
    truth: Truth,
    batch: int,
) -> tuple[Matrix, NDArray[np.int64]]:
    """Compare each picture's classes with label maps; every picture is segmented once, however many there are.

    Args:
        segmenter: What reads the pictures.
        protocol: How.
        subject: n pictures.
        targets: One or more lists of n label maps, as positions in the pack.
        truth: The label maps.
        batch: Pictures per forward pass.

    Returns:
        Confusion matrices [targets, n, C, C], and the number of pixels of each picture, [n].

    Raises:
        PixelwiseError: If a picture and its label map differ in size.
    """
    read = truth.enlarged if protocol.labels == "enlarged" else truth.native
    matrices = np.zeros((len(targets), len(subject), len(truth.names), len(truth.names)), np.int64)
    pixels = np.zeros(len(subject), np.int64)
    for positions, stack in _batches(subject, batch):
        answers = segmenter.classify(stack, protocol, read(targets[0][positions[0]]).shape[:2])
        for i, answer in zip(positions, answers, strict=True):
            pixels[i] = answer.size
            for number, chosen in enumerate(targets):
                wanted = read(chosen[i])
                if answer.shape != wanted.shape:
                    name, found = truth.pack.names[chosen[i]], f"label map {wanted.shape}, picture {answer.shape}"
                    raise PixelwiseError(f"{name}: {found}; equal sizes needed")
                matrices[number, i] = confusion.confusion_matrix(wanted, answer, len(truth.names))
        progress.tell(positions[-1] + 1, len(subject), "images", part=True)
    return matrices, pixels


def _batches(subject: compared_pictures.Pictures, size: int) -> Iterator[tuple[list[int], NDArray[np.uint8]]]:
    """Positions and pictures, at most `size` of one shape at a time, in order."""
    positions: list[int] = []
    stack: list[NDArray[np.uint8]] = []
    for i in range(len(subject)):
        picture = subject.read(i)
        if stack and (len(stack) == size or picture.shape != stack[0].shape):
            yield positions, np.stack(stack)
            positions, stack = [], []
        positions.append(i)
        stack.append(picture)
    yield positions, np.stack(stack)

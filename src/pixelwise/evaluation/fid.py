"""Step `fid`: distances between Inception features of generated and of real images, as a grid of protocols."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from pixelwise.artifacts import atomic, sha256, write_text
from pixelwise.data.pack import Pack, read_facts
from pixelwise.evaluation import compared_pictures, features, hardware
from pixelwise.evaluation.kept_features import Extractor
from pixelwise.evaluation.statistics import FloatArray, recentred_interval, resample_counts
from pixelwise.quantities import computed, metrics
from pixelwise.record import Record, Scalar, Value, measured, protocol_hash, write_records
from pixelwise.settings.evaluation import FidSettings

REAL = "real"
HALVES = "-halves"
LEAST = 2  # images of a set
INTERVAL = "bootstrap over images, 95 %, re-centred"


@dataclass(frozen=True)
class Protocol:
    """How images become features and features a distance.

    Attributes:
        resize: Way to the network's input, see `pixelwise.evaluation.features`.
        quantity: Which distance: a metric of `evaluation/metrics/fid`.
        estimator: Formula of the distance.
        network: What computes the features.
    """

    resize: str
    quantity: str
    estimator: str
    network: str = "pytorch-fid 0.3.0 InceptionV3, pool3, 2048 features, float32"


PROTOCOLS: dict[str, Protocol] = {
    name: Protocol(resize, metric.name, metric.formula)
    for metric in metrics("fid").values()
    for name, resize in metric.protocols.items()
}


@dataclass(frozen=True)
class Design:
    """Which images are compared under which protocol name.

    Attributes:
        name: "pairs": all generated images with the photographs of the same label maps. "halves": images of one random
            half of the label maps with photographs of the other half.
        suffix: Appended to the protocol's name.
    """

    name: Literal["pairs", "halves"]
    suffix: str


def designs(subject: str) -> tuple[Design, ...]:
    """Generated images are compared in both designs.

    Photographs can only be compared half with half: that is the floor of the protocols `...-halves` at equal n, and
    the nearest thing to a floor for the others (too high, since it has half as many images: condition `design`).
    """
    first = Design("halves" if subject == REAL else "pairs", "")
    return first, Design("halves", HALVES)


def run(settings: FidSettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Measure every protocol and write metrics.json and resamples.csv.

    Args:
        settings: The subject and the protocols.
        inputs: `data` (prepared), `inception` (weights) and, unless the subject is "real", `images` (generated) and
            perhaps `real`, the output of this step for the photographs: their features are then not computed again.
        out: Receives metrics.json and resamples.csv, the distance of each resample; a set of fewer than two images has
            no distance, and a record without a value. Subjects with equally many images
            share the resampled label maps, so differences between their rows are paired. "real" also leaves the
            features of its photographs, float64 [n, 2048], in `features-<resize>.npy`.
        work: Keeps the features.

    Raises:
        PixelwiseError: If an input is unreadable.
    """
    device = hardware.select_device(settings.device, settings.threads)
    pack, facts = Pack(inputs["data"], settings.split), read_facts(inputs["data"])
    subject = (
        compared_pictures.photographs(pack, settings.limit)
        if settings.name == REAL
        else compared_pictures.generated(inputs["images"], pack, settings.limit)
    )
    weights = sha256(inputs["inception"] / features.WEIGHTS)
    height, width = subject.read(0).shape[:2]
    records: list[Record] = []
    rows: list[tuple[str, int, float]] = []
    extractor = Extractor(inputs["inception"], device, settings.batch, work)
    photographs = _photographs(settings, compared_pictures.partners(pack, subject), inputs.get("real"), extractor)
    if settings.name == REAL:
        found = {resize: (y, y) for resize, y in photographs.items()}
        for resize, y in photographs.items():
            with atomic(out / f"features-{resize}.npy") as temporary:
                np.save(temporary, y)
    else:
        found = {resize: (extractor.features("subject", subject, resize), y) for resize, y in photographs.items()}
    for name, design, x, y in _grid(settings, found):
        protocol = PROTOCOLS[name]
        full_name = name + design.suffix
        unit = metrics("fid")[protocol.quantity].unit
        value = Value(value=None, unit=unit)  # of too few images
        if len(x) >= LEAST:
            estimate, draws = measure(protocol.quantity, x, y, settings.resamples, design.name == "pairs")
            low, high = recentred_interval(estimate, draws)
            value = measured(estimate, unit, low, high, INTERVAL)
            rows += [(full_name, i, float(draw)) for i, draw in enumerate(draws) if np.isfinite(draw)]
        reference = f"{settings.dataset}/{settings.split}"
        label = f"{full_name}/{reference}-{len(y)}/{height}x{width}/inception-{weights[:8]}"
        condition: dict[str, Scalar] = {"design": design.name, "reference": reference, "reference_n": len(y)}
        condition |= {"height": height, "width": width, "inception_sha256": weights, "label": label}
        condition |= compared_pictures.unusual(settings.split)
        records.append(
            Record(
                kind="fid",
                task="translation",
                model=settings.name,
                subject=subject.run,
                dataset=settings.dataset,
                data=facts["kind"],
                protocol=full_name,
                protocol_hash=protocol_hash(asdict(protocol) | {"design": design.name, "inception": weights}),
                condition=condition,
                n=len(x),
                seed=settings.seed,
                weights_sha256=subject.weights_sha256,
                synthetic=facts["synthetic"],
                short=subject.short,
                values={protocol.quantity: value},
                hardware=hardware.describe(device, settings.threads),
            )
        )
    write_records(out / "metrics.json", records)
    _write_rows(out / "resamples.csv", rows)


def measure(quantity: str, x: FloatArray, y: FloatArray, resamples: int, paired: bool) -> tuple[float, FloatArray]:
    """Distance of two sets of features and its values under resampling of the images.

    Args:
        quantity: Which distance.
        x: Features [n, d].
        y: Features [m, d].
        resamples: Number of draws.
        paired: True if row i of both belongs to the same label map (n = m): label maps are resampled. False resamples
            both sets independently.

    Returns:
        The distance, and its value for each draw, [resamples].
    """
    x_counts = resample_counts(len(x), resamples, seed=0)
    y_counts = x_counts if paired else resample_counts(len(y), resamples, seed=1)
    resampled = computed("fid")[quantity](x, y)
    return _once(resampled, x, y), np.asarray(resampled(x_counts, y_counts))


def distance(quantity: str, x: FloatArray, y: FloatArray) -> float:
    """Distance of two sets of features [n, d] and [m, d]."""
    return _once(computed("fid")[quantity](x, y), x, y)


def _once(resampled: Callable[..., FloatArray], x: FloatArray, y: FloatArray) -> float:
    """The distance where every row counts once."""
    return float(resampled(np.ones((1, len(x)), np.int64), np.ones((1, len(y)), np.int64))[0])


Sets = dict[str, tuple[FloatArray, FloatArray]]


def _grid(settings: FidSettings, found: Sets) -> Iterator[tuple[str, Design, FloatArray, FloatArray]]:
    """Every protocol and design with the two sets of features that it compares."""
    for name in settings.protocols:
        x, y = found[PROTOCOLS[name].resize]
        for design in designs(settings.name):
            if design.name == "pairs":
                yield name, design, x, y
                continue
            order = np.random.default_rng(0).permutation(len(x))
            half = len(x) // 2
            yield name, design, x[np.sort(order[:half])], y[np.sort(order[half : 2 * half])]


def _photographs(
    settings: FidSettings, wanted: compared_pictures.Pictures, real: Path | None, extractor: Extractor
) -> dict[str, FloatArray]:
    """Features of the photographs for each way of resizing, from the floor's job where it has them."""
    found: dict[str, FloatArray] = {}
    for resize in dict.fromkeys(PROTOCOLS[name].resize for name in settings.protocols):
        path = None if real is None else real / f"features-{resize}.npy"
        known = np.load(path, allow_pickle=False) if path is not None and path.exists() else np.empty((0, 0))
        if max(wanted.indices, default=0) < len(known):
            found[resize] = np.asarray(known[wanted.indices])
        else:
            found[resize] = extractor.features("reference", wanted, resize)
    return found


def _write_rows(path: Path, rows: list[tuple[str, int, float]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["protocol", "resample", "value"])
    writer.writerows(rows)
    write_text(path, text.getvalue())

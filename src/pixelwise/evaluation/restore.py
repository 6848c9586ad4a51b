"""Step `restore`: score a denoiser or deblurrer, or the baselines, image by image in a named protocol."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pixelwise.artifacts import sha256, write_text
from pixelwise.data.pack import Pack, read_facts
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import baselines, hardware, subjects
from pixelwise.evaluation.cases import Case, Cases
from pixelwise.evaluation.protocols import PROTOCOLS, Protocol
from pixelwise.evaluation.restored_image import RestoredImage
from pixelwise.evaluation.restorer import Image, Restorer
from pixelwise.evaluation.samples import Samples
from pixelwise.evaluation.score_cache import ScoreCache
from pixelwise.evaluation.statistics import bootstrap_mean
from pixelwise.files.reading import read
from pixelwise.files.step_documents import Training
from pixelwise.quantities import computed, metrics
from pixelwise.record import Record, Run, measured, write_records
from pixelwise.settings.restoration import BASELINES, RestorationSettings
from pixelwise.terminal.progress import Counter

MODEL = "model.safetensors"
INTERVAL = "bootstrap over images, 95 %"
WINDOWS = "_windows"
ORACLE = "_oracle"
"""Ending of the name of what is given the undegraded image: it is compared with no denoiser."""
TILE = RestorationSettings.model_fields["tile"].default
Scores = dict[str, float]


@dataclass(frozen=True)
class Subject:
    """What is scored.

    Attributes:
        name: Name in tables.
        make: Gives the method for one noise level.
        period: Tile period in pixels at which its blockiness is measured.
        run: What it is, at a noise level.
        limit: Number of images it is scored on; None for all.
    """

    name: str
    make: Callable[[float], Callable[[Case], npt.NDArray[np.floating]]]
    period: int
    run: Callable[[float], Run | None]
    limit: int | None = None


def score(case: Case, estimate: npt.NDArray[np.floating], period: int) -> Scores:
    """All metrics of `evaluation/metrics/restoration` of one restored image.

    Args:
        case: The image.
        estimate: Output of the method, the shape of `case.clean`, as computed.
        period: Tile period in pixels of the blockiness.

    Raises:
        PixelwiseError: If the output is not finite, or a metric is not a number.
    """
    if not np.isfinite(estimate).all():
        raise PixelwiseError(f"{case.name}: the restored image holds values that are not finite; the weights diverged")
    image = RestoredImage(case.clean, estimate, period)
    scores = {name: float(compute(image)) for name, compute in computed("restoration").items()}
    if wrong := [name for name, value in scores.items() if math.isnan(value)]:
        raise PixelwiseError(f"{case.name}: {wrong[0]} is not a number; a metric of restoration is one for every image")
    return scores


def run(settings: RestorationSettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Write metrics.json, per_image.csv, samples/*.png and samples.json.

    Args:
        settings: Protocol, subject and limits.
        inputs: `data` (prepared), and `model` (a training's or conversion's output) unless the baselines are scored.
        out: Folder of the outputs.
        work: Keeps the scores of finished images, so that a killed run goes on where it was.

    Raises:
        PixelwiseError: If the data or the model do not fit the protocol.
    """
    device = hardware.select_device("cpu" if settings.name == "baselines" else settings.device, settings.threads)
    protocol = PROTOCOLS[settings.protocol]
    facts = read_facts(inputs["data"])
    cases = Cases(protocol, Pack(inputs["data"], "val"), facts["kind"], settings.limit)
    about: dict[str, Any] = {"data": facts["kind"], "synthetic": facts["synthetic"]}
    about |= {"short": False, "weights_sha256": None}
    about["hardware"] = hardware.describe(device, settings.threads)
    if settings.name == "baselines":
        scored_ones = list(_baselines(settings, protocol, cases))
    else:
        path = inputs["model"] / MODEL
        restorer = Restorer(path, device)
        training = read(inputs["model"] / "training.json", Training)
        about["short"], about["weights_sha256"] = training.short, sha256(path)
        about["synthetic"] |= training.dataset.synthetic
        period = restorer.tile if restorer.tile > 1 else settings.tile
        made, level = subjects.trained(inputs["model"], restorer.info), restorer.info.get("extra", {}).get("sigma")
        ending = ORACLE if restorer.oracle else ""
        name = settings.name.removesuffix(ending)

        def run_at(sigma: float) -> Run | None:
            return subjects.oracle(made) if restorer.oracle else subjects.at_level(made, level, sigma)

        def run_in_windows(sigma: float) -> Run | None:
            run = run_at(sigma)
            if run is None or restorer.oracle:
                return run and run.model_copy(update={"options": run.options | {"applied": subjects.WINDOWS}})
            return run.model_copy(update={"method": subjects.WINDOWS})

        def guide(case: Case) -> Image | None:
            return case.clean.astype(np.float32) if restorer.oracle else None

        def whole(sigma: float) -> Callable[[Case], npt.NDArray[np.floating]]:
            return lambda case: restorer(case.degraded, guide(case))

        scored_ones = [Subject(f"{name}{ending}", whole, period, run_at)]
        if restorer.patch and (protocol.size is None or max(protocol.size) > restorer.patch):
            windows = f"{name}{WINDOWS}{ending}"
            by_windows = Subject(
                windows,
                lambda sigma: lambda case: restorer.in_windows(case.degraded, guide(case)),
                period,
                run_in_windows,
            )
            scored_ones.append(by_windows)
    sigmas = settings.sigmas or protocol.sigmas
    samples = Samples(out, settings.sample_side, settings.samples, 25.0 if 25.0 in sigmas else sigmas[0])
    cache = ScoreCache(work / "scores.jsonl")
    images = sum(len(cases.names[: subject.limit]) for subject in scored_ones)
    counter = Counter(images * len(sigmas), "images")
    records, rows = [], ["model,sigma,image,metric,value"]
    for sigma in sigmas:
        for subject in scored_ones:
            scored = _measure(subject, cases, sigma, cache, samples, counter)
            rows += [
                f"{subject.name},{sigma:g},{name},{metric},{value:.9g}"
                for name, scores in scored.items()
                for metric, value in scores.items()
            ]
            records.append(_record(settings, protocol, subject, sigma, list(scored.values()), about))
    samples.close()
    write_text(out / "per_image.csv", "\n".join(rows) + "\n")
    write_records(out / "metrics.json", records)


def _baselines(settings: RestorationSettings, protocol: Protocol, cases: Cases) -> Iterator[Subject]:
    names = settings.baselines or BASELINES[protocol.task]
    for name in names:
        if name == "wiener_known_blur" and protocol.degradation != "motion_blur":
            continue  # the kernels of recorded blur are not known
        limit = settings.bm3d_limit if name == "bm3d" else None
        if limit == 0:
            continue
        tiles = (settings.tile, *settings.more_tiles) if name in baselines.TILED else (settings.tile,)
        for tile in tiles:

            def make(sigma: float, name: str = name, tile: int = tile) -> baselines.Method:
                return baselines.build(name, tile, lambda: cases.at(sigma))

            usual = name not in baselines.TILED or tile == TILE
            run = subjects.method(name, **({} if usual else {"tile": tile}))
            label = name if tile == settings.tile else f"{name}_s{tile}"
            yield Subject(label, make, tile, lambda sigma, run=run: run, limit)  # type: ignore[misc]


def _measure(
    subject: Subject, cases: Cases, sigma: float, cache: ScoreCache, samples: Samples, counter: Counter
) -> dict[str, Scores]:
    """Scores of every image by name; each is noted in the cache as soon as it is known."""
    method, scored = subject.make(sigma), {}
    for index in range(len(cases.names[: subject.limit])):
        name = cases.names[index]
        key = f"{subject.name} {sigma:g} {name}"
        wanted = samples.wants(index, sigma)
        known = cache.get(key)
        if known is None or wanted:
            case = cases.case(index, sigma)
            estimate = method(case)
            if known is None:
                known = cache.put(key, score(case, estimate, subject.period))
            if wanted:
                samples.add(case, subject.name, estimate)
        scored[name] = known
        counter.one()
    return scored


def _record(
    settings: RestorationSettings,
    protocol: Protocol,
    subject: Subject,
    sigma: float,
    scored: list[Scores],
    about: dict[str, Any],
) -> Record:
    values = {}
    for name in computed("restoration"):
        mean, low, high = bootstrap_mean([s[name] for s in scored], settings.seed, settings.resamples)
        values[name] = measured(mean, metrics("restoration")[name].unit, low, high, INTERVAL)
    return Record(
        kind="restoration",
        task=protocol.task,
        model=subject.name,
        subject=subject.run(sigma),
        dataset=settings.dataset,
        data=about["data"],
        protocol=protocol.name,
        protocol_hash=protocol.hash,
        condition={"sigma": sigma, "degradation": protocol.degradation, "period": subject.period},
        n=len(scored),
        seed=settings.seed,
        weights_sha256=about["weights_sha256"],
        synthetic=about["synthetic"],
        short=about["short"] or len(scored) < protocol.count,
        values=values,
        hardware=about["hardware"],
    )

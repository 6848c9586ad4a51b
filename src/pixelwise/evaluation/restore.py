"""Step `restore`: score a denoiser or deblurrer, or the baselines, image by image in a named protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pixelwise.artifacts import sha256, write_text
from pixelwise.data.pack import Pack, read_facts
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import baselines, hardware
from pixelwise.evaluation.blockiness import blockiness
from pixelwise.evaluation.cases import Case, Cases
from pixelwise.evaluation.fidelity import psnr, quantise, ssim
from pixelwise.evaluation.protocols import PROTOCOLS, Protocol
from pixelwise.evaluation.restorer import Restorer
from pixelwise.evaluation.samples import Samples
from pixelwise.evaluation.score_cache import Ledger
from pixelwise.evaluation.statistics import bootstrap_mean
from pixelwise.files.reading import read
from pixelwise.files.step_documents import Training
from pixelwise.record import Record, measured, write_records
from pixelwise.settings.restoration import BASELINES, RestorationSettings

MODEL = "model.safetensors"
UNITS = {"psnr": "dB", "psnr_8bit": "dB", "ssim": "1", "ssim_8bit": "1", "blockiness": "1", "blockiness_clean": "1"}
INTERVAL = "bootstrap over images, 95 %"
WINDOWS = "_windows"
Scores = dict[str, float]


@dataclass(frozen=True)
class Subject:
    """What is scored.

    Attributes:
        name: Name in tables.
        make: Gives the method for one noise level.
        period: Tile period in pixels at which its blockiness is measured.
        limit: Number of images it is scored on; None for all.
    """

    name: str
    make: Callable[[float], Callable[[Case], npt.NDArray[np.floating]]]
    period: int
    limit: int | None = None


def score(case: Case, estimate: npt.NDArray[np.floating], period: int) -> Scores:
    """All metrics of one restored image.

    Args:
        case: The image.
        estimate: Output of the method, the shape of `case.clean`, as computed.
        period: Tile period in pixels of the blockiness.

    Raises:
        PixelwiseError: If the output is not finite.
    """
    if not np.isfinite(estimate).all():
        raise PixelwiseError(f"{case.name}: the restored image holds values that are not finite; the weights diverged")
    saved = quantise(estimate)
    return {
        "psnr": psnr(case.clean, estimate),
        "psnr_8bit": psnr(case.clean, saved),
        "ssim": ssim(case.clean, estimate),
        "ssim_8bit": ssim(case.clean, saved),
        "blockiness": blockiness(saved, period),
        "blockiness_clean": blockiness(case.clean, period),
    }


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
    # Methods without training compute on the processor.
    device = hardware.select_device("cpu" if settings.name == "baselines" else settings.device, settings.threads)
    protocol = PROTOCOLS[settings.protocol]
    facts = read_facts(inputs["data"])
    cases = Cases(protocol, Pack(inputs["data"], "val"), facts["kind"], settings.limit)
    about: dict[str, Any] = {"short": False, "synthetic": facts["synthetic"], "weights_sha256": None}
    about["hardware"] = hardware.describe(device, settings.threads)
    if settings.name == "baselines":
        subjects = list(_baselines(settings, protocol, cases))
    else:
        path = inputs["model"] / MODEL
        restorer = Restorer(path, device)
        training = read(inputs["model"] / "training.json", Training)
        about["short"], about["weights_sha256"] = training.short, sha256(path)
        about["synthetic"] |= training.dataset.synthetic
        period = restorer.tile if restorer.tile > 1 else settings.tile
        subjects = [Subject(settings.name, lambda sigma: lambda case: restorer(case.degraded), period)]
        if restorer.patch and (protocol.size is None or max(protocol.size) > restorer.patch):
            windows = f"{settings.name}{WINDOWS}"
            subjects.append(Subject(windows, lambda sigma: lambda case: restorer.in_windows(case.degraded), period))
    sigmas = settings.sigmas or protocol.sigmas
    samples = Samples(out, settings.sample_side, settings.samples, 25.0 if 25.0 in sigmas else sigmas[0])
    ledger = Ledger(work / "scores.jsonl")
    records, rows = [], ["model,sigma,image,metric,value"]
    for sigma in sigmas:
        for subject in subjects:
            scored = _measure(subject, cases, sigma, ledger, samples)
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

            yield Subject(name if tile == settings.tile else f"{name}_s{tile}", make, tile, limit)


def _measure(subject: Subject, cases: Cases, sigma: float, ledger: Ledger, samples: Samples) -> dict[str, Scores]:
    """Scores of every image by name; each is noted in the ledger as soon as it is known."""
    method, scored = subject.make(sigma), {}
    for index in range(len(cases.names[: subject.limit])):
        name = cases.names[index]
        key = f"{subject.name} {sigma:g} {name}"
        wanted = samples.wants(index, sigma)
        known = ledger.get(key)
        if known is None or wanted:
            case = cases.case(index, sigma)
            estimate = method(case)
            if known is None:
                known = ledger.put(key, score(case, estimate, subject.period))
            if wanted:
                samples.add(case, subject.name, estimate)
        scored[name] = known
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
    for metric, unit in UNITS.items():
        mean, low, high = bootstrap_mean([s[metric] for s in scored], settings.seed, settings.resamples)
        values[metric] = measured(mean, unit, low, high, INTERVAL)
    return Record(
        kind="restoration",
        task=protocol.task,
        model=subject.name,
        dataset=settings.dataset,
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

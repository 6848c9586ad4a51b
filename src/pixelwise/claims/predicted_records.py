"""The records that a run would leave, known before it runs: for counting which claims it could decide."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from pixelwise.cards import builds, found
from pixelwise.claims import predicted_runs
from pixelwise.claims.checks import Measurement
from pixelwise.claims.claim_schema import Register
from pixelwise.claims.evidence import Item
from pixelwise.claims.wording import first
from pixelwise.data.declared_kinds import find
from pixelwise.evaluation import subjects
from pixelwise.models import declarations
from pixelwise.planning.jobs import Job
from pixelwise.quantities import metrics
from pixelwise.record import Kind, Record, Scalar, Task, Value
from pixelwise.settings.restoration import BASELINES


def accelerator() -> tuple[str, float | None] | None:
    """Name and memory in GB (None if it is not told) of the first card that PyTorch can use here; None without one."""
    torch = builds.installed()
    usable = [card for card in found.cards() if builds.unfit(card, torch) is None]
    return (usable[0].name, usable[0].memory and usable[0].memory / 1e9) if usable else None


class Datasets:
    """What the `prepare` jobs of a run say about their data: name -> kind, numbers of images, size."""

    def __init__(self, jobs: list[Job]) -> None:
        self.by_folder = {job.out: job.settings for job in jobs if job.kind == "prepare"}

    def of(self, job: Job) -> Any:
        """Settings of the data set that a job reads (`PrepareSettings.dataset`), or None."""
        settings = self.by_folder.get(job.inputs.get("data", ""))
        return None if settings is None else getattr(settings, "dataset")  # noqa: B009 (one class of many)

    def images(self, job: Job, split: str) -> int:
        """Number of images of one split."""
        dataset = self.of(job)
        return 0 if dataset is None else self.prepared(dataset, split, getattr(job.settings, "limit", None))

    @staticmethod
    def prepared(dataset: Any, split: str, limit: int | None = None) -> int:
        """Number of images of one split of a data set, at most `limit`."""
        kind = find(dataset.kind)
        given = getattr(dataset, "train" if split == "train" else "val")
        counts = [count for count in (given, limit) if count is not None]
        if kind.counts is None:
            return int(min(counts or [kind.usual[split != "train"]]))
        return int(min([*counts, kind.counts.get(split, 0)]))

    def size(self, job: Job) -> tuple[int | None, int | None]:
        """Height and width after preparation; None where images keep their own."""
        dataset = self.of(job)
        return (None, None) if dataset is None else (dataset.height, dataset.width)


def is_short(job: Job, datasets: Datasets) -> bool:
    """Whether a training job's schedule is shorter than its recipe's published one."""
    settings: Any = job.settings
    recipe = getattr(settings, "RECIPES", {}).get(getattr(settings, "recipe", ""))
    if recipe is None or recipe.amount is None:
        return False
    if job.kind == "denoising":
        if settings.steps is None:
            return False
        side = recipe.values.get("patch", type(settings).model_fields["patch"].default)
        return bool(settings.steps * settings.batch * settings.patch**2 < recipe.amount * side**2)
    if settings.presentations is None:
        return False
    return bool(settings.presentations < recipe.amount * max(datasets.images(job, "train"), 1))


def records(jobs: list[Job], register: Register) -> list[Item]:
    """Every record that these jobs would leave; the numbers are placeholders with an interval."""
    datasets, by_out = Datasets(jobs), {job.out: job for job in jobs}
    gpu = accelerator()
    found: list[Item] = []
    for job in jobs:
        maker = {"fid": _fid, "segment": _segment, "restore": _restore, "time": _time}.get(job.kind)
        if maker is not None:
            found += [Item(record, f"{job.id}/metrics.json") for record in maker(job, datasets, by_out, gpu)]
        elif job.kind == "inspect":
            found += [Item(record, f"{job.id}/metrics.json") for record in _inspect(job, register)]
    return found


def _record(kind: Kind, task: Task, model: str, values: tuple[str, ...], **facts: Any) -> Record:
    given = {name: Value(value=1.0, unit="1", low=0.99, high=1.01, interval="expected") for name in values}
    return Record(**{"synthetic": False, "short": False, **facts}, kind=kind, task=task, model=model, values=given)


def _trained(job: Job, datasets: Datasets, by_out: Mapping[str, Job]) -> bool:
    """Whether the model behind an evaluation has a shortened schedule."""
    made_by = predicted_runs.maker(job, by_out)
    return made_by is not None and is_short(made_by, datasets)


Gpu = tuple[str, float | None] | None


def _scored(job: Job, datasets: Datasets, by_out: Mapping[str, Job]) -> dict[str, Any]:
    settings: Any = job.settings
    dataset = datasets.of(job)
    return {
        "dataset": settings.dataset,
        "data": None if dataset is None else dataset.kind,
        "subject": predicted_runs.scored(job, by_out),
        "n": max(datasets.images(job, "val"), 1),
        "seed": settings.seed,
        "synthetic": dataset is not None and find(dataset.kind).synthetic,
        "short": _trained(job, datasets, by_out),
    }


def _fid(job: Job, datasets: Datasets, by_out: Mapping[str, Job], gpu: Gpu) -> Iterator[Record]:
    settings: Any = job.settings
    height, width = datasets.size(job)
    condition = {"height": height, "width": width, "design": "pairs"}
    for protocol in settings.protocols:
        quantity = next(name for name, metric in metrics("fid").items() if protocol in metric.protocols)
        facts = _scored(job, datasets, by_out) | {"protocol": protocol, "condition": condition}
        yield _record("fid", "translation", settings.name, (quantity,), **facts)


def _segment(job: Job, datasets: Datasets, by_out: Mapping[str, Job], gpu: Gpu) -> Iterator[Record]:
    settings: Any = job.settings
    height, width = datasets.size(job)
    segmenter = by_out.get(job.inputs.get("segmenter", ""))
    name = "" if segmenter is None else str(getattr(segmenter.settings, "architecture", ""))
    short = segmenter is not None and is_short(segmenter, datasets)
    for protocol in settings.protocols:
        facts = _scored(job, datasets, by_out)
        facts |= {"protocol": protocol, "short": facts["short"] or short}
        facts["condition"] = {"height": height, "width": width, "segmenter": name}
        yield _record(
            "segmentation",
            "translation",
            settings.name,
            tuple(n for n, m in metrics("segmentation").items() if not m.classes),
            **facts,
        )


def _restore(job: Job, datasets: Datasets, by_out: Mapping[str, Job], gpu: Gpu) -> Iterator[Record]:
    settings: Any = job.settings
    names = [settings.name]
    if settings.name == "baselines":
        names = list(settings.baselines or BASELINES[settings.task])
    for name, sigma in itertools.product(names, settings.sigmas or (15, 25, 50)):
        facts = _scored(job, datasets, by_out) | {"protocol": settings.protocol, "condition": {"sigma": sigma}}
        baseline = settings.name == "baselines"
        facts["subject"] = subjects.method(name) if baseline else predicted_runs.scored(job, by_out, sigma)
        if name == "bm3d" and settings.bm3d_limit is not None:
            facts["n"] = max(min(facts["n"], settings.bm3d_limit), 1)
        yield _record("restoration", settings.task, name, tuple(metrics("restoration")), **facts)


def _time(job: Job, datasets: Datasets, by_out: Mapping[str, Job], gpu: Gpu) -> Iterator[Record]:
    settings: Any = job.settings
    device = "cuda" if settings.device == "cuda" or (settings.device == "auto" and gpu) else "cpu"
    axes = (settings.sizes, settings.batches, settings.precisions, settings.modes, settings.scopes)
    for (height, width), batch, precision, mode, scope in itertools.product(*axes):
        condition: dict[str, Scalar] = {"height": height, "width": width, "batch": batch, "precision": precision}
        condition |= {"mode": mode, "scope": scope, "device": device, "processes": settings.processes}
        facts: dict[str, Any] = {"dataset": "random", "protocol": "interleaved", "condition": condition}
        facts |= {"n": settings.calls, "hardware": {"gpu": gpu[0]} if gpu and device == "cuda" else {}}
        for name in settings.models:
            runs = subjects.timed(settings, name, mode)
            yield _record("latency", settings.task, name, ("median", "p90", "p99"), **facts, **runs)
        for a, b in settings.ratios:
            runs = subjects.timed(settings, f"{a}/{b}", mode)
            yield _record("latency", settings.task, f"{a}/{b}", ("ratio",), **facts, **runs)


def _inspect(job: Job, register: Register) -> Iterator[Record]:
    """One record for each claim about this network whose size is among those inspected, with what the claim asks for.

    What will be counted are the published networks, which a claim names as a published network or form.
    """
    settings: Any = job.settings
    sizes, declared = {tuple(size) for size in settings.sizes}, declarations.model(settings.architecture)
    counted = {declared.name, *declared.counted, *(f"{declared.name}/{other}" for other in settings.against)}
    for claim in register.checked:
        check = claim.check
        if isinstance(check, Measurement) and check.kind == "architecture":
            size = (check.where.get("height"), check.where.get("width"))
            model = check.model if isinstance(check.model, str) else check.model[0]
            if model in counted and (size == (None, None) or size in sizes):
                facts = {"dataset": "none", "protocol": "counted", "condition": dict(check.where), "n": 1}
                sides = {"subject": check.subject, "rival": check.rival}
                facts |= {
                    side: subjects.built(first(ran.architecture), ran.options)
                    for side, ran in sides.items()
                    if ran is not None and ran.architecture is not None
                }
                yield _record("architecture", "translation", model, (check.value,), **facts)

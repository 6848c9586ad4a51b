"""The jobs that score translation models: pictures, FID, segmentation, and the snapshots of trainings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixelwise.files.reading import short
from pixelwise.planning.jobs import Job
from pixelwise.planning.paths import places
from pixelwise.settings.base import Settings
from pixelwise.settings.evaluation import FidSettings, FollowSettings, GenerateSettings, SegmentSettings

if TYPE_CHECKING:
    from pixelwise.planning.building import Builder

REAL, SHUFFLED, MEAN_COLOUR = "real", "shuffled", "mean_colour"
FLOORS = {"fid": (REAL,), "segment": (REAL, SHUFFLED)}


def translations(builder: Builder) -> None:
    """Pictures and scores of every translation model, with floors and ceilings once for each data set."""
    entries = {name: builder.entry(name) for name in builder.profile.train}
    chosen = [name for name, entry in entries.items() if entry.task == "translation"]
    for dataset in dict.fromkeys(entries[name].dataset for name in chosen):
        for step, subjects in FLOORS.items():
            for subject in subjects:
                _score(builder, step, dataset, subject, 0, None)
        _mean_colour(builder, dataset)
    for name in chosen:
        for seed, (dataset, job) in builder.trained(name).items():
            settings = builder.settings(
                GenerateSettings,
                builder.compute | builder.profile.generate | {"name": name, "dataset": dataset, "seed": seed},
                "generate",
            )
            where = f"generate/{dataset}/{name}/seed{seed}"
            inputs = {"data": builder.prepared(dataset), "model": job.out}
            images = builder.add(where, "generate", settings, inputs, job.modules)
            for step in FLOORS:
                _score(builder, step, dataset, name, seed, images)
            if getattr(job.settings, "snapshots", None):
                _follow(builder, dataset, name, seed, job)


def _mean_colour(builder: Builder, dataset: str) -> None:
    """Pictures of each label's mean colour, scored as a model's are."""
    values = {"name": MEAN_COLOUR, "dataset": dataset}
    limit = {key: value for key, value in builder.profile.generate.items() if key in ("split", "limit")}
    settings = builder.settings(GenerateSettings, builder.compute | limit | values, "generate")
    where = f"generate/{dataset}/{MEAN_COLOUR}/seed0"
    images = builder.add(where, MEAN_COLOUR, settings, {"data": builder.prepared(dataset)})
    for step in FLOORS:
        _score(builder, step, dataset, MEAN_COLOUR, 0, images)


def _follow(builder: Builder, dataset: str, name: str, seed: int, job: Job) -> None:
    """Score the snapshots of one training; reads what the scores of the trained network read."""
    where = f"{dataset}/{name}/seed{seed}"
    settings = builder.settings(FollowSettings, {**builder.compute, "name": name, "dataset": dataset, "seed": seed})
    scored = builder.jobs[f"fid/{where}"].inputs, builder.jobs[f"segment/{where}"]
    inputs = {"data": builder.prepared(dataset), "model": job.out, "segmenter": scored[1].inputs["segmenter"]}
    inputs |= {role: scored[0][role] for role in ("inception", "real")}
    builder.add(f"follow/{where}", "follow", settings, inputs, {*job.modules, *scored[1].modules})


def _score(builder: Builder, step: str, dataset: str, name: str, seed: int, images: str | None) -> None:
    values = builder.compute | {"name": name, "dataset": dataset, "seed": seed}
    inputs = {"data": builder.prepared(dataset)} | ({"images": images} if images else {})
    where = f"{step}/{dataset}/{name}/seed{seed}"
    if name == SHUFFLED or (step == "fid" and name != REAL):  # what the photographs' job computed of them
        inputs["real"] = places(builder.name, f"{step}/{dataset}/{REAL}/seed0").out
    if step == "fid":
        settings: Settings = builder.settings(FidSettings, values | builder.profile.fid, "fid")
        inputs["inception"] = builder.weights("inception")
        builder.add(where, step, settings, inputs)
        return
    options = dict(builder.profile.segment)
    segmenter = options.pop("segmenter", "segmenter")
    if segmenter not in list(builder.profile.train):
        line = f"no entry {short(segmenter)}, which reads label maps back from pictures; add one of task segmentation"
        raise builder.wrong(line, "train")
    if builder.entry(segmenter).task != "segmentation":
        task = builder.entry(segmenter).task
        raise builder.wrong(
            f"{task}; segment.segmenter names it, and needs task segmentation", "train", segmenter, "task"
        )
    settings = builder.settings(SegmentSettings, values | options, "segment")
    if {"U", "F"} & set(settings.protocols):  # these score label maps at their original size
        settings = settings.model_copy(update={"original": builder.dataset(dataset)})
        inputs["raw"] = builder.jobs[f"fetch/{dataset}"].out
    job = next(iter(builder.trained(segmenter).values()))[1]
    inputs["segmenter"] = job.out
    reader = builder.jobs[f"prepare/{dataset}"].modules if "raw" in inputs else ()
    builder.add(where, step, settings, inputs, {*job.modules, *reader})

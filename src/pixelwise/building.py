"""The jobs of one profile: folders, settings and edges, theme by theme."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, get_args

from pydantic import ValidationError

from pixelwise.errors import PixelwiseError
from pixelwise.jobs import Job
from pixelwise.models.registry import modules
from pixelwise.settings.base import Settings
from pixelwise.settings.claims import ArchitectureSettings, JudgeSettings
from pixelwise.settings.data import Dataset, FetchSettings, Kind, PrepareSettings, WeightsSettings
from pixelwise.settings.evaluation import FidSettings, GenerateSettings, SegmentSettings, TimeSettings
from pixelwise.settings.models import ConvertSettings
from pixelwise.settings.profile import Profile, Training
from pixelwise.settings.reporting import FiguresSettings, ReportSettings, SummarySettings
from pixelwise.settings.restoration import RestorationSettings
from pixelwise.settings.training import AdversarialSettings, DenoisingSettings, SegmentationSettings

Model = TypeVar("Model", bound=Settings)
KIND_OF_TASK: dict[str, tuple[str, type[Settings]]] = {
    "translation": ("adversarial", AdversarialSettings),
    "denoising": ("denoising", DenoisingSettings),
    "deblurring": ("denoising", DenoisingSettings),
    "segmentation": ("segmentation", SegmentationSettings),
}
REAL, SHUFFLED = "real", "shuffled"
FLOORS = {"fid": (REAL,), "segment": (REAL, SHUFFLED)}


def validate(model: type[Model], where: str, values: Mapping[str, Any]) -> Model:
    """Make settings from plain values, or say in one line what is wrong, where, and what is allowed."""
    try:
        return model(**values)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join([where, *map(str, first["loc"])])
        if first["type"] == "extra_forbidden":
            known = _known(model, first["loc"][:-1])
            close = difflib.get_close_matches(str(first["loc"][-1]), known, 1)
            hint = f"did you mean {close[0]}?" if close else "allowed: " + ", ".join(known)
            raise PixelwiseError(f"params.yaml: {path}: no such parameter; {hint}") from None
        message = first["msg"].removeprefix("Value error, ")
        found = "" if isinstance(first["input"], dict) else f" (found {first['input']!r})"
        raise PixelwiseError(f"params.yaml: {path}: {message}{found}") from None


def _inside(annotation: Any) -> type[Settings] | None:
    """The settings class that an annotation holds, such as `Dataset` in `dict[str, Dataset]`."""
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return annotation
    return next((found for part in get_args(annotation) if (found := _inside(part))), None)


def _known(model: type[Settings], path: tuple[Any, ...]) -> list[str]:
    """Names that are allowed at a place; steps that are names of entries, not of fields, lead nowhere else."""
    for step in path:
        if step in model.model_fields:
            model = _inside(model.model_fields[step].annotation) or model
    return sorted(model.model_fields)


class Builder:
    """Collects the jobs of one run; each method adds those of one theme and needs the ones before it."""

    def __init__(self, name: str, profile_name: str, profile: Profile) -> None:
        self.name, self.profile_name, self.profile = name, profile_name, profile
        self.data, self.results = f"data/{name}", f"results/{name}"
        self.jobs: dict[str, Job] = {}
        self.compute = profile.compute.model_dump()

    def add(
        self,
        job_id: str,
        kind: str,
        settings: Settings,
        out: str,
        inputs: Mapping[str, str] | None = None,
        modules: Iterable[str] = (),
        shows: tuple[str, ...] = (),
    ) -> str:
        """Add a job and return its output folder."""
        file = f"{self.results}/jobs/{job_id}.json"
        self.jobs[job_id] = Job(job_id, kind, settings, out, file, inputs or {}, tuple(sorted(modules)), shows)
        return out

    def where(self, *path: str) -> str:
        """Place of a value in params.yaml, for messages."""
        return ".".join(["profiles", self.profile_name, *path])

    def prepared(self, dataset: str) -> str:
        """Folder of a prepared data set; adds its two jobs at the first call."""
        if f"prepare/{dataset}" not in self.jobs:
            settings = self.dataset(dataset)
            raw = self.add(
                f"fetch/{dataset}", "fetch", FetchSettings(name=dataset, dataset=settings), f"{self.data}/{dataset}/raw"
            )
            self.add(
                f"prepare/{dataset}",
                "prepare",
                PrepareSettings(name=dataset, dataset=settings),
                f"{self.data}/{dataset}/prepared",
                {"raw": raw},
            )
        return f"{self.data}/{dataset}/prepared"

    def dataset(self, name: str) -> Dataset:
        """Settings of a data set of the profile."""
        if name not in self.profile.datasets:
            allowed = ", ".join(self.profile.datasets)
            raise PixelwiseError(f"params.yaml: {self.where('datasets')}: no data set '{name}'; allowed: {allowed}")
        settings = self.profile.datasets[name]
        if name in get_args(Kind) and name != settings.kind:  # records carry the name, and claims are about names
            place = self.where("datasets", name)
            raise PixelwiseError(f"params.yaml: {place}: of kind {settings.kind}; that name is for its own kind alone")
        return settings

    def weights(self, name: str) -> str:
        """Folder of published weights."""
        file = self.profile.checkpoints.get(name)
        return self.add(
            f"weights/{name}", "weights", WeightsSettings(name=name, file=file), f"{self.data}/weights/{name}"
        )

    def runs(self, entry: Training) -> tuple[int, ...]:
        """Seeds of an entry of `train`."""
        return self.profile.seeds if entry.seeds is None else entry.seeds

    def train(self, name: str) -> None:
        """One training job for each seed of one entry of `train`, or one conversion."""
        entry = self.profile.training(name)
        if entry.checkpoint is not None:
            self._convert(name, entry)
            return
        kind, model = KIND_OF_TASK[entry.task]
        for seed in self.runs(entry):
            values = {"name": name, "dataset": entry.dataset} if {"name", "dataset"} <= set(model.model_fields) else {}
            settings = validate(
                model, self.where("train", name), self.compute | entry.settings | values | {"seed": seed}
            )
            inputs = {"data": self.prepared(entry.dataset)}
            if getattr(settings, "perceptual", 0) or getattr(settings, "loss", "") == "perceptual":
                inputs["perceptual"] = self.weights("vgg19")
            networks = [settings.architecture, getattr(settings, "discriminator", None)]  # type: ignore[attr-defined]
            used = [module for network in networks if network for module in modules(network)]
            where = f"train/{entry.dataset}/{name}/seed{seed}"
            self.add(where, kind, settings, f"{self.results}/{where}", inputs, used)

    def _convert(self, name: str, entry: Training) -> None:
        assert entry.checkpoint is not None
        settings = validate(ConvertSettings, self.where("train", name), entry.settings)
        where = f"train/{entry.dataset}/{name}/seed{self.runs(entry)[0]}"
        inputs = {"weights": self.weights(entry.checkpoint)}
        self.add(where, "convert", settings, f"{self.results}/{where}", inputs, modules(settings.architecture))

    def trained(self, name: str) -> dict[int, tuple[str, Job]]:
        """Seed -> (dataset, training job) of one entry of `train`."""
        entry = self.profile.training(name)
        prefix = f"train/{entry.dataset}/{name}/seed"
        return {
            int(job_id.removeprefix(prefix)): (entry.dataset, job)
            for job_id, job in self.jobs.items()
            if job_id.startswith(prefix)
        }

    def translations(self) -> None:
        """Pictures and scores of every translation model, with floors and ceilings once for each data set."""
        entries = {name: self.profile.training(name) for name in self.profile.train}
        chosen = [name for name, entry in entries.items() if entry.task == "translation"]
        for dataset in dict.fromkeys(entries[name].dataset for name in chosen):
            for step, subjects in FLOORS.items():
                for subject in subjects:
                    self._score(step, dataset, subject, 0, None)
        for name in chosen:
            for seed, (dataset, job) in self.trained(name).items():
                settings = validate(
                    GenerateSettings,
                    self.where("generate"),
                    self.compute | self.profile.generate | {"name": name, "dataset": dataset, "seed": seed},
                )
                where = f"generate/{dataset}/{name}/seed{seed}"
                inputs = {"data": self.prepared(dataset), "model": job.out}
                images = self.add(where, "generate", settings, f"{self.results}/{where}", inputs, job.modules)
                for step in FLOORS:
                    self._score(step, dataset, name, seed, images)

    def _score(self, step: str, dataset: str, name: str, seed: int, images: str | None) -> None:
        values = self.compute | {"name": name, "dataset": dataset, "seed": seed}
        inputs = {"data": self.prepared(dataset)} | ({"images": images} if images else {})
        where = f"{step}/{dataset}/{name}/seed{seed}"
        if name == SHUFFLED or (step == "fid" and name != REAL):  # what the photographs' job computed of them
            inputs["real"] = f"{self.results}/{step}/{dataset}/{REAL}/seed0"
        if step == "fid":
            settings: Settings = validate(FidSettings, self.where("fid"), values | self.profile.fid)
            inputs["inception"] = self.weights("inception")
            self.add(where, step, settings, f"{self.results}/{where}", inputs)
            return
        options = dict(self.profile.segment)
        segmenter = options.pop("segmenter", "segmenter")
        if segmenter not in self.profile.train:
            raise PixelwiseError(
                f"params.yaml: {self.where('segment.segmenter')}: '{segmenter}' is not an entry of train"
            )
        if {"U", "F"} & set(options.get("protocols") or ()):  # these score label maps at their original size
            values["original"] = self.dataset(dataset)
            inputs["raw"] = f"{self.data}/{dataset}/raw"
        settings = validate(SegmentSettings, self.where("segment"), values | options)
        job = next(iter(self.trained(segmenter).values()))[1]
        inputs["segmenter"] = job.out
        self.add(where, step, settings, f"{self.results}/{where}", inputs, job.modules)

    def restorations(self) -> None:
        """Every restoration protocol: its baselines, and every model of its task."""
        for protocol, options in self.profile.restore.items():
            values = dict(options)
            dataset, task = values.pop("dataset", None), values.get("task", "denoising")
            if dataset is None:
                raise PixelwiseError(
                    f"params.yaml: {self.where('restore', protocol)}: needs dataset, a name in datasets"
                )
            self._restore(protocol, dataset, values, "baselines", 0, None, None)
            for name in self.profile.train:
                entry = self.profile.training(name)
                if entry.task != task or (entry.protocols is not None and protocol not in entry.protocols):
                    continue
                for seed, (_, job) in self.trained(name).items():
                    self._restore(protocol, dataset, values, name, seed, job, entry)

    def _restore(
        self, protocol: str, dataset: str, values: dict[str, Any], name: str, seed: int, job: Job | None, entry: Any
    ) -> None:
        given = self.compute | {"protocol": protocol} | values | {"name": name, "dataset": dataset, "seed": seed}
        sigma = entry.settings.get("sigma") if entry else None
        if isinstance(sigma, int | float):
            given["sigmas"] = [sigma]
        settings = validate(RestorationSettings, self.where("restore", protocol), given)
        inputs = {"data": self.prepared(dataset)} | ({"model": job.out} if job else {})
        where = f"restore/{protocol}/{name}/seed{seed}"
        self.add(where, "restore", settings, f"{self.results}/{where}", inputs, job.modules if job else ())

    def timings(self) -> None:
        """One job for each group of architectures that are timed together, and the inspection of all architectures."""
        for group, options in self.profile.time.items():
            where = f"time/{group}"
            settings = validate(TimeSettings, self.where("time", group), self.compute | options | {"name": group})
            used = {module for timed in settings.models.values() for module in modules(timed.architecture)}
            self.add(where, "time", settings, f"{self.results}/{where}", {}, used)
        counted = validate(ArchitectureSettings, self.where("inspect"), self.profile.inspect)
        self.add("inspect", "inspect", counted, f"{self.results}/inspect")

    def report(self) -> None:
        """Tables, verdicts, figures and the page."""
        steps = ("train", "time", "fid", "segment", "restore", "inspect")
        scores = {job.id: job.out for job in self.jobs.values() if job.step in steps}
        made = {job.id: job.out for job in self.jobs.values() if job.step in (*steps, "generate", "fetch", "prepare")}
        summary = self.add("summarise", "summarise", SummarySettings(run=self.name), f"{self.results}/summary", scores)
        verdicts = self.add(
            "judge", "judge", JudgeSettings(run=self.name), f"{self.results}/claims", {"summary": summary, **scores}
        )
        figures = self.add(
            "figures", "figures", FiguresSettings(run=self.name), f"{self.results}/figures", {"summary": summary}
        )
        settings = validate(
            ReportSettings,
            self.where("report"),
            {"title": self.profile.title} | self.profile.report | {"run": self.name, "profile": self.profile_name},
        )
        inputs = {"summary": summary, "claims": verdicts, "figures": figures, **made}
        self.add("report", "report", settings, f"{self.results}/report", inputs, (), ("index.html",))

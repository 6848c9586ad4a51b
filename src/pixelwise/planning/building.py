"""The jobs of one profile: folders, settings and edges, theme by theme."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pixelwise.errors import PixelwiseError
from pixelwise.files.reading import short
from pixelwise.models.declarations import modules, recipe_part
from pixelwise.planning.configuration import validate
from pixelwise.planning.inspecting import drawn, named
from pixelwise.planning.jobs import Job
from pixelwise.planning.paths import places
from pixelwise.settings.base import Settings
from pixelwise.settings.claims import JudgeSettings
from pixelwise.settings.data import Dataset, FetchSettings, Kind, PrepareSettings, WeightsSettings
from pixelwise.settings.evaluation import FidSettings, GenerateSettings, SegmentSettings, TimeSettings
from pixelwise.settings.fit import problem
from pixelwise.settings.models import ConvertSettings
from pixelwise.settings.profile import Profile, Training
from pixelwise.settings.reporting import FiguresSettings, ReportSettings, SummarySettings
from pixelwise.settings.restoration import RestorationSettings
from pixelwise.settings.training import AdversarialSettings, DenoisingSettings, SegmentationSettings

KIND_OF_TASK: dict[str, tuple[str, type[Settings]]] = {
    "translation": ("adversarial", AdversarialSettings),
    "denoising": ("denoising", DenoisingSettings),
    "deblurring": ("denoising", DenoisingSettings),
    "segmentation": ("segmentation", SegmentationSettings),
}
REAL, SHUFFLED = "real", "shuffled"
FLOORS = {"fid": (REAL,), "segment": (REAL, SHUFFLED)}


class Builder:
    """Collects the jobs of one run; each method adds those of one theme and needs the ones before it."""

    def __init__(self, name: str, profile_name: str, profile: Profile) -> None:
        self.name, self.profile_name, self.profile = name, profile_name, profile
        self.jobs: dict[str, Job] = {}
        self.compute = profile.compute.model_dump()

    def add(
        self,
        job_id: str,
        kind: str,
        settings: Settings,
        inputs: Mapping[str, str] | None = None,
        modules: Iterable[str] = (),
        shows: tuple[str, ...] = (),
    ) -> str:
        """Add a job and return its output folder."""
        where = places(self.name, job_id)
        self.jobs[job_id] = Job(
            job_id, kind, settings, where.out, where.file, inputs or {}, tuple(sorted(modules)), shows
        )
        return where.out

    def where(self, *path: str) -> str:
        """Place of a value in params.yaml, for messages."""
        return ".".join(["profiles", self.profile_name, *path])

    def prepared(self, dataset: str) -> str:
        """Folder of a prepared data set; adds its two jobs at the first call."""
        if f"prepare/{dataset}" not in self.jobs:
            settings = self.dataset(dataset)
            raw = self.add(f"fetch/{dataset}", "fetch", FetchSettings(name=dataset, dataset=settings))
            self.add(f"prepare/{dataset}", "prepare", PrepareSettings(name=dataset, dataset=settings), {"raw": raw})
        return self.jobs[f"prepare/{dataset}"].out

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
        return self.add(f"weights/{name}", "weights", WeightsSettings(name=name, file=file))

    def runs(self, entry: Training) -> tuple[int, ...]:
        """Seeds of an entry of `train`."""
        return self.profile.seeds if entry.seeds is None else entry.seeds

    def train(self, name: str) -> None:
        """One training job for each seed of one entry of `train`, or one conversion."""
        entry = self.profile.training(name)
        if entry.checkpoint is not None:
            self._convert(name, entry)
            return
        kind, form = KIND_OF_TASK[entry.task]
        for seed in self.runs(entry):
            values = {"name": name, "dataset": entry.dataset} if {"name", "dataset"} <= set(form.model_fields) else {}
            settings = validate(
                form, self.where("train", name), self.compute | entry.settings | values | {"seed": seed}
            )
            if wrong := problem(settings, self.dataset(entry.dataset)):
                raise PixelwiseError(f"params.yaml: {self.where('train', name)}: {wrong}")
            inputs = {"data": self.prepared(entry.dataset)}
            if getattr(settings, "perceptual", 0) or getattr(settings, "loss", "") == "perceptual":
                inputs["perceptual"] = self.weights("vgg19")
            used = [module for network in named(settings).values() for module in modules(network)]
            used.append(recipe_part(settings.GROUP, settings.recipe))  # type: ignore[attr-defined]
            where = f"train/{entry.dataset}/{name}/seed{seed}"
            self.add(where, kind, settings, inputs, used)

    def _convert(self, name: str, entry: Training) -> None:
        assert entry.checkpoint is not None
        settings = validate(ConvertSettings, self.where("train", name), entry.settings)
        where = f"train/{entry.dataset}/{name}/seed{self.runs(entry)[0]}"
        inputs = {"weights": self.weights(entry.checkpoint)}
        self.add(where, "convert", settings, inputs, modules(settings.architecture, "official"))

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
                images = self.add(where, "generate", settings, inputs, job.modules)
                for step in FLOORS:
                    self._score(step, dataset, name, seed, images)

    def _score(self, step: str, dataset: str, name: str, seed: int, images: str | None) -> None:
        values = self.compute | {"name": name, "dataset": dataset, "seed": seed}
        inputs = {"data": self.prepared(dataset)} | ({"images": images} if images else {})
        where = f"{step}/{dataset}/{name}/seed{seed}"
        if name == SHUFFLED or (step == "fid" and name != REAL):  # what the photographs' job computed of them
            inputs["real"] = places(self.name, f"{step}/{dataset}/{REAL}/seed0").out
        if step == "fid":
            settings: Settings = validate(FidSettings, self.where("fid"), values | self.profile.fid)
            inputs["inception"] = self.weights("inception")
            self.add(where, step, settings, inputs)
            return
        options = dict(self.profile.segment)
        segmenter = options.pop("segmenter", "segmenter")
        if segmenter not in list(self.profile.train):
            raise PixelwiseError(
                f"params.yaml: {self.where('segment.segmenter')}: {short(segmenter)} is not an entry of train"
            )
        settings = validate(SegmentSettings, self.where("segment"), values | options)
        if {"U", "F"} & set(settings.protocols):  # these score label maps at their original size
            settings = settings.model_copy(update={"original": self.dataset(dataset)})
            inputs["raw"] = self.jobs[f"fetch/{dataset}"].out
        job = next(iter(self.trained(segmenter).values()))[1]
        inputs["segmenter"] = job.out
        self.add(where, step, settings, inputs, job.modules)

    def restorations(self) -> None:
        """Every restoration protocol: its baselines, and every model of its task."""
        for name in self.profile.train:
            for protocol in self.profile.training(name).protocols or ():
                if protocol not in self.profile.restore:
                    place, allowed = self.where("train", name, "protocols"), ", ".join(self.profile.restore)
                    raise PixelwiseError(f"params.yaml: {place}: no protocol '{protocol}'; allowed: {allowed}")
        for protocol, options in self.profile.restore.items():
            values = dict(options)
            dataset, task = values.pop("dataset", None), values.get("task", "denoising")
            if not isinstance(dataset, str):
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
        self.add(where, "restore", settings, inputs, job.modules if job else ())

    def timings(self) -> None:
        """One job for each group of architectures that are timed together."""
        for group, options in self.profile.time.items():
            where = f"time/{group}"
            settings = validate(TimeSettings, self.where("time", group), self.compute | options | {"name": group})
            used = {part for network in named(settings).values() for part in modules(network, "optimised")}
            self.add(where, "time", settings, {}, used)

    def report(self) -> None:
        """Tables, verdicts, figures and the page."""
        steps = ("train", "time", "fid", "segment", "restore", "inspect")
        scores = {job.id: job.out for job in self.jobs.values() if job.step in steps}
        made = {job.id: job.out for job in self.jobs.values() if job.step in (*steps, "generate", "fetch", "prepare")}
        summary = self.add("summarise", "summarise", SummarySettings(run=self.name), scores)
        verdicts = self.add("judge", "judge", JudgeSettings(run=self.name), {"summary": summary, **scores})
        models, shown = drawn(self.jobs.values())
        drawing = FiguresSettings(run=self.name, models=models)
        figures = self.add("figures", "figures", drawing, {"summary": summary}, shown)
        settings = validate(
            ReportSettings,
            self.where("report"),
            {"title": self.profile.title}
            | self.profile.report
            | {"run": self.name, "profile": self.profile_name, "models": models},
        )
        inputs = {"summary": summary, "claims": verdicts, "figures": figures, **made}
        self.add("report", "report", settings, inputs, shown, ("index.html",))

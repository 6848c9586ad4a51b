"""The jobs of one profile: folders, settings and edges, theme by theme."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pixelwise.data import declared_kinds
from pixelwise.errors import PixelwiseError
from pixelwise.models.declarations import modules, recipe_part
from pixelwise.planning import environment
from pixelwise.planning.configuration import validate
from pixelwise.planning.early import said
from pixelwise.planning.inspecting import drawn, named
from pixelwise.planning.jobs import KINDS, Job
from pixelwise.planning.origins import Origins
from pixelwise.planning.paths import places
from pixelwise.settings.base import Settings
from pixelwise.settings.claims import JudgeSettings
from pixelwise.settings.data import Dataset, FetchSettings, PrepareSettings, WeightsSettings
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
Made = TypeVar("Made", bound=Settings)


class Builder:
    """Collects the jobs of one run; each method adds those of one theme and needs the ones before it."""

    def __init__(self, name: str, profile: Profile, origins: Origins) -> None:
        self.name, self.profile, self.origins = name, profile, origins
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
        where, used = places(self.name, job_id), tuple(sorted({*modules, *KINDS[kind].declarations}))
        self.jobs[job_id] = Job(job_id, kind, settings, where.out, where.file, inputs or {}, used, shows)
        return where.out

    def wrong(self, text: str, *path: str) -> PixelwiseError:
        """An error about the value at a path of the profile."""
        return PixelwiseError(f"params.yaml: {self.origins.place(*path)}: {text}")

    def settings(self, model: type[Made], values: Mapping[str, Any], *path: str) -> Made:
        """Settings of a job from the values that stand at a path of the profile."""
        return validate(model, self.origins.named(*path), values)

    def prepared(self, dataset: str) -> str:
        """Folder of a prepared data set; adds its two jobs at the first call."""
        if f"prepare/{dataset}" not in self.jobs:
            settings = self.dataset(dataset)
            own, used = declared_kinds.module(settings.kind), declared_kinds.fetching(settings.kind)
            raw = self.add(f"fetch/{dataset}", "fetch", FetchSettings(name=dataset, dataset=settings), {}, used)
            prepare = PrepareSettings(name=dataset, dataset=settings)
            self.add(f"prepare/{dataset}", "prepare", prepare, {"raw": raw}, [own])
        return self.jobs[f"prepare/{dataset}"].out

    def dataset(self, name: str) -> Dataset:
        """Settings of a data set of the profile."""
        if name not in self.profile.datasets:
            allowed = ", ".join(self.profile.datasets)
            raise self.wrong(f"no data set '{name}'; allowed: {allowed}", "datasets")
        settings = self.profile.datasets[name]
        # Readers take such a name for what it says, and records of earlier versions have nothing else.
        if name in declared_kinds.names() and name != settings.kind:
            raise self.wrong(f"of kind {settings.kind}; that name is for its own kind alone", "datasets", name)
        return settings

    def weights(self, name: str) -> str:
        """Folder of published weights."""
        file = self.profile.checkpoints.get(name)
        return self.add(f"weights/{name}", "weights", WeightsSettings(name=name, file=file))

    def entry(self, name: str) -> Training:
        """The entry `name` of `train`, its step settings apart from the rest."""
        return self.settings(Training, Training.parted(self.profile.train[name]), "train", name)

    def runs(self, entry: Training) -> tuple[int, ...]:
        """Seeds of an entry of `train`."""
        return self.profile.seeds if entry.seeds is None else entry.seeds

    def train(self, name: str) -> None:
        """One training job for each seed of one entry of `train`, or one conversion."""
        entry = self.entry(name)
        if entry.checkpoint is not None:
            self._convert(name, entry)
            return
        kind, model = KIND_OF_TASK[entry.task]
        for seed in self.runs(entry):
            values = {"name": name, "dataset": entry.dataset} if {"name", "dataset"} <= set(model.model_fields) else {}
            settings = self.settings(model, self.compute | entry.settings | values | {"seed": seed}, "train", name)
            if misfit := problem(settings, self.dataset(entry.dataset)):
                raise PixelwiseError(said(misfit, self.origins, name, entry.dataset))
            inputs = {"data": self.prepared(entry.dataset)}
            if getattr(settings, "perceptual", 0) or getattr(settings, "loss", "") == "perceptual":
                inputs["perceptual"] = self.weights("vgg19")
            used = [module for network in named(settings).values() for module in modules(network)]
            used.append(recipe_part(settings.GROUP, settings.recipe))  # type: ignore[attr-defined]
            where = f"train/{entry.dataset}/{name}/seed{seed}"
            self.add(where, kind, settings, inputs, used)

    def _convert(self, name: str, entry: Training) -> None:
        assert entry.checkpoint is not None
        settings = self.settings(ConvertSettings, entry.settings, "train", name)
        where = f"train/{entry.dataset}/{name}/seed{self.runs(entry)[0]}"
        inputs = {"weights": self.weights(entry.checkpoint)}
        self.add(where, "convert", settings, inputs, modules(settings.architecture, "official"))

    def trained(self, name: str) -> dict[int, tuple[str, Job]]:
        """Seed -> (dataset, training job) of one entry of `train`."""
        entry = self.entry(name)
        prefix = f"train/{entry.dataset}/{name}/seed"
        return {
            int(job_id.removeprefix(prefix)): (entry.dataset, job)
            for job_id, job in self.jobs.items()
            if job_id.startswith(prefix)
        }

    def restorations(self) -> None:
        """Every restoration protocol: its baselines, and every model of its task."""
        for name in self.profile.train:
            for protocol in self.entry(name).protocols or ():
                if protocol not in self.profile.restore:
                    allowed = ", ".join(self.profile.restore)
                    raise self.wrong(f"no protocol '{protocol}'; allowed: {allowed}", "train", name, "protocols")
        for protocol, options in self.profile.restore.items():
            values = dict(options)
            dataset, task = values.pop("dataset", None), values.get("task", "denoising")
            if not isinstance(dataset, str):
                raise self.wrong("needs dataset, a name in datasets", "restore", protocol)
            self._restore(protocol, dataset, values, "baselines", 0, None, None)
            for name in self.profile.train:
                entry = self.entry(name)
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
        settings = self.settings(RestorationSettings, given, "restore", protocol)
        inputs = {"data": self.prepared(dataset)} | ({"model": job.out} if job else {})
        where = f"restore/{protocol}/{name}/seed{seed}"
        self.add(where, "restore", settings, inputs, job.modules if job else ())

    def report(self) -> None:
        """Tables, verdicts, figures and the page."""
        steps = ("train", "time", "fid", "segment", "follow", "restore", "inspect")
        scores = {job.id: job.out for job in self.jobs.values() if job.step in steps}
        shown = (*steps, "generate", "fetch", "prepare", "weights")
        made = {job.id: job.out for job in self.jobs.values() if job.step in shown}
        run: dict[str, Any] = {"run": self.name}
        chosen = self.settings(SummarySettings, self.profile.summarise | run, "summarise")
        summary = self.add("summarise", "summarise", chosen, scores)
        verdicts = self.add("judge", "judge", JudgeSettings(run=self.name), {"summary": summary, **scores})
        models, looks = drawn(self.jobs.values())
        run |= {"models": models}
        drawing = self.settings(FiguresSettings, self.profile.figures | run, "figures")
        figures = self.add("figures", "figures", drawing, {"summary": summary}, looks)
        own = {
            "profile": self.origins.profile,
            "unlocked": environment.differences(j.entries for j in self.jobs.values()),
        }
        page = {"title": self.profile.title} | self.profile.report | run | own
        settings = self.settings(ReportSettings, page, "report")
        inputs = {"summary": summary, "claims": verdicts, "figures": figures, **made}
        self.add("report", "report", settings, inputs, looks, ("index.html",))

"""Jobs: what there is to do, one JSON file each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pixelwise.artifacts import MANIFEST, as_made, digest, sha256
from pixelwise.planning import code, environment
from pixelwise.planning.paths import Places, places
from pixelwise.settings.base import Settings

RUN_LOG = Path("logs/run.jsonl")
"""One JSON line for every job that any subcommand ran."""
RECORDED = Path("results/recorded")
"""Runs that git keeps, each in a folder of its name."""


@dataclass(frozen=True)
class Kind:
    """One kind of work.

    Attributes:
        step: The subcommand that does it.
        module: Where it is written.
        settings: The class of its settings.
        metrics: Kinds of record whose metrics it computes.
        scans: Packages all of whose modules it imports, found by scanning them.
        reports: Whether it reads the records of all steps.
        tells: Whether it tells how its inputs were made, so that it is made anew once a change of them is accepted.
        processor: Whether it computes on the processor only, whatever the profile's `compute` says.
    """

    step: str
    module: str
    settings: str
    metrics: tuple[str, ...] = ()
    scans: tuple[str, ...] = ()
    reports: bool = False
    tells: bool = False
    processor: bool = False

    @property
    def declarations(self) -> tuple[str, ...]:
        """Modules of metrics and figures that it computes or reports, which nothing imports by a statement."""
        from pixelwise.quantities import modules  # a job that runs imports this module, and need not know of metrics

        metrics = modules(*self.metrics) if self.metrics or self.reports else ()
        return (*metrics, *(module for package in self.scans for module in code.within(package)))


KINDS = {
    "fetch": Kind("fetch", "pixelwise.data.fetch", "pixelwise.settings.data:FetchSettings"),
    "prepare": Kind("prepare", "pixelwise.data.prepare", "pixelwise.settings.data:PrepareSettings"),
    "weights": Kind("weights", "pixelwise.data.weights", "pixelwise.settings.data:WeightsSettings"),
    "adversarial": Kind("train", "pixelwise.training.adversarial", "pixelwise.settings.training:AdversarialSettings"),
    "denoising": Kind("train", "pixelwise.training.denoising", "pixelwise.settings.training:DenoisingSettings"),
    "segmentation": Kind(
        "train", "pixelwise.training.segmentation", "pixelwise.settings.training:SegmentationSettings"
    ),
    "convert": Kind(
        "train", "pixelwise.models.official.convert", "pixelwise.settings.models:ConvertSettings", processor=True
    ),
    "generate": Kind("generate", "pixelwise.evaluation.generate", "pixelwise.settings.evaluation:GenerateSettings"),
    "mean_colour": Kind(
        "generate",
        "pixelwise.evaluation.mean_colour",
        "pixelwise.settings.evaluation:GenerateSettings",
        processor=True,
    ),
    "follow": Kind(
        "follow",
        "pixelwise.evaluation.follow",
        "pixelwise.settings.evaluation:FollowSettings",
        ("fid", "segmentation"),
    ),
    "time": Kind(
        "time", "pixelwise.evaluation.timing", "pixelwise.settings.evaluation:TimeSettings", ("latency", "flops")
    ),
    "fid": Kind("fid", "pixelwise.evaluation.fid", "pixelwise.settings.evaluation:FidSettings", ("fid",)),
    "segment": Kind(
        "segment", "pixelwise.evaluation.segment", "pixelwise.settings.evaluation:SegmentSettings", ("segmentation",)
    ),
    "restore": Kind(
        "restore",
        "pixelwise.evaluation.restore",
        "pixelwise.settings.restoration:RestorationSettings",
        ("restoration",),
    ),
    "inspect": Kind(
        "inspect",
        "pixelwise.evaluation.inspect_networks",
        "pixelwise.settings.claims:ArchitectureSettings",
        ("architecture",),
        processor=True,
    ),
    "summarise": Kind(
        "summarise", "pixelwise.reporting.summary", "pixelwise.settings.reporting:SummarySettings", reports=True
    ),
    "judge": Kind("judge", "pixelwise.claims.judge", "pixelwise.settings.claims:JudgeSettings", reports=True),
    "figures": Kind(
        "figures",
        "pixelwise.reporting.figures",
        "pixelwise.settings.reporting:FiguresSettings",
        scans=("pixelwise.reporting.plots",),
        reports=True,
    ),
    "report": Kind(
        "report",
        "pixelwise.reporting.page",
        "pixelwise.settings.reporting:ReportSettings",
        reports=True,
        tells=True,
    ),
}


def entries(kind: str, modules: Iterable[str]) -> list[str]:
    """The modules whose imports say what a job of this kind uses."""
    return [KINDS[kind].module, *modules]


def input_hash(kind: str, folder: str) -> str:
    """What a job of this kind notes of an input: its manifest as it was made, or as it is where the job tells of it.

    Raises:
        PixelwiseError: If the manifest is not readable.
    """
    manifest = f"{folder}/{MANIFEST}"
    return sha256(manifest) if KINDS[kind].tells else as_made(manifest)


def effort(kind: str, settings: Any, inputs: Iterable[Any]) -> str:
    """Digest of what decides how long a job takes, so that the time of another one is not taken for its own.

    Args:
        kind: Its kind.
        settings: Its settings, as a job file holds them.
        inputs: The same of the jobs that it reads, in the order of their roles; those of a report do not matter.
    """
    read = [] if KINDS[kind].reports else list(inputs)
    return digest({"settings": settings, "inputs": read})


def processes_of(step: str, settings: Settings) -> int:
    """Processes that share the work of a job; those of a timing come one after the other and count as one."""
    return int(getattr(settings, "processes", 1)) if step == "train" else 1


def command(job: Mapping[str, Any]) -> str:
    """The command that repeats a job by hand, by what its manifest says of it; empty if that is not enough."""
    if "partial" in job:
        return "pixelwise partial"
    kind, name, out = (job.get(key) for key in ("kind", "id", "out"))
    if not (isinstance(kind, str) and kind in KINDS and isinstance(name, str) and isinstance(out, str)):
        return ""
    parts = out.split("/")  # results/<run>/... or data/<run>/...
    return f"pixelwise {KINDS[kind].step} results/{parts[1]}/jobs/{name}.json" if len(parts) > 1 else ""


@dataclass(frozen=True)
class Job:
    """One unit of work.

    Attributes:
        id: Name, also its path below `results/<run>/jobs/`, such as `train/photos/dncnn/seed0`.
        kind: Key of `KINDS`.
        settings: Fully resolved settings.
        out: Folder of its outputs.
        file: Its job file.
        inputs: Role -> output folder of the upstream job.
        modules: Modules beyond the kind's own that it uses, such as those of the model that it builds.
        shows: Files in `out` that Snakemake declares beside the manifest, such as `index.html`.
    """

    id: str
    kind: str
    settings: Settings
    out: str
    file: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()

    @property
    def step(self) -> str:
        """The subcommand that executes this job."""
        return KINDS[self.kind].step

    @property
    def on_gpu(self) -> bool:
        """Whether it computes on a graphics card where there is one: methods without training (BM3D) never do."""
        device, name = (getattr(self.settings, field, "cpu") for field in ("device", "name"))
        without_training = self.kind == "restore" and name == "baselines"
        return device != "cpu" and not without_training and not KINDS[self.kind].processor

    @property
    def processes(self) -> int:
        """Processes that compute at the same time, on a card each where it is `on_gpu`."""
        return processes_of(self.step, self.settings)

    def effort(self, by_out: Mapping[str, Job]) -> str:
        """Digest of what decides how long it takes; `by_out` has the jobs that it reads by their folders."""
        inputs = [by_out[folder].settings.model_dump(mode="json") for _, folder in sorted(self.inputs.items())]
        return effort(self.kind, self.settings.model_dump(mode="json"), inputs)

    @property
    def places(self) -> Places:
        """All that it writes."""
        return places(self.out.split("/")[1], self.id)

    @property
    def manifest(self) -> str:
        """The file that says what the outputs were made from."""
        return f"{self.out}/{MANIFEST}"

    @property
    def entries(self) -> list[str]:
        """The modules whose imports say which sources and packages it uses."""
        return entries(self.kind, self.modules)

    def description(self) -> dict[str, Any]:
        """What the job file and the manifest hold."""
        return {
            "id": self.id,
            "kind": self.kind,
            "settings": self.settings.model_dump(mode="json"),
            "inputs": dict(self.inputs),
            "out": self.out,
            "modules": list(self.modules),
            "code": code.sources_of(self.entries),
            "packages": environment.versions(self.entries),
        }

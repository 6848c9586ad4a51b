"""Jobs: what there is to do, one JSON file each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pixelwise.artifacts import MANIFEST
from pixelwise.planning import code
from pixelwise.planning.paths import Places, places
from pixelwise.settings.base import Settings

RUN_LOG = Path("logs/run.jsonl")
"""One JSON line for every job that any subcommand ran."""


@dataclass(frozen=True)
class Kind:
    """One kind of work: its subcommand, where it is written, the class of its settings, whether it is for a card."""

    step: str
    module: str
    settings: str
    gpu: bool = False


KINDS = {
    "fetch": Kind("fetch", "pixelwise.data.fetch", "pixelwise.settings.data:FetchSettings"),
    "prepare": Kind("prepare", "pixelwise.data.prepare", "pixelwise.settings.data:PrepareSettings"),
    "weights": Kind("weights", "pixelwise.data.weights", "pixelwise.settings.data:WeightsSettings"),
    "adversarial": Kind(
        "train", "pixelwise.training.adversarial", "pixelwise.settings.training:AdversarialSettings", True
    ),
    "denoising": Kind("train", "pixelwise.training.denoising", "pixelwise.settings.training:DenoisingSettings", True),
    "segmentation": Kind(
        "train", "pixelwise.training.segmentation", "pixelwise.settings.training:SegmentationSettings", True
    ),
    "convert": Kind("train", "pixelwise.models.official.convert", "pixelwise.settings.models:ConvertSettings"),
    "generate": Kind(
        "generate", "pixelwise.evaluation.generate", "pixelwise.settings.evaluation:GenerateSettings", True
    ),
    "time": Kind("time", "pixelwise.evaluation.timing", "pixelwise.settings.evaluation:TimeSettings", True),
    "fid": Kind("fid", "pixelwise.evaluation.fid", "pixelwise.settings.evaluation:FidSettings", True),
    "segment": Kind("segment", "pixelwise.evaluation.segment", "pixelwise.settings.evaluation:SegmentSettings", True),
    "restore": Kind(
        "restore", "pixelwise.evaluation.restore", "pixelwise.settings.restoration:RestorationSettings", True
    ),
    "inspect": Kind(
        "inspect", "pixelwise.evaluation.inspect_networks", "pixelwise.settings.claims:ArchitectureSettings"
    ),
    "summarise": Kind("summarise", "pixelwise.reporting.summary", "pixelwise.settings.reporting:SummarySettings"),
    "judge": Kind("judge", "pixelwise.claims.judge", "pixelwise.settings.claims:JudgeSettings"),
    "figures": Kind("figures", "pixelwise.reporting.figures", "pixelwise.settings.reporting:FiguresSettings"),
    "report": Kind("report", "pixelwise.reporting.page", "pixelwise.settings.reporting:ReportSettings"),
}


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
        """Whether it computes on a graphics card where there is one; methods without training never do."""
        device, name = (getattr(self.settings, field, None) for field in ("device", "name"))
        return KINDS[self.kind].gpu and device != "cpu" and name != "baselines"

    @property
    def places(self) -> Places:
        """All that it writes."""
        return places(self.out.split("/")[1], self.id)

    @property
    def manifest(self) -> str:
        """The file that says what the outputs were made from."""
        return f"{self.out}/{MANIFEST}"

    def description(self) -> dict[str, Any]:
        """What the job file and the manifest hold."""
        return {
            "id": self.id,
            "kind": self.kind,
            "settings": self.settings.model_dump(mode="json"),
            "inputs": dict(self.inputs),
            "out": self.out,
            "modules": list(self.modules),
            "code": code.sources_of([KINDS[self.kind].module, *self.modules]),
        }

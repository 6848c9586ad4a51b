"""Settings of the steps that generate, time and score images."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from pixelwise.quantities import metrics
from pixelwise.settings import architectures
from pixelwise.settings.base import (
    MOST,
    Batch,
    Compute,
    Distinct,
    Images,
    Listed,
    Options,
    Resamples,
    Seed,
    Settings,
    Side,
    Word,
)
from pixelwise.settings.data import Dataset
from pixelwise.settings.names import Name, Table

LEAST_ROUNDS_ON_GPU = 30
"""Rounds on a GPU below which a timing decides nothing, however narrow its intervals."""


def _fid_protocols() -> tuple[str, ...]:
    """Protocols of the declared distances."""
    return tuple(name for metric in metrics("fid").values() for name in metric.protocols)


def _fid_protocol(name: str) -> str:
    if name not in _fid_protocols():
        raise ValueError(f"{name}; allowed are {', '.join(_fid_protocols())}")
    return name


FidProtocol = Annotated[str, AfterValidator(_fid_protocol)]
SegmentProtocol = Literal["native", "enlarged", "N", "N-ms", "U", "F"]
Precision = Literal["fp32", "tf32", "bf16"]
Mode = Literal["published", "eager", "compiled", "optimised"]
Scope = Literal["generator", "semantics", "transfer", "paper"]
TimedBaseline = Literal["tile_mean", "tile_wiener", "bm3d"]


class GenerateSettings(Compute):
    """Generate one picture for each label map of a split.

    Attributes:
        name: Name of the trained model in paths and tables, or "mean_colour".
        dataset: Name of the data set.
        seed: Seed of the training run.
        split: Split of the prepared pack whose label maps are used.
        batch: Label maps per forward pass.
        limit: Use only the first so many label maps; None for all.
    """

    name: Name
    dataset: Name
    seed: Seed = 0
    split: Literal["train", "val"] = "val"
    batch: Batch = 8
    limit: Images | None = None


class FollowSettings(Compute):
    """FID and mean IoU along a training that keeps snapshots.

    Attributes:
        name: Name of the trained model.
        dataset: Name of the data set.
        seed: Seed of the training run.
        split: Split whose label maps and photographs are used, all of them.
        batch: Pictures per forward pass.
    """

    name: Name
    dataset: Name
    seed: Seed = 0
    split: Literal["train", "val"] = "val"
    batch: Batch = 16


class FidSettings(Compute):
    """Distance between the Inception features of generated and of real images.

    Attributes:
        name: Subject; "real" measures the floor, one half of the real images against the other.
        dataset: Name of the data set.
        seed: Seed of the training run.
        split: Split whose photographs are the reference.
        protocols: Which distances; the metrics of `evaluation/metrics/fid` declare them, and all are the default.
        batch: Images per forward pass of the Inception network.
        limit: Use only the first so many images; None for all.
        resamples: Bootstrap resamples of the images.
    """

    name: Name
    dataset: Name
    seed: Seed = 0
    split: Literal["train", "val"] = "val"
    protocols: Listed[FidProtocol] = Field(default_factory=_fid_protocols)
    batch: Batch = 16
    limit: Images | None = None
    resamples: Resamples = 100


class SegmentSettings(Compute):
    """Score of a segmenter on generated images.

    Attributes:
        name: Subject; "real" scores the photographs (ceiling), "shuffled" the photographs of other label maps (floor).
        dataset: Name of the data set.
        seed: Seed of the training run.
        split: Split whose label maps are the truth.
        protocols: Which protocols; `evaluation.segmentation.PROTOCOLS` defines them.
        enlarge: Factor of the protocols that enlarge the image or the scores (U, F, enlarged): 4 takes 256x512 to
            1024x2048. Unused with `original`.
        original: The data set itself, for label maps at their original size under these protocols (the job then has the
            input `raw`, the output of its fetch step); None enlarges the prepared label maps to the nearest pixel.
        batch: Images per forward pass.
        limit: Use only the first so many images; None for all.
        resamples: Bootstrap resamples of the images.
    """

    name: Name
    dataset: Name
    seed: Seed = 0
    split: Literal["train", "val"] = "val"
    protocols: Listed[SegmentProtocol] = ("native", "enlarged")
    enlarge: int = Field(2, ge=2, le=16, strict=True)
    original: Dataset | None = None
    batch: Batch = 4
    limit: Images | None = None
    resamples: Resamples = 1000


class TimedModel(Settings):
    """One architecture to time; weights are random, since speed does not depend on them.

    Attributes:
        architecture: Name in `pixelwise.models.registry`.
        options: Options of `pixelwise.models.build`.
    """

    architecture: Word
    options: Options = Field(default_factory=dict)

    @model_validator(mode="after")
    def _options(self) -> Self:
        architectures.check(self.architecture, self.options)
        return self


class TimeSettings(Compute):
    """Time a group of models, interleaved call by call, in one process after the other.

    Attributes:
        name: Name of the group.
        task: What the models do; decides their input.
        models: Label in tables -> architecture.
        ratios: Pairs (a, b) of labels; the ratio of medians a/b is reported with its interval.
        baselines: Denoising only: methods without training, timed by themselves on the processor, at most five calls.
        sizes: Heights and widths.
        batches: Batch sizes.
        precisions: "fp32" strict, "tf32" (CUDA only), "bf16" autocast.
        modes: "published" (computed as the authors published it, eager, in fp32: ASAP-Net by the direct formulation,
            the others as they are), "eager" (the modules as they are trained here: ASAP-Net with this package's exact
            pixelwise stream), "compiled" (torch.compile), "optimised" (by `models.fast.optimised`; a model that
            declares no optimised form is not timed, `skipped.json` says so).
        scopes: What one call covers; `evaluation.timing` defines them. Denoising knows "generator" and "transfer".
        warmup: Untimed calls of each model per condition and process, the one that sets it up among them.
        calls: Timed calls of each model per condition, at most, over all processes; each makes its share, rounded up.
        narrow: A process stops earlier, but not before 5 rounds, once the 95 % interval of each of its own ratios
            reaches at most this share of the ratio to either side; None always makes all calls.
        processes: Over these a ratio's interval is taken; of one alone the spread between processes is unknown, and no
            ratio decides anything.
        num_labels: Labels of the random label maps (translation).
        channels: Channels of the random images (denoising).
        seed: Seed of weights and inputs.
    """

    name: Name
    task: Literal["translation", "denoising"]
    models: Table[TimedModel] = Field(min_length=1, max_length=MOST)
    ratios: Annotated[tuple[tuple[Word, Word], ...], Field(max_length=MOST), Distinct] = ()
    baselines: Annotated[tuple[TimedBaseline, ...], Distinct] = ()
    sizes: Listed[tuple[Side, Side]] = ((256, 512),)
    batches: Listed[Batch] = (1,)
    precisions: Listed[Precision] = ("fp32",)
    modes: Listed[Mode] = ("published",)
    scopes: Listed[Scope] = ("generator",)
    warmup: int = Field(50, ge=1, le=100_000, strict=True)
    calls: int = Field(500, ge=3, le=100_000, strict=True)
    narrow: float | None = Field(None, gt=0, lt=1)
    processes: int = Field(3, ge=1, le=MOST, strict=True)
    num_labels: int = Field(35, ge=2, le=255, strict=True)
    channels: Literal[1, 3] = 1
    seed: Seed = 0

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for height, width in self.sizes:
            for model in self.models.values():
                architectures.check_size(model.architecture, model.options, height, width)
        for pair in self.ratios:
            for label in pair:
                if label not in self.models:
                    raise ValueError(f"ratios: {label!r} is not one of the models {sorted(self.models)}")
        if self.task == "denoising" and not set(self.scopes) <= {"generator", "transfer"}:
            raise ValueError(f"scopes: {list(self.scopes)}; denoising allows 'generator' and 'transfer'")
        if self.baselines and (self.task != "denoising" or self.channels != 1):
            raise ValueError(f"baselines: {list(self.baselines)}; only for denoising with 1 channel")
        return self

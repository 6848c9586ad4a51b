"""The shape of params.yaml: one profile says everything that a run does."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from pixelwise.settings.base import MOST, Compute, Distinct, Flag, Listed, Seed, Settings, Text
from pixelwise.settings.data import Dataset
from pixelwise.settings.names import OwnName, Table


class Training(Settings):
    """One entry of `train`: a network, the data that it learns from, and how.

    Attributes:
        task: What the network is for; decides its evaluation.
        dataset: Name in `datasets`.
        seeds: Seeds, one run each; None takes the profile's.
        checkpoint: Name in `checkpoints`: convert those published weights in place of training.
        protocols: Restoration only: the protocols of `restore` that score it; None takes all of its task.
        settings: All other keys of the entry: the settings of the training step (`pixelwise.settings.training`).
    """

    task: Literal["translation", "denoising", "deblurring", "segmentation"]
    dataset: OwnName
    seeds: Listed[Seed] | None = None
    checkpoint: OwnName | None = None
    protocols: Annotated[tuple[OwnName, ...], Field(max_length=MOST), Distinct] | None = None
    settings: dict[str, Any] = Field(default_factory=dict)


class Profile(Settings):
    """One complete run.

    Attributes:
        title: One line for people.
        seeds: Seeds of the training runs.
        compute: Device and threads of every job.
        datasets: Data sets by name.
        checkpoints: Published weights by name: a file of the user's own, or None to download.
        train: Networks by name.
        generate: Settings of every `generate` job.
        fid: Settings of every `fid` job.
        segment: Settings of every `segment` job, and `segmenter`: which entry of `train` reads the pictures.
        restore: Restoration protocols: name -> settings of the `restore` jobs, with `dataset` and `task`.
        time: Groups of architectures that are timed together.
        inspect: Settings of the `inspect` jobs, and `more`: networks to count beside those that the run names.
        report: Settings of the `report` job.
    """

    title: Text
    seeds: Listed[Seed] = (0,)
    compute: Compute = Compute()
    datasets: Table[Dataset]
    checkpoints: Table[str | None] = Field(default_factory=dict)
    train: Table[dict[str, Any]]
    generate: dict[str, Any] = Field(default_factory=dict)
    fid: dict[str, Any] = Field(default_factory=dict)
    segment: dict[str, Any] = Field(default_factory=dict)
    restore: Table[dict[str, Any]] = Field(default_factory=dict)
    time: Table[dict[str, Any]] = Field(default_factory=dict)
    inspect: dict[str, Any] = Field(default_factory=dict)
    report: dict[str, Any] = Field(default_factory=dict)

    def training(self, name: str) -> Training:
        """The entry `name` of `train`, its step settings apart from the rest."""
        own = set(Training.model_fields) - {"settings"}
        entry = self.train[name]
        return Training(
            **{key: value for key, value in entry.items() if key in own},
            settings={key: value for key, value in entry.items() if key not in own},
        )


class Configuration(Settings):
    """All of params.yaml.

    Attributes:
        profile: Name of the active profile.
        smoke: Shrink it to minutes: a few images, a few steps, one seed.
        environment: Which packages may compute: `any` that are installed.
        defaults: What every profile starts from; a profile's own values win, key by key.
        profiles: The profiles by name.
    """

    profile: OwnName
    smoke: Flag = False
    environment: Literal["any"] = "any"
    defaults: dict[str, Any] = Field(default_factory=dict)
    profiles: Table[dict[str, Any]]

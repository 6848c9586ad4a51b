"""The shape of params.yaml: one profile says everything that a run does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from pixelwise.files.reading import short
from pixelwise.settings import architectures
from pixelwise.settings.architectures import Discriminator
from pixelwise.settings.base import MOST, Compute, Distinct, Flag, Listed, Options, Seed, Settings, Text, Word
from pixelwise.settings.data import Dataset
from pixelwise.settings.names import OwnName, Table

Task = Literal["translation", "denoising", "deblurring", "segmentation"]
TimedTask = Literal["translation", "denoising"]


class Network(Settings):
    """One entry of `networks`. What follows from the data, such as the number of labels, may be left out.

    Attributes:
        architecture: Name of the network, as in `pixelwise.models.build`.
        options: Its options.
    """

    architecture: Word
    options: Options = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> Self:
        known = [name for name, model in architectures.OPTIONS.items() if not issubclass(model, Discriminator)]
        if self.architecture not in known:
            raise ValueError(f"architecture: {short(self.architecture)}; allowed: {', '.join(known)}")
        architectures.check(self.architecture, self.options)
        return self


class Timed(Settings):
    """What a group of `time` says about its models; all other keys are the settings of the step.

    Attributes:
        networks: Names in `networks`; each is the label of its times.
        trained: Names in `train`, whose networks are timed under these names.
        against: What all others are compared with: the ratio of each other time to its own is reported. One of these
            labels, or a further name in `networks`. Other pairs stand in `ratios`.
        instance_edge: Translation: whether the data have instance maps; None leaves each network as published.
    """

    networks: Annotated[tuple[OwnName, ...], Field(max_length=MOST), Distinct] = ()
    trained: Annotated[tuple[OwnName, ...], Field(max_length=MOST), Distinct] = ()
    against: OwnName | None = None
    instance_edge: Flag | None = None


class Inherited(Settings):
    """What entries take from `defaults`: values by task, under every entry's own.

    Attributes:
        train: For entries of `train`.
        time: For groups of `time`.
    """

    train: dict[Task, dict[str, Any]] = Field(default_factory=dict)
    time: dict[TimedTask, dict[str, Any]] = Field(default_factory=dict)


class Training(Settings):
    """One entry of `train` once its network is looked up: what learns, from which data, and how.

    Attributes:
        task: What the network is for; decides its evaluation.
        dataset: Name in `datasets`.
        seeds: Seeds, one run each; None takes the profile's.
        checkpoint: Name in `checkpoints`: convert those published weights in place of training.
        protocols: Restoration only: the protocols of `restore` that score it; None takes all of its task.
        settings: All other keys of the entry: the settings of the training step (`pixelwise.settings.training`).
    """

    task: Task
    dataset: OwnName
    seeds: Listed[Seed] | None = None
    checkpoint: OwnName | None = None
    protocols: Annotated[tuple[OwnName, ...], Field(max_length=MOST), Distinct] | None = None
    settings: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def parted(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """The plain values of an entry, those of the step apart."""
        own = set(cls.model_fields) - {"settings"}
        step = {key: value for key, value in values.items() if key not in own}
        return {key: value for key, value in values.items() if key in own} | {"settings": step}


class Profile(Settings):
    """One complete run.

    Attributes:
        title: One line for people.
        seeds: Seeds of the training runs.
        compute: Device and threads of every job.
        defaults: What entries of `train` and `time` have in common, by task; only within this profile.
        networks: Further networks by name, beside the top-level ones.
        datasets: Data sets by name.
        checkpoints: Published weights by name: a file of the user's own, or None to download.
        train: What is trained: a network, its data, and how.
        generate: Settings of every `generate` job.
        fid: Settings of every `fid` job.
        segment: Settings of every `segment` job, and `segmenter`: which entry of `train` reads the pictures.
        restore: Restoration protocols: name -> settings of the `restore` jobs, with `dataset` and `task`.
        time: Groups of networks that are timed together.
        inspect: Settings of the `inspect` job.
        summarise: Settings of the `summarise` job.
        figures: Settings of the `figures` job.
        report: Settings of the `report` job.
    """

    title: Text
    seeds: Listed[Seed] = (0,)
    compute: Compute = Compute()
    defaults: Inherited = Inherited()
    networks: Table[Network] = Field(default_factory=dict)
    datasets: Table[Dataset]
    checkpoints: Table[str | None] = Field(default_factory=dict)
    train: Table[dict[str, Any]]
    generate: dict[str, Any] = Field(default_factory=dict)
    fid: dict[str, Any] = Field(default_factory=dict)
    segment: dict[str, Any] = Field(default_factory=dict)
    restore: Table[dict[str, Any]] = Field(default_factory=dict)
    time: Table[dict[str, Any]] = Field(default_factory=dict)
    inspect: dict[str, Any] = Field(default_factory=dict)
    summarise: dict[str, Any] = Field(default_factory=dict)
    figures: dict[str, Any] = Field(default_factory=dict)
    report: dict[str, Any] = Field(default_factory=dict)


class Configuration(Settings):
    """All of params.yaml.

    Attributes:
        profile: Name of the active profile.
        smoke: Shrink it to minutes: a few images, a few steps, one seed.
        environment: Which packages may compute: those of `requirements.lock`, or `any` that are installed, as the
            report then says.
        defaults: What every profile starts from; a profile's own values win, key by key. `train` and `time` hold, by
            task, what entries have that do not say it themselves.
        networks: Networks by name, for every profile.
        profiles: The profiles by name.
    """

    profile: OwnName
    smoke: Flag = False
    environment: Literal["locked", "any"] = "locked"
    defaults: dict[str, Any] = Field(default_factory=dict)
    networks: Table[Network] = Field(default_factory=dict)
    profiles: Table[dict[str, Any]]

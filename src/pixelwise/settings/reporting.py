"""Settings of the three steps that read files and draw: summarise, figures, report.

Whether the data were synthetic or the schedule short is never a setting: it stands in the records themselves.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pixelwise.settings.base import Count, Listed, Seed, Settings, Text, Word
from pixelwise.settings.names import Name


class Missing(Settings):
    """One job that an unfinished run lacks.

    Attributes:
        job: Its id.
        state: Whether it failed, was stopped, runs, has outputs of other settings or sources, or was not started.
        step: Step that a training reached; None for all else.
        why: The last line of its log, or what it waits for.
    """

    job: Text
    state: Literal["failed", "stopped", "running", "outdated", "not started"]
    step: Count | None = None
    why: Text = ""


class Partial(Settings):
    """What a run that is not complete has and lacks.

    Attributes:
        done: Jobs that are done, those of the report apart.
        of: Jobs in all.
        missing: Those that are not done.
    """

    done: Count
    of: Count
    missing: tuple[Missing, ...]


class SummarySettings(Settings):
    """Gather every evaluation's numbers into tables.

    Attributes:
        run: Name of the run, the profile's name with `-smoke` appended where it was shrunk.
        reference: Denoisers that all others are compared with, image by image: the first of them that the run has, or
            else the best of the network that the last one names.
        resamples: Bootstrap resamples of each paired difference.
        seed: Seed of the resampling.
    """

    run: Name
    reference: Listed[Word] = ("dncnn",)
    resamples: int = Field(2000, ge=100, le=100_000, strict=True)
    seed: Seed = 0


class FiguresSettings(Settings):
    """Draw every figure from the summary alone.

    Attributes:
        run: Name of the run, printed on each figure.
        models: Networks that the run names -> their models, whose declarations say how they are shown.
        dpi: Dots per inch of the PNG files.
        partial: What an unfinished run lacks, of which each figure says that it is one; None for a complete run.
    """

    run: Name
    models: dict[Word, Word] = Field(default_factory=dict)
    dpi: int = Field(160, ge=50, le=600, strict=True)
    partial: Partial | None = None


class ReportSettings(Settings):
    """Write the self-contained page.

    Attributes:
        run: Name of the run.
        profile: Name of the profile in `params.yaml`.
        models: Networks that the run names -> their models.
        title: Heading of the page.
        grid_images: Pictures shown in each sample grid.
        grid_width: Width of one picture of a grid in pixels; larger pictures are shrunk.
        max_bytes: Largest page allowed; pictures are compressed harder until it fits.
        unlocked: How the installed packages differ from `requirements.lock`; found while planning.
        partial: What an unfinished run lacks; None for a complete run.
    """

    run: Name
    profile: Name
    models: dict[Word, Word] = Field(default_factory=dict)
    title: Text = "Do ASAP-Net's published claims hold here?"
    grid_images: int = Field(4, ge=1, le=12, strict=True)
    grid_width: int = Field(256, ge=64, le=1024, strict=True)
    max_bytes: int = Field(4_800_000, ge=500_000, le=5_000_000, strict=True)
    unlocked: tuple[Text, ...] = ()
    partial: Partial | None = None

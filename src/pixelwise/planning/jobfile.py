"""The schema of a job file; what a kind's settings must be, their own class says."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from pixelwise.settings.base import Hash, Inside, Settings, Text


class Description(Settings):
    """What a job file says of its job.

    Attributes:
        id: Name, also its path below `results/<run>/jobs/`.
        kind: Key of `jobs.KINDS`.
        settings: Settings of that kind; validated by their own class.
        inputs: Role -> output folder of the upstream job.
        out: Folder of its outputs.
        modules: Modules of this package beyond the kind's own that it uses.
        code: Source file -> hash.
        packages: Package that it computes with -> version, without what tells one build of it from another.
    """

    id: Inside
    kind: Text
    settings: dict[str, Any]
    inputs: dict[Text, Inside]
    out: Inside
    modules: list[Annotated[str, Field(pattern=r"^pixelwise(\.[A-Za-z_][A-Za-z0-9_]*)+$", max_length=200)]]
    code: dict[Text, Hash]
    packages: dict[Text, Annotated[str, Field(pattern=r"^[A-Za-z0-9.!_-]{1,100}$")]]


class JobFile(Settings):
    """A job file; `stale` is a mark that makes it newer than any record."""

    job: Description
    stale: Annotated[int, Field(ge=0, strict=True)] | None = None

"""From params.yaml to the list of jobs: which work there is, in which folder, and what it is made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pixelwise.errors import PixelwiseError
from pixelwise.planning import early, scoring
from pixelwise.planning.building import Builder
from pixelwise.planning.configuration import read, validate
from pixelwise.planning.inheritance import resolved
from pixelwise.planning.inspecting import inspections, timings
from pixelwise.planning.jobs import Job
from pixelwise.planning.origins import Origins
from pixelwise.settings.data import FetchSettings
from pixelwise.settings.names import SMOKE
from pixelwise.settings.profile import Configuration, Profile
from pixelwise.settings.smoke import shrink


@dataclass(frozen=True)
class Plan:
    """A run: its name (the profile's, with `-smoke` where shrunk), its profile, and its jobs in topological order.

    `environment` says which packages may compute (`settings.profile.Configuration`), `origins` where values stand.
    """

    name: str
    profile_name: str
    profile: Profile
    jobs: list[Job]
    environment: str = "locked"
    origins: Origins | None = None

    def of(self, *steps: str) -> list[Job]:
        """The jobs of these steps."""
        return [job for job in self.jobs if job.step in steps]


def _active(config: Mapping[str, Any]) -> Configuration:
    """The configuration, whose active profile exists."""
    whole = validate(Configuration, lambda path: path, config)
    if whole.profile not in whole.profiles:
        raise PixelwiseError(f"params.yaml: profile: {whole.profile}; allowed: {', '.join(whole.profiles)}")
    return whole


def _name(whole: Configuration) -> str:
    return whole.profile + (SMOKE if whole.smoke else "")


def _built(whole: Configuration, values: Mapping[str, Any], origins: Origins) -> Builder:
    builder = Builder(_name(whole), validate(Profile, origins.named(), values), origins)
    for entry in builder.profile.train:
        builder.train(entry)
    scoring.translations(builder)
    builder.restorations()
    timings(builder)
    inspections(builder)
    builder.report()
    return builder


def plan_of(config: Mapping[str, Any]) -> Plan:
    """All jobs of the active profile of a parsed params.yaml, in topological order.

    Raises:
        PixelwiseError: If a parameter is misspelt, missing or out of range, in the shrunk form as in the whole.
    """
    whole = _active(config)
    origins = Origins(config, whole.profile)
    values = resolved(whole, origins)
    builder = _built(whole, values, origins)
    if whole.smoke:
        builder = _built(whole, shrink(values), origins)
    return Plan(builder.name, whole.profile, builder.profile, _ordered(builder.jobs), whole.environment, origins)


def _ordered(jobs: Mapping[str, Job]) -> list[Job]:
    from graphlib import TopologicalSorter

    by_out = {job.out: job.id for job in jobs.values()}
    edges = {job.id: [by_out[folder] for folder in job.inputs.values()] for job in jobs.values()}
    return [jobs[name] for name in TopologicalSorter(edges).static_order()]


def _config(path: Path, profile: str | None, smoke: bool | None) -> dict[str, Any]:
    given = {"profile": profile, "smoke": smoke}
    return read(path, {key: value for key, value in given.items() if value is not None})


def plan(path: Path, profile: str | None = None, smoke: bool | None = None) -> Plan:
    """`plan_of` for a file, with another profile or the shrunk form on request."""
    return plan_of(_config(path, profile, smoke))


def run_name(path: Path, profile: str | None = None, smoke: bool | None = None) -> str:
    """Name of the run that a configuration selects."""
    return _name(_active(_config(path, profile, smoke)))


def preflight(run: Plan, stale: Iterable[str]) -> None:
    """Check what no job can obtain: logins and the user's own folders, for data sets that are not there yet.

    The user's own files are looked at, so that what would stop the run later stops it now.

    Raises:
        PixelwiseError: With one line that says how to get what is missing, or what to change.
    """
    from pixelwise.data.fetch import preflight as check

    missing = set(stale)
    for job in run.of("fetch"):
        if job.id in missing and isinstance(job.settings, FetchSettings):
            check(job.settings.dataset)
    early.check(run, missing)

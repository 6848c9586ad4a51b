"""From params.yaml to the list of jobs: which work there is, in which folder, and what it is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from pixelwise.building import Builder, validate
from pixelwise.errors import PixelwiseError
from pixelwise.jobs import Job
from pixelwise.settings.data import FetchSettings
from pixelwise.settings.profile import Configuration, Profile, Training
from pixelwise.settings.smoke import shrink


@dataclass(frozen=True)
class Plan:
    """A run: its name (the profile's, with `-smoke` where shrunk), its profile, and its jobs in topological order."""

    name: str
    profile_name: str
    profile: Profile
    jobs: list[Job]

    def of(self, *steps: str) -> list[Job]:
        """The jobs of these steps."""
        return [job for job in self.jobs if job.step in steps]


def _merged(base: Any, over: Any) -> Any:
    if isinstance(base, dict) and isinstance(over, dict):
        return base | {key: _merged(base.get(key), value) for key, value in over.items()}
    return over


def _active(config: Mapping[str, Any]) -> tuple[str, str, Profile]:
    """Name of the run, name of the profile, and the profile."""
    whole = validate(Configuration, "", config)
    if whole.profile not in whole.profiles:
        raise PixelwiseError(f"params.yaml: profile: {whole.profile}; allowed: {', '.join(whole.profiles)}")
    values = _merged(whole.defaults, whole.profiles[whole.profile])
    if whole.smoke:
        validate(Profile, f"profiles.{whole.profile}", values)
        values = shrink(values)
    profile = validate(Profile, f"profiles.{whole.profile}", values)
    return whole.profile + ("-smoke" if whole.smoke else ""), whole.profile, profile


def plan_of(config: Mapping[str, Any]) -> Plan:
    """All jobs of the active profile of a parsed params.yaml, in topological order.

    Raises:
        PixelwiseError: If a parameter is misspelt, missing or out of range.
    """
    name, profile_name, profile = _active(config)
    builder = Builder(name, profile_name, profile)
    for entry in profile.train:
        try:
            profile.training(entry)
        except ValidationError:
            validate(Training, builder.where("train", entry), {**profile.train[entry], "settings": {}})
        builder.train(entry)
    stages: list[Callable[[], None]] = [builder.translations, builder.restorations, builder.timings, builder.report]
    for stage in stages:
        stage()
    return Plan(name, profile_name, profile, _ordered(builder.jobs))


def _ordered(jobs: Mapping[str, Job]) -> list[Job]:
    from graphlib import TopologicalSorter

    by_out = {job.out: job.id for job in jobs.values()}
    edges = {job.id: [by_out[folder] for folder in job.inputs.values()] for job in jobs.values()}
    return [jobs[name] for name in TopologicalSorter(edges).static_order()]


def _config(path: Path, profile: str | None, smoke: bool | None) -> dict[str, Any]:
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PixelwiseError(f"{path}: no such file; run this in the project's folder or name the file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise PixelwiseError(f"{path}: not readable as YAML ({' '.join(str(error).split())})") from None
    if not isinstance(config, dict):
        raise PixelwiseError(f"{path}: holds no parameters")
    return config | ({} if profile is None else {"profile": profile}) | ({} if smoke is None else {"smoke": smoke})


def plan(path: Path, profile: str | None = None, smoke: bool | None = None) -> Plan:
    """`plan_of` for a file, with another profile or the shrunk form on request."""
    return plan_of(_config(path, profile, smoke))


def run_name(path: Path, profile: str | None = None, smoke: bool | None = None) -> str:
    """Name of the run that a configuration selects."""
    return _active(_config(path, profile, smoke))[0]


def preflight(run: Plan, stale: Iterable[str]) -> None:
    """Check what no job can obtain: logins and the user's own folders, for data sets that are not there yet.

    Raises:
        PixelwiseError: With one line that says how to get what is missing.
    """
    from pixelwise.data.fetch import preflight as check

    missing = set(stale)
    for job in run.of("fetch"):
        if job.id in missing and isinstance(job.settings, FetchSettings):
            check(job.settings.dataset)

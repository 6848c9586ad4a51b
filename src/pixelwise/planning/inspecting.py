"""Which models a run names: for the jobs that time and count them, and for those that show them to people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pixelwise.models.declarations import model, module_of, modules, recipe_part
from pixelwise.planning.jobs import Job
from pixelwise.settings.base import Settings
from pixelwise.settings.claims import ArchitectureSettings
from pixelwise.settings.evaluation import TimeSettings

if TYPE_CHECKING:
    from pixelwise.planning.building import Builder


def named(settings: Settings, job: str = "") -> dict[str, str]:
    """The networks that the settings of a training, a conversion or a timing name.

    Args:
        settings: Of a job; those of other kinds name none.
        job: Its id, `train/<data>/<name>/<seed>` for trainings.

    Returns:
        What the run calls each -> its model.
    """
    if isinstance(settings, TimeSettings):
        return {label: timed.architecture for label, timed in settings.models.items()}
    if isinstance(settings, ArchitectureSettings):
        return {}
    label = "/".join(job.split("/")[2:3])
    found = {label: getattr(settings, "architecture", ""), " discriminator": getattr(settings, "discriminator", "")}
    return {label: name for label, name in found.items() if name}


def drawn(jobs: Iterable[Job]) -> tuple[dict[str, str], set[str]]:
    """Networks of a run that figures show -> their models; and what says how, for `planning.code.sources_of`."""
    found = {label: name for job in jobs for label, name in named(job.settings, job.id).items() if model(name).look}
    return found, {f"{module_of(name)}#declaration" for name in found.values()}


def timings(builder: Builder) -> None:
    """Add one job for each group of networks that are timed together."""
    for group, options in builder.profile.time.items():
        given = builder.compute | options | {"name": group}
        settings = builder.settings(TimeSettings, given, "time", group)
        networks = named(settings).values()
        used = {part for network in networks for part in modules(network, "optimised", "published")}
        used |= {f"{module_of(network)}#published/{network}" for network in networks}
        builder.add(f"time/{group}", "time", settings, {}, used)


def inspections(builder: Builder) -> None:
    """Add one job for each network that the run names, and for those in `inspect.more`, which its claims ask for."""
    values: dict[str, Any] = dict(builder.profile.inspect)
    more = values.pop("more", [])
    if not isinstance(more, list) or not all(isinstance(name, str) for name in more):
        raise builder.wrong("a list of models is needed", "inspect", "more")
    own = [name for job in builder.jobs.values() for name in named(job.settings).values()]
    fast = list(dict.fromkeys(_denominators(builder.jobs)))
    for name in dict.fromkeys([*own, *more]):
        against = [other for other in fast if other != name and model(name).input == "labels"]
        given = values | {"architecture": name, "against": against}
        settings = builder.settings(ArchitectureSettings, given, "inspect")
        used = {part for network in (name, *against) for part in modules(network, "facts")}
        used |= {recipe_part(group, recipe) for group, found in model(name).recipes.items() for recipe in found}
        builder.add(f"inspect/{name}", "inspect", settings, {}, used)


def _denominators(jobs: Mapping[str, Job]) -> Iterator[str]:
    """Models of the generators by whose time others' times are divided."""
    for job in jobs.values():
        if isinstance(job.settings, TimeSettings) and job.settings.task == "translation":
            yield from (job.settings.models[label].architecture for _, label in job.settings.ratios)

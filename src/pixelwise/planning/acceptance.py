"""`pixelwise accept`: the user says that a change of code or of a package does not concern what a job made.

The manifest keeps what made the outputs, and gains a list of what was accepted: the reason, and of every source file
and package that differs what it was and what it is now. A job is valid if it was made from the present, or if the
present was accepted. Whoever reads its outputs notes the hash of the manifest as it was made (`artifacts.as_made`). So
accepting a training of a week leaves every score and every other training valid; only the report, which tells of it, is
made anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pixelwise import artifacts
from pixelwise.errors import PixelwiseError
from pixelwise.files.reading import short
from pixelwise.planning import environment
from pixelwise.planning.jobs import Job

LONGEST = 500
"""Characters of a reason."""
CHANGING = ("code", "packages", "modules")
"""What a change of code or packages changes in a job's description; all else decides what the outputs are."""
Pairs = dict[str, list[str]]
"""Name -> what it was when the job ran, and what it is now; empty where there is or was none."""


def agrees(made: Mapping[str, Any], description: Mapping[str, Any]) -> bool:
    """Whether a manifest is of the job that the present describes, as it was made or by something that was accepted."""
    if (job := environment.without_builds(made["job"])) == description:
        return True
    return any(_after(job, accepted) == description for accepted in made.get("accepted", ()))


def _after(job: Mapping[str, Any], accepted: Any) -> dict[str, Any] | None:
    """What a job would be with an accepted change; None if it is none."""
    try:
        changed = {role: dict(job.get(role, {})) for role in ("code", "packages")}
        for role, values in changed.items():
            values.update({name: now for name, (_, now) in accepted[role].items()})
            changed[role] = {name: now for name, now in values.items() if now}
        return environment.without_builds({**job, **changed, "modules": accepted["modules"]})
    except (TypeError, KeyError, ValueError, AttributeError):
        return None


def reason(why: str) -> str:
    """Check a reason.

    Raises:
        PixelwiseError: If it is empty, too long or not one line of text.
    """
    why = why.strip()
    if not why or len(why) > LONGEST or not why.isprintable():
        raise PixelwiseError(
            f"--why: {short(why)}; one line of 1 to {LONGEST} characters says why the change is no matter"
        )
    return why


def accept(job: Job, why: str, present: Mapping[str, str] | None) -> str:
    """Note in a job's manifest that what differs in code and packages does not concern its outputs.

    The caller holds the run's lock and the job's.

    Args:
        job: The job as it is now.
        why: The reason.
        present: Hashes of its inputs as they are now, see `staleness.present_inputs`.

    Returns:
        What was accepted, in words.

    Raises:
        PixelwiseError: If there are no outputs, or they are not as they were made, or if anything but code and packages
            differs, or nothing does.
    """
    why, manifest, now = reason(why), Path(job.manifest), job.description()
    if not manifest.exists():
        raise PixelwiseError(f"{manifest}: no such file; {job.id} has no outputs that could be accepted")
    document = artifacts.read_manifest(manifest)
    made = document["job"]
    if other := _other({k: v for k, v in made.items() if k not in CHANGING}, now):
        raise PixelwiseError(f"{manifest}: {other}; only a change of code or packages can be accepted")
    if document["inputs"] != present:
        changed = min(set(document["inputs"].items()) ^ set((present or {}).items()), default=("an input", ""))[0]
        raise PixelwiseError(
            f"{manifest}: {changed} is another one now; only a change of code or packages can be accepted"
        )
    if problems := artifacts.verify_manifest(manifest):
        raise PixelwiseError(f"{problems[0]}; what was changed can't be accepted")
    if agrees(document, now):
        raise PixelwiseError(f"{manifest}: valid as it is; nothing to accept")
    packages = {**now["packages"], **environment.installed(job.entries)}
    accepted = {
        "why": why,
        "code": _pairs(made.get("code", {}), now["code"]),
        "packages": {
            name: pair
            for name, pair in _pairs(made.get("packages", {}), packages).items()
            if environment.public(pair[0]) != environment.public(pair[1])
        },
        "modules": now["modules"],
    }
    document["accepted"] = [*document.get("accepted", []), accepted]
    if not agrees(document, now):
        raise PixelwiseError(f"{manifest}: not one that this version can accept; run the job again")
    artifacts.write_json(manifest, artifacts.sealed(document))
    return words(accepted["code"], accepted["packages"])


def _other(made: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """The first thing apart from code and packages that differs, in words."""
    for role in sorted(set(now) - set(CHANGING) | set(made)):
        was, present = made.get(role), now.get(role)
        if was == present:
            continue
        if isinstance(was, dict) and isinstance(present, dict):
            name = min(name for name in {*was, *present} if was.get(name) != present.get(name))
            return f"{role}.{name} was {_short(was.get(name))} and is {_short(present.get(name))}"
        return f"{role} was {_short(was)} and is {_short(present)}"
    return ""


def _short(value: Any) -> str:
    return short(value) if isinstance(value, str) else json.dumps(value)[:80]


def _pairs(was: Mapping[str, str], now: Mapping[str, str]) -> Pairs:
    names = sorted({*was, *now})
    return {name: [was.get(name, ""), now.get(name, "")] for name in names if was.get(name) != now.get(name)}


def words(code: Pairs, packages: Pairs) -> str:
    """What was accepted, in a few words."""
    parts = [f"{name} {was or 'absent'} -> {now or 'absent'}" for name, (was, now) in packages.items()]
    if code:
        parts.append(next(iter(code)) + (f" and {len(code) - 1} more source files" if len(code) > 1 else ""))
    return ", ".join(parts) or "other modules"

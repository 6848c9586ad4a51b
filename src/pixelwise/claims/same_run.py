"""Whether a record's run is what a claim speaks of: by architecture, options, recipe or hash, never by a name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pixelwise.claims.checks import Measurement, Ran
from pixelwise.data.published_weights import hash_of
from pixelwise.models import declarations
from pixelwise.models.network_options import FROM_DATA, defaults, differing
from pixelwise.record import Record, Run

TRANSLATED = frozenset({"fid", "segmentation"})
"""Kinds of scores whose network was trained on the claim's own data set."""
SHOWN = 3
"""Deviations that a reason names."""


class Sought(NamedTuple):
    """One side of a check: what a record must have run.

    Attributes:
        names: What entries for it are usually called: records that do not say what was run are shown beside by these.
        subject: What was run.
        rival: Of records of a pair `a/b`, what is `b`; None for others.
        data: Kind of the data set on which a network that is scored must have been trained, unless the side names one.
        by_data: Whether options that follow from the data are the data's affair, as they are for scores.
    """

    names: list[str]
    subject: Ran
    rival: Ran | None
    by_data: bool
    data: str | None = None


def sought(check: Measurement, by_data: bool) -> list[Sought]:
    """The sides of a check that have records of their own: one, or two where two numbers are compared."""
    data = check.dataset if check.kind in TRANSLATED else None
    if check.against is None:
        return [Sought(alternatives(check.model), check.subject, check.rival, by_data, data)]
    sides = ((check.model, check.subject), (check.against, check.rival or Ran()))
    return [Sought(alternatives(names), what, None, by_data, data) for names, what in sides]


def concerns(side: Sought, record: Record) -> bool:
    """Whether a record is about this side at all, so that it decides or stands beside."""
    pairs = list(_pairs(side, record))
    if not pairs or any(run is None for _, run in pairs):
        return record.model in side.names
    return (record.rival is None) == (side.rival is None) and all(
        run is not None and _network(what, run) for what, run in pairs
    )


def differences(side: Sought, record: Record) -> list[str]:
    """In what a record's run differs from the claim's, in words; empty if it is the same."""
    found: list[str] = []
    for what, run in _pairs(side, record):
        if run is None:
            return ["its file does not say what was run"]
        found += _method(what, run)
        if run.architecture is not None:
            found += [*_options(what, run, side.by_data), *_weights(what, run, side.data)]
    return list(dict.fromkeys(found))


def place(side: Sought, record: Record) -> tuple[int, ...]:
    """Which of the alternatives a record is, the likeliest first."""
    found = []
    for what, run in _pairs(side, record):
        for names, name in ((what.architecture, run and run.architecture), (what.recipe, run and run.recipe)):
            listed = alternatives(names)
            found.append(listed.index(name) if name in listed else len(listed))
    return tuple(found) or (side.names.index(record.model),)


def changed_options(run: Run) -> dict[str, Any]:
    """The options of a run that differ from its network's defaults, whether or not the others are told, too."""
    name = run.architecture
    return run.options if name is None or name not in declarations.models() else differing(name, run.options)


def narrowed(check: Measurement, ran: Sequence[str]) -> Measurement:
    """A check whose alternatives are those that ran, so that words name them.

    Args:
        check: The check.
        ran: The architecture of its subject, then that of its rival; empty where nobody knows.
    """
    if not ran:
        return check
    rival = check.rival and _only(check.rival, ran[-1])
    return check.model_copy(update={"subject": _only(check.subject, ran[0]), "rival": rival})


def _only(what: Ran, name: str) -> Ran:
    return what.model_copy(update={"architecture": name}) if name in alternatives(what.architecture) else what


def alternatives(names: str | list[str] | None) -> list[str]:
    """Alternative names as a list; empty without any."""
    return [names] if isinstance(names, str) else names or []


def _pairs(side: Sought, record: Record) -> Iterator[tuple[Ran, Run | None]]:
    """What each side must be, and what it is; none where the check leaves open what was run."""
    if side.subject != Ran():
        yield side.subject, record.subject
    if side.rival is not None and side.rival != Ran():
        yield side.rival, record.rival


def _network(what: Ran, run: Run) -> bool:
    if run.architecture is None or what.architecture is None:
        return run.architecture is None and what.architecture is None and run.method == what.method
    return run.architecture in alternatives(what.architecture)


def _method(what: Ran, run: Run) -> Iterator[str]:
    if run.method != what.method:
        yield f"applied by {run.method or 'itself'}, not {what.method or 'to whole images'}"
    if run.architecture is None:
        yield from (f"{name} {value}" for name, value in run.options.items() if what.options.get(name) != value)
        yield from (f"not {name} {value}" for name, value in what.options.items() if name not in run.options)


def _options(what: Ran, run: Run, by_data: bool) -> Iterator[str]:
    assert run.architecture is not None
    usual = defaults(run.architecture)
    for name in sorted({*what.options, *run.options}):
        if by_data and name in FROM_DATA and name not in what.options:
            continue
        wanted, here = what.options.get(name, usual.get(name)), run.options.get(name, usual.get(name))
        if wanted != here or isinstance(wanted, bool) != isinstance(here, bool):
            yield f"{name} {_plain(here)}, not {_plain(wanted)}"


def _plain(value: Any) -> str:
    """A value of an option as people write it."""
    return {"True": "on", "False": "off", "None": "unset"}.get(str(value), str(value))


def _weights(what: Ran, run: Run, data: str | None) -> Iterator[str]:
    """Whether the weights came about as the claim says; a training that deviates from its recipe did not."""
    if what.checkpoint is not None:
        known = hash_of(what.checkpoint)
        if known is None:
            yield f"the hash of {what.checkpoint} is not in the table of published weights"
        elif run.weights_sha256 != known:
            yield f"not the released weights {what.checkpoint}"
        elif run.recipe is not None:
            yield f"a training by recipe {run.recipe}, not the released weights {what.checkpoint}"
    if what.recipe is None:
        return
    if run.weights_sha256 is not None:
        yield f"released weights, not a training by {' or '.join(alternatives(what.recipe))}"
    elif run.recipe not in _recipes(what, run):
        yield f"recipe {run.recipe or 'unknown'}, not {' or '.join(_recipes(what, run))}"
    elif changed := _changed(what, run.deviations):
        names = [f"{name} {value}" for name, value in list(changed.items())[:SHOWN]]
        more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        yield f"deviates from recipe {run.recipe}: {', '.join(names)}{more}"
    wanted = what.data or data
    if wanted and run.data != wanted:
        yield f"trained on {run.data or 'unknown data'}, not on {wanted}"


def _recipes(what: Ran, run: Run) -> list[str]:
    """The recipes that may have trained this architecture: of alternatives side by side, that of its own place."""
    architectures, recipes = alternatives(what.architecture), alternatives(what.recipe)
    if len(architectures) == len(recipes) > 1:
        return [recipes[architectures.index(str(run.architecture))]]
    own = declarations.model(str(run.architecture)).recipes.values()
    return [name for name in recipes if any(name in group for group in own)] or recipes


def _changed(what: Ran, deviations: Mapping[str, Any]) -> dict[str, Any]:
    return {name: here for name, here in deviations.items() if name.removeprefix("options.") not in what.options}

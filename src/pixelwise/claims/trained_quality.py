"""How many trainings stand behind a number of picture quality, and how many must."""

from __future__ import annotations

from collections.abc import Sequence

from pixelwise.claims.checks import Measurement, Ran
from pixelwise.claims.evidence import Item, identity

QUALITY = frozenset({"fid", "segmentation", "restoration"})
"""Kinds whose numbers depend on a training's seed."""
LEAST_SEEDS = 3
"""Of 600 planted differences with one training each, a fifth was decided wrongly; with three, 1 in 300."""


def sides(check: Measurement) -> list[Ran]:
    """What was run on each side of a check: one, or two where two subjects are compared."""
    return [check.subject] if check.against is None else [check.subject, check.rival or Ran()]


def is_trained(check: Measurement, side: Ran) -> bool:
    """Whether another training would give another number; released weights and methods without weights have none."""
    return check.kind in QUALITY and not (side.checkpoint or side.method)


def least_seeds(check: Measurement, side: Ran) -> int:
    """Trainings that one side of a check needs before its number decides."""
    return max(check.min_seeds, LEAST_SEEDS) if is_trained(check, side) else 1


def units(check: Measurement, side: Ran, items: Sequence[Item]) -> list[list[Item]]:
    """Records in groups of which each counts once.

    The same record in two folders is one. A training counts once: the same seed scored twice, or the same weights or
    the same training under several seeds. Released weights are themselves, however often they are scored. Of anything
    else, such as a timing, each record counts.
    """
    distinct = {identity(item.record): item for item in items}
    found: dict[str, list[Item]] = {}
    seeds: dict[str, str] = {}
    for content in sorted(distinct):
        record = distinct[content].record
        key = content
        if check.kind in QUALITY:
            made_by = record.subject.training if record.subject else None
            known = [name for name in (record.weights_sha256, made_by) if name]
            first = next((seeds[name] for name in known if name in seeds), str(record.seed))
            seeds |= dict.fromkeys(known, first)
            key = "" if side.checkpoint else first
        found.setdefault(key, []).append(distinct[content])
    return list(found.values())

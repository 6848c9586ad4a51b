"""One verdict from several settings: each protocol, condition and machine that a claim leaves open is tested alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pixelwise.claims import evidence, timed
from pixelwise.claims.checks import Measurement, Verdict
from pixelwise.claims.estimates import Estimate, combine, summarise
from pixelwise.claims.evidence import Item
from pixelwise.claims.trained_quality import is_trained, least_seeds, sides, units
from pixelwise.claims.wording import fitting, join
from pixelwise.record import Record


@dataclass(frozen=True)
class Tried:
    """What the records that may decide give.

    Attributes:
        enough: One estimate for each setting with enough evidence.
        few: Estimates of settings with too few images or seeds, each with what is lacking.
        lacking: What settings lack, in words.
    """

    enough: list[Estimate]
    few: list[tuple[Estimate, str]]
    lacking: list[str]


def estimates(
    check: Measurement, able: Sequence[Sequence[Item]], most: int | None = None, lenient: bool = False
) -> Tried:
    """One estimate for each setting.

    Args:
        check: The check.
        able: For each subject the records that may decide.
        most: Images in the claim's data set.
        lenient: Whether any number of images and seeds is enough.
    """
    parted = [{evidence.setting(group[0].record): group for group in evidence.groups(check, items)} for items in able]
    tried = Tried([], [], [])
    if all(parted) and not set.intersection(*(set(groups) for groups in parted)):
        first, second = (next(iter(groups.values()))[0].record for groups in parted)
        tried.lacking.append(f"both networks measured alike (here they differ in {_unlike(first, second)})")
    for name in sorted(set.intersection(*(set(groups) for groups in parted))):
        found = [summarise(check, groups[name], side) for groups, side in zip(parted, sides(check), strict=True)]
        known = [estimate for estimate in found if estimate is not None]
        lacking = [] if lenient else _lacking(check, [groups[name] for groups in parted], most)
        if len(known) < len(found):
            lacking.append("an interval from several images, timed calls or seeds (one number here)")
            tried.lacking.extend(lacking)
            continue
        estimate = replace(known[0] if len(known) == 1 else combine(check, *known), most=most)
        if lacking:
            tried.few.append((estimate, ", ".join(lacking)))
            tried.lacking.extend(lacking)
        else:
            tried.enough.append(estimate)
    return tried


def _unlike(first: Record, second: Record) -> str:
    """Names of what sets two records apart, such as `definition, split`."""
    one, other = _facts(first), _facts(second)
    return ", ".join(sorted(name for name in {*one, *other} if one.get(name) != other.get(name)))


def _lacking(check: Measurement, groups: Sequence[Sequence[Item]], most: int | None) -> list[str]:
    numbers = {item.record.n for items in groups for item in items}
    n, largest = min(numbers), max(numbers)
    counted = "timed calls" if check.kind == "latency" else "images"
    lacking = [f"{check.min_n:,} {counted} ({n:,} here)"] if n < check.min_n else []
    counts = [
        (len(units(check, side, items)), least_seeds(check, side))
        for items, side in zip(groups, sides(check), strict=True)
        if is_trained(check, side)
    ]
    if most is not None and largest > most:
        lacking.append(f"the {most:,} images of the set alone ({largest:,} here)")
    if check.kind == "fid" and len(numbers) > 1:
        lacking.append("as many images on each side")
    short = [(have, least) for have, least in counts if have < least]
    if short:
        have, least = min(short)
        each = " on each side" if len(counts) > 1 else ""
        lacking.append(f"{least} seeds{each} ({have} here)")
    return lacking


def merge(outcomes: Sequence[tuple[Verdict | None, str]], records: Sequence[Record]) -> tuple[Verdict | None, str]:
    """One verdict for settings that the claim leaves open: all must be decided, and agree at least in direction.

    Args:
        outcomes: For each setting its verdict, None if it is open, with the reason.
        records: A record of each setting.

    Returns:
        The verdict, `underspecified` where settings disagree, None where one is open; and the reason.
    """
    text = together([text for _, text in outcomes], records)
    kinds = {verdict for verdict, _ in outcomes}
    if kinds <= {"confirmed", "direction only", "contradicted"} and len(kinds) == 1:
        return outcomes[0][0], text
    if kinds == {"confirmed", "direction only"}:
        return "direction only", text
    if None in kinds:
        return None, text
    what = "machine" if len({timed.machine(record) for record in records}) > 1 else "setting"
    return "underspecified", f"It depends on the {what}, which its source does not state. {text}"


def together(texts: Sequence[str], records: Sequence[Record]) -> str:
    """Sentences for several settings: the same one is told once, others name what differs between the settings."""
    if len(set(texts)) == 1:
        return join([texts[0] + (f", in each of {len(texts)} settings" if len(texts) > 1 else "")])
    named = zip(differing(records), texts, strict=True)
    # Too long a sentence leaves out what stands in brackets behind a machine's name.
    return join([fitting(f"{name}: {text}", f"{name.partition(' (')[0]}: {text}") for name, text in named])


def differing(records: Sequence[Record]) -> list[str]:
    """For each record, what sets it apart from the others in words, such as `with warmup 1, on NVIDIA H100`."""
    facts = [_facts(record) for record in records]
    shared = {name for name, text in facts[0].items() if all(other.get(name) == text for other in facts)}
    return [", ".join(text for name, text in own.items() if name not in shared) or "otherwise" for own in facts]


def _facts(record: Record) -> dict[str, str]:
    conditions = {
        name: f"{name} {record.condition[name]}" for name in sorted(set(record.condition) - evidence.OWN_CONDITIONS)
    }
    told = {"data": f"on {record.dataset}", "protocol": f"by {record.protocol}", **conditions}
    told |= {"definition": f"definition {record.protocol_hash}"} if record.protocol_hash else {}
    return told | ({"machine": f"on {place}"} if (place := timed.machine(record)) else {})

"""The headline table: at most 12 claims in plain words, each with the published value, the value here, the verdict."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from pixelwise.claims import timed
from pixelwise.claims.checks import Measurement
from pixelwise.claims.claim_schema import Register
from pixelwise.claims.findings import Finding
from pixelwise.claims.register_entries import Claim
from pixelwise.claims.rules import PLACES, describe, limits, placed, show, signed, test
from pixelwise.claims.same_run import alternatives, narrowed
from pixelwise.claims.shown_numbers import number
from pixelwise.claims.told import Interval, Row, Scale
from pixelwise.claims.wording import ON_A_GPU, better, direction, fitting, found, join, named, quantity, verb
from pixelwise.models.network_options import defaults

RECIPE = re.compile(r" \(recipe [^)]*\)")
"""What a headline leaves out of a need."""
ONE_SIDED = {"holds": "", "fails": "not ", "open": "not surely "}
"""Where a number lies -> the same before a range of one end, `above 2`."""
OWN_TRAINING = "the claim's own training"
"""What a claim waits for whose data set was there."""


def rows(register: Register, findings: Sequence[Finding]) -> list[Row]:
    """The headline claims in their order: those of the paper's authors first, each by subject."""
    by_id = {finding.id: finding for finding in findings}
    return [_row(register, claim, by_id[claim.id]) for claim in register.headlines]


def _row(register: Register, claim: Claim, finding: Finding) -> Row:
    check = claim.check if isinstance(claim.check, Measurement) else None
    source = register.sources[claim.source]
    scale: Scale = "ratio"
    if check is not None and check.value != "ratio":
        scale = "difference" if check.combine == "difference" else "value"
    unit = "times" if scale == "ratio" else "" if claim.unit == "1" else claim.unit
    direction = better(check.kind, check.value) if check is not None and scale != "ratio" else ""
    return Row(
        id=claim.id,
        subject=claim.subject,
        plain=claim.plain or claim.words,
        said=claim.said(f"{source.made_by}, {claim.source}, {claim.place}"),
        who=source.made_by,
        withdrawn=claim.withdrawn_by is not None,
        published=published(claim, unit),
        verdict=finding.verdict,
        told=f"{verdict(claim, finding)}{nearest_number(claim, finding)}",
        here=_here(claim, finding),
        decides=bool(finding.measured) and not _elsewhere(claim, finding),
        scale=scale,
        unit=unit,
        direction=direction,
        claimed=None if check is None else _ends(limits(check.rule, claim)),
        needs=needs(register, claim, finding),
    )


def _elsewhere(claim: Claim, finding: Finding) -> bool:
    """Whether a claim about a GPU was tested on none, whatever else became of it."""
    about = isinstance(claim.check, Measurement) and claim.check.device == "gpu"
    return about and not any(map(timed.on_gpu, finding.evidence))


def _here(claim: Claim, finding: Finding) -> list[Interval]:
    """The numbers tested, or the one nearest to the claim: a GPU's own, even of one process, before a processor's."""
    on_gpu = timed.of_one_process(finding.context_measured) if _elsewhere(claim, finding) else None
    return [on_gpu] if on_gpu else finding.measured or finding.context_measured[:1]


def _ends(found: tuple[float, float]) -> tuple[float | None, float | None]:
    low, high = (end if math.isfinite(end) else None for end in found)
    return low, high


def published(claim: Claim, unit: str) -> str:
    """The published value with its unit and reading error; `no number` of a claim in words alone."""
    if isinstance(claim.value, int | float) and not isinstance(claim.value, bool):
        sign = (
            "+" if claim.check.by == "measurement" and claim.check.combine == "difference" and claim.value > 0 else ""
        )
        error = f" \u00b1 {number(claim.reading_error)}" if claim.reading_error else ""
        unit = "point" if (abs(claim.value), unit) == (1, "points") else unit
        return f"{sign}{number(claim.value)}{error} {unit}".strip()
    return "no number"


def needs(register: Register, claim: Claim, finding: Finding) -> str:
    """What an undecided claim waits for, in a few words; empty for a decided one."""
    check = claim.check
    if finding.verdict == "other machine":
        return "several processes on a GPU" if finding.missing != ON_A_GPU else "a GPU"
    if finding.verdict != "not testable here":
        return ""
    if not isinstance(check, Measurement):
        return (finding.missing or "").removeprefix("Needs ").rstrip(".")
    first = (finding.missing or "").partition(". ")[0].rstrip(".")
    if verb(finding) == "not decided":  # all was right but how much there is
        return first.removeprefix("Needs ") if first.startswith("Needs ") else ""
    data = register.datasets[check.dataset].title.partition(" (")[0] if check.dataset else ""
    if check.dataset in {used.data or used.dataset for used in (*finding.evidence, *finding.context_only)}:
        return OWN_TRAINING
    on_gpu = any(map(timed.on_gpu, finding.context_only))
    machine = "" if not check.device else "another timing on a GPU" if on_gpu else "a GPU"
    return " and ".join(text for text in (data, machine) if text)


def verdict(claim: Claim, finding: Finding) -> str:
    """The verdict with its reason, at most 25 words."""
    reason, words = finding.reason.rstrip("."), verb(finding)
    if finding.verdict == "superseded":
        told, _, evidence = reason.partition(" The evidence alone: ")
        return join([told, f"the evidence alone: {evidence.partition('. ')[0]}"])
    taken_back = finding.verdict == "not testable here" and finding.p_value is not None
    if len(finding.measured) > 1 and isinstance(claim.check, Measurement) and not taken_back:
        return _several(claim, claim.check, finding)
    if finding.verdict == "other machine" and finding.missing and finding.missing != ON_A_GPU:
        needs = f"{finding.missing[0].lower()}{finding.missing[1:]}"
        return fitting(join([f"{_beside(claim, finding)}; {needs}"]), join([f"{words}: {needs}"]))
    if finding.verdict == "other machine":
        first, _, second = reason.partition(". ")
        where = second.partition(". ")[0].removeprefix("That is ")
        short = re.sub(r"range \((\S+ to \S+)\)", r"\1", where)
        longer = (join([f"{first}; {text}; {words}"]) for text in (where, short) if text)
        return fitting(*longer, join([f"{_beside(claim, finding)}; {words}"]))
    if finding.missing and not finding.measured:
        reason = RECIPE.sub("", finding.missing.partition(". ")[0].rstrip("."))
    reason = reason.partition(". ")[0]
    return join([f"{words}: {reason[0].lower() if reason[1:2].islower() else reason[0]}{reason[1:]}"])


def _beside(claim: Claim, finding: Finding) -> str:
    """What a processor gave: `on this CPU 1.74 [1.71, 1.75], outside 2.3 to 3.4`."""
    assert isinstance(claim.check, Measurement)
    rule, number = claim.check.rule, finding.measured[0]
    state = test(rule, claim, number.low, number.high)
    words = ONE_SIDED[state] if math.inf in map(abs, limits(rule, claim)) else f"{PLACES[state]} "
    alone = " in one process" if " in one process." in finding.reason else ""
    return f"on this CPU {show(number)}{alone}, {words}{describe(rule, claim)}"


def _several(claim: Claim, check: Measurement, finding: Finding) -> str:
    """The verdict on several machines or settings: how far apart they are, and what is claimed."""
    numbers = finding.measured
    several = len({number.machine.partition(" (")[0] for number in numbers}) > 1
    low, high = min(number.low for number in numbers), max(number.high for number in numbers)
    ends = [numbers[0].model_copy(update={"value": end, "low": end, "high": end}) for end in (low, high)]
    shown = " to ".join(map(show, ends))
    told = (found(narrowed(check, numbers[0].ran), shown), f"the {quantity(check.value)} is {shown}")
    words = f"it depends on the {'machine' if several else 'setting'}"
    words = words if finding.verdict == "underspecified" else verb(finding)
    if finding.verdict == "other machine":
        where = f"on {len(numbers)} CPUs" if several else f"on this CPU, in {len(numbers)} settings,"
        side = placed(claim, check.rule, low, high)
        return fitting(*(join([f"{where} {text}, {side}; {words}"]) for text in told))
    where = f"on {len(numbers)} machines" if several else f"in {len(numbers)} settings"
    claimed = f"{where}; claimed is {describe(check.rule, claim)}"
    return fitting(*(join([f"{words}: {text} {claimed}"]) for text in told), join([f"{words}: {told[1]} {where}"]))


def nearest_number(claim: Claim, finding: Finding) -> str:
    """The number nearest to an open claim's conditions, with unit and direction, and why it may not decide."""
    check = claim.check
    open_ = finding.verdict in ("not testable here", "other machine") and not finding.measured
    if not open_ or not finding.context_measured or not isinstance(check, Measurement):
        return ""
    nearest = finding.context_measured[0]
    shown = f"{quantity(check.value)} {signed(nearest, check.combine)}{direction(check)}"
    if check.value == "ratio" and check.rival is not None:
        shown = f"{named(check.rival)} {show(nearest)} times as fast"
    shown = f"nearest number: {shown}, {side(claim, nearest)}"
    reasons = _plainly(check, nearest.reasons_excluded)
    return " " + fitting(*(join([f"{shown}; {told}"]) for told in (", ".join(reasons[:2]), *reasons)), join([shown]))


def _plainly(check: Measurement, reasons: Sequence[str]) -> list[str]:
    """Reasons without the names of options, which stand behind the claim in full."""
    names = {
        name
        for what in (check.subject, check.rival or check.subject)
        for architecture in alternatives(what.architecture)
        for name in defaults(architecture)
    }
    kept = [reason for reason in reasons if reason.partition(" ")[0] not in names]
    return [*kept, *(["networks with other settings"] if len(kept) < len(reasons) else [])]


def side(claim: Claim, number: Interval) -> str:
    """On which side of the claimed range a number lies, in words."""
    assert isinstance(claim.check, Measurement)
    rule = claim.check.rule
    sided = rule.direction is not None or (rule.within is None and rule.equals is None)
    words = ("on the claimed side", "on the other side", "on no sure side")
    if not sided:
        words = ("inside the claimed range", "outside the claimed range", "not surely inside the claimed range")
    state = test(rule.direction or rule, claim, number.low, number.high)
    return dict(zip(("holds", "fails", "open"), words, strict=True))[state]

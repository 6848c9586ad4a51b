"""Deciding a claim from records: pure functions from (claim, records) to a verdict with its reason."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

from pixelwise.claims import across_settings, evidence, timed, trained_quality
from pixelwise.claims.audit import Contradicted, contradictions
from pixelwise.claims.checks import (
    Agreement,
    Arithmetic,
    Audit,
    Measurement,
    Ran,
    Underspecified,
    Untestable,
)
from pixelwise.claims.claim_schema import Register
from pixelwise.claims.documents import agreeing, audited, computed
from pixelwise.claims.estimates import Estimate, interval
from pixelwise.claims.evidence import Item
from pixelwise.claims.findings import Finding, Used, decided
from pixelwise.claims.holm import p_value, together
from pixelwise.claims.nearest import compared
from pixelwise.claims.register_entries import Claim, Entry, Reference
from pixelwise.claims.rules import elsewhere, judge_estimate, reached, show
from pixelwise.claims.same_run import Sought, place
from pixelwise.claims.shown_numbers import number as shown_number
from pixelwise.claims.told import Interval
from pixelwise.claims.trained_quality import least_seeds, units
from pixelwise.claims.wording import ON_A_GPU, TOO_LITTLE, how_to_get, join, named, verb, wanted
from pixelwise.record import Record


def _used(item: Item, check: Measurement, reasons: list[str]) -> Used:
    record = item.record
    shared = record.model_dump(
        include=set(Used.model_fields) - {"value", "reasons_excluded", "file", "sha256", "command", "run"}
    )
    return Used(
        **shared,
        file=item.file,
        run=item.run,
        sha256=item.sha256,
        command=item.command,
        value=record.values[check.value],
        reasons_excluded=reasons,
    )


def _apart(
    check: Measurement, items: Sequence[Item], side: Sought, ran: Ran, most: int | None
) -> tuple[list[Item], list[Item]]:
    """Records that may decide, and those that are context only.

    Of the networks that the claim may speak of, the likeliest that has enough trainings and pictures decides, or else
    the likeliest; one that was measured on the claim's own class of device comes before all that were not.
    Beside scores of as many pictures as the claim needs, those of fewer, or of more than the set has, decide nothing.
    """
    able: dict[tuple[int, ...], list[Item]] = {}
    context = []
    for item in items:
        if evidence.speaks_of(check, side, item.record):
            if evidence.reasons_excluded(check, side, item.record):
                context.append(item)
            else:
                able.setdefault(place(side, item.record), []).append(item)
    least = least_seeds(check, ran)
    whole = {where: [i for i in found if not _other_count(check, i.record, most)] for where, found in able.items()}
    enough = [where for where, found in whole.items() if len(units(check, ran, found)) >= least]

    def order(where: tuple[int, ...]) -> tuple[bool, tuple[int, ...]]:
        return not any(evidence.on_device(check, item.record) for item in able[where]), where

    chosen = min(enough or able, key=order, default=())
    decides = whole.get(chosen) or able.get(chosen, [])
    taken = set(map(id, decides))
    return decides, [*context, *(i for where in sorted(able) for i in able[where] if id(i) not in taken)]


def _other_count(check: Measurement, record: Record, most: int | None) -> list[str]:
    """Why a record is of too few images or calls, or of more images than the set has."""
    counted = "timed calls" if check.kind == "latency" else "images"
    if record.n < check.min_n:
        return [f"{record.n:,} {counted}, not {check.min_n:,}"]
    return [f"{record.n:,} {counted}: the set has {most:,}"] if most is not None and record.n > most else []


def _reasons(check: Measurement, side: Sought, record: Record, most: int | None) -> list[str]:
    """Why a record is context only."""
    reasons = evidence.reasons_excluded(check, side, record) or _other_count(check, record, most)
    return reasons or ["another network, of which the claim speaks less likely"]


def _context(
    check: Measurement, sides: list[Sought], parted: list[list[Item]], deciding: set[int], most: int | None
) -> list[Interval]:
    """What the records that may not decide would give, one number for each run and setting; they need no least number.

    Of several networks the one nearest to the claim's conditions is taken; the nearest number comes first.
    """
    shown = []
    numbers = [[(item, evidence.number_of(check, item.record)) for item in items] for items in parted]
    finite = [[item for item, value in items if not evidence.is_infinite(value)] for items in numbers]
    of = {id(item): side for side, items in zip(sides, parted, strict=True) for item in items}

    def distance(item: Item) -> tuple[int, ...]:
        return evidence.distance(check, of[id(item)], item.record)

    estimates = compared(check, finite, distance)
    for estimate in sorted(estimates, key=lambda found: max(map(distance, found.items))):
        others = (item for item in estimate.items if id(item) not in deciding)
        reasons = [reason for item in others for reason in _reasons(check, of[id(item)], item.record, most)]
        if reasons:
            shown.append(interval(estimate).model_copy(update={"reasons_excluded": list(dict.fromkeys(reasons))}))
    return shown


def _on_a_gpu(check: Measurement, context: Sequence[Interval]) -> str:
    """What a claim needs that a processor alone has timed."""
    close = timed.of_one_process(context)
    if close is None:
        return ON_A_GPU
    unit = " times" if check.value == "ratio" else ""
    return join([f"needs several processes on a GPU; one gave {show(close)}{unit}"])


def _few(estimate: Estimate, lacks: str) -> Interval:
    return interval(estimate).model_copy(update={"reasons_excluded": [f"too little: {lacks} needed"]})


def _measured(
    register: Register, claim: Entry, check: Measurement, items: Sequence[Item], lenient: bool = False
) -> Finding:
    sides = evidence.sides(check)
    runs = trained_quality.sides(check)
    need = register.datasets.get(check.dataset or "")
    most = need.images if need else None
    parted = [_apart(check, items, side, run, most) for side, run in zip(sides, runs, strict=True)]
    deciding = {id(item) for able, _ in parted for item in able}
    context = [[item for item in others if id(item) not in deciding] for _, others in parted]
    tried = across_settings.estimates(check, [able for able, _ in parted], most, lenient)
    found = tried.enough
    one_sided = [[*able, *others] for (able, _), others in zip(parted, context, strict=True)]
    beside = context if found or tried.few else one_sided
    shared: dict[str, Any] = {
        "id": claim.id,
        "measured": [interval(estimate) for estimate in found],
        "evidence": [_used(item, check, []) for able, _ in parted for item in able],
        "context_only": [
            _used(item, check, _reasons(check, side, item.record, most))
            for side, others in zip(sides, context, strict=True)
            for item in others
        ],
        "context_measured": [*(_few(*few) for few in tried.few), *_context(check, sides, beside, deciding, most)],
    }
    records = [estimate.items[0].record for estimate in found]
    if found and not all(evidence.on_device(check, i.record) for estimate in found for i in estimate.items):
        told = [elsewhere(claim, check.rule, estimate, "CPU") for estimate in found]
        text = across_settings.together(told, records)
        return Finding(
            verdict="other machine", reason=text, missing=_on_a_gpu(check, shared["context_measured"]), **shared
        )
    outcomes = [judge_estimate(claim, check.rule, estimate) for estimate in found]
    if outcomes:
        verdict, reason = across_settings.merge(outcomes, records)
        if verdict is not None:
            sure = [
                p_value(claim, check.rule, estimate, own)
                for estimate, (own, _) in zip(found, outcomes, strict=True)
                if own is not None
            ]
            worst = max((p for p in sure if p is not None), default=None)
            return Finding(verdict=verdict, reason=reason, p_value=worst, **shared)
        needs = dict.fromkeys(text.rpartition(": ")[2] for own, text in outcomes if own is None)
        return Finding(verdict="not testable here", reason=reason, missing=join([*needs]), **shared)
    if tried.lacking:
        missing = join([f"needs {text}" for text in dict.fromkeys(tried.lacking)])
        return Finding(verdict="not testable here", reason=TOO_LITTLE, missing=missing, **shared)
    count = len(shared["context_only"])
    numbers = "1 number comes" if count == 1 else f"{count} numbers come"
    others = f"{numbers} from other data, settings or schedules" if count else ""
    missing = join([f"needs {wanted(register, check)}"]) + how_to_get(register, check)
    reason = join(["nothing here was measured under its conditions", others])
    return Finding(verdict="not testable here", reason=reason, missing=missing, **shared)


def _after(
    register: Register, claim: Entry, check: Measurement, gate: Claim, finding: Finding, items: Sequence[Item]
) -> Finding:
    """A finding by the runs that reach a number first; a decided one without them is taken back."""
    assert isinstance(gate.check, Measurement)
    first, least = gate.check, reached(gate.check.rule)
    holders: dict[str, set[str]] = {}
    for item in items:
        holders.setdefault(item.file, set()).update(item.runs)

    @functools.cache
    def lowest(run: str) -> float:
        own = [item for item in items if run in item.runs]
        found = _measured(register, gate, first, own, lenient=True).measured
        return min((number.value for number in found), default=-math.inf)

    def best(file: str) -> tuple[float, str]:
        return max((lowest(run), run) for run in holders[file])

    worst, run = min((best(used.file) for used in finding.evidence), default=(least, ""))
    if worst >= least:
        return finding
    value = f"it is {shown_number(worst, gate.unit)}" if math.isfinite(worst) else "nothing was measured"
    where = f"in {run}" if run else "here"
    told = f"{gate.quantity} of {named(first.subject)}"
    again = _measured(register, claim, check, [item for item in items if best(item.file)[0] >= least])
    if again.measured:  # what other runs hold stands beside
        why = [f"the {told} of its own run has not reached {least:g} {gate.unit}"]
        others = [
            used.model_copy(update={"reasons_excluded": why}) for used in finding.evidence if best(used.file)[0] < least
        ]
        beside = {"context_only": [*finding.context_only, *others], "context_measured": finding.context_measured}
        return again.model_copy(update=beside)
    if not decided(finding):
        return finding
    that = f"that is claim {gate.id}, less its tolerance"
    reason = join([f"the {told} must first reach {least:g} {gate.unit} {where}; {value}", that])
    missing = join([f"needs a {told} of at least {least:g} {gate.unit} here first", that])
    return finding.model_copy(update={"verdict": "not testable here", "reason": reason, "missing": missing})


def _checked(
    register: Register, claim: Claim | Reference, items: Sequence[Item], outcomes: Sequence[Contradicted]
) -> Finding:
    check = claim.check
    if isinstance(check, Measurement):
        finding = _measured(register, claim, check, items)
        if not check.after:
            return finding
        return _after(register, claim, check, register.claim(check.after), finding, items)
    if isinstance(check, Arithmetic):
        return computed(register, claim, check)
    if isinstance(check, Agreement):
        return agreeing(register, claim, check)
    if isinstance(check, Audit):
        return audited(claim, check, outcomes)
    if isinstance(check, Underspecified):
        return Finding(
            id=claim.id,
            verdict="underspecified",
            reason=join([f"its source does not state {check.lacks}"]),
            missing=join([f"needs a statement of {check.lacks}"]),
        )
    assert isinstance(check, Untestable)
    missing = join([f"needs {check.missing}"])
    return Finding(id=claim.id, verdict="not testable here", reason="No number here tests it.", missing=missing)


def decide(
    register: Register, claim: Claim | Reference, items: Sequence[Item], outcomes: Sequence[Contradicted]
) -> Finding:
    """Give one claim its verdict, or check one value of our own.

    Args:
        register: Where the claim stands.
        claim: The claim.
        items: Every record there is.
        outcomes: What `audit.contradictions` found.

    Returns:
        The finding; a claim that its authors withdrew is `superseded`, with what the evidence alone would say.
    """
    finding = _checked(register, claim, items, outcomes)
    if not isinstance(claim, Claim) or claim.withdrawn_by is None:
        return finding
    other = register.entry(claim.withdrawn_by)
    told = f"withdrawn by its authors: {other.said(f'{other.source}, {other.place}')}"
    reason = join([told, f"the evidence alone: {verb(finding)}"]) + f" {finding.reason}"
    return finding.model_copy(update={"verdict": "superseded", "reason": reason, "missing": None})


def decide_all(register: Register, items: Sequence[Item]) -> list[Finding]:
    """A finding for every claim and every value of our own, in the register's order.

    Every record counts once; the headlines hold together.
    """
    items = evidence.unique(items)
    outcomes = contradictions(register)
    return together(register, [decide(register, entry, items, outcomes) for entry in register.checked])

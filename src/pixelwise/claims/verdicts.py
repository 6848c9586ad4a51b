"""Deciding a claim from records: pure functions from (claim, records) to a verdict with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pixelwise.claims import evidence
from pixelwise.claims.audit import Contradicted, contradictions
from pixelwise.claims.checks import (
    Agreement,
    Arithmetic,
    Audit,
    Measurement,
    Underspecified,
    Untestable,
    Verdict,
)
from pixelwise.claims.claim_schema import Register
from pixelwise.claims.documents import agreeing, audited, computed
from pixelwise.claims.estimates import Estimate, combine, interval, summarise
from pixelwise.claims.evidence import Item
from pixelwise.claims.findings import Finding, Interval, Used, decided
from pixelwise.claims.register_entries import Claim, Entry, Reference
from pixelwise.claims.rules import elsewhere, judge_estimate
from pixelwise.claims.same_run import Sought, place
from pixelwise.claims.wording import VERBS, how_to_get, join, wanted


def _used(item: Item, check: Measurement, reasons: list[str]) -> Used:
    record = item.record
    shared = record.model_dump(
        include=set(Used.model_fields) - {"value", "reasons_excluded", "file", "sha256", "command"}
    )
    return Used(
        **shared,
        file=item.file,
        sha256=item.sha256,
        command=item.command,
        value=record.values[check.value],
        reasons_excluded=reasons,
    )


def _apart(check: Measurement, items: Sequence[Item], side: Sought) -> tuple[list[Item], list[Item]]:
    """Records that may decide (of the likeliest alternative that has any), and those that are context only."""
    able: dict[tuple[int, ...], list[Item]] = {}
    context = []
    for item in items:
        if evidence.speaks_of(check, side, item.record):
            if evidence.reasons_excluded(check, side, item.record):
                context.append(item)
            else:
                able.setdefault(place(side, item.record), []).append(item)
    return able[min(able)] if able else [], context


def _context(check: Measurement, sides: list[Sought], parted: list[list[Item]]) -> list[Interval]:
    """What the records that may not decide would give, one number for each setting; they need no least number.

    The setting nearest to the claim's conditions comes first.
    """
    lenient = check.model_copy(update={"min_n": 1, "min_seeds": 1, "device": None})
    shown = []
    numbers = [[(item, evidence.number_of(check, item.record)) for item in items] for items in parted]
    finite = [[item for item, value in items if not evidence.is_infinite(value)] for items in numbers]
    estimates = _estimates(lenient, finite)[0]
    of = {id(item): side for side, items in zip(sides, parted, strict=True) for item in items}

    def distance(found: Estimate) -> tuple[int, ...]:
        return max(evidence.distance(check, of[id(item)], item.record) for item in found.items)

    for estimate in sorted(estimates, key=distance):
        excluded = (evidence.reasons_excluded(check, of[id(item)], item.record) for item in estimate.items)
        reasons = [reason for found in excluded for reason in found]
        shown.append(interval(estimate).model_copy(update={"reasons_excluded": list(dict.fromkeys(reasons))}))
    return shown


def _estimates(check: Measurement, able: list[list[Item]]) -> tuple[list[Estimate], list[str]]:
    """One estimate for each setting that has enough evidence, and what the others lack."""
    parted = [{evidence.setting(g[0].record): g for g in evidence.groups(check, items)} for items in able]
    estimates, lacking = [], []
    for name in sorted(set.intersection(*(set(groups) for groups in parted))):
        found = [summarise(check, groups[name]) for groups in parted]
        known = [estimate for estimate in found if estimate is not None]
        n = min(item.record.n for groups in parted for item in groups[name])
        seeds = min(len({item.record.seed for item in groups[name]}) for groups in parted)
        if n < check.min_n:
            lacking.append(f"n >= {check.min_n:,} (have {n:,})")
        if seeds < check.min_seeds:
            lacking.append(f"{check.min_seeds} seeds (have {seeds})")
        if len(known) < len(found):
            lacking.append("an interval: a bootstrap, timing samples or at least 2 seeds (have one number)")
        elif n >= check.min_n and seeds >= check.min_seeds:
            estimates.append(known[0] if len(known) == 1 else combine(check, *known))
    return estimates, lacking


def _together(parts: list[tuple[str, str]]) -> str:
    """Sentences for several settings: those with the same outcome are named once."""
    texts = dict.fromkeys(text for _, text in parts)
    if len(texts) == 1:
        return join([next(iter(texts)) + (f", in each of {len(parts)} settings" if len(parts) > 1 else "")])
    return join([part for name, text in parts for part in (f"under {name}", text)])


def _merge(verdicts: list[Verdict], parts: list[tuple[str, str]]) -> tuple[Verdict, str]:
    """One verdict for settings that the claim leaves open: they must agree, at least in direction."""
    kinds = set(verdicts)
    text = _together(parts)
    if len(kinds) == 1:
        return verdicts[0], text
    if kinds == {"confirmed", "direction only"}:
        return "direction only", text
    return "underspecified", f"The claim leaves open a setting that changes the answer. {text}"


def _measured(register: Register, claim: Entry, check: Measurement, items: Sequence[Item]) -> Finding:
    sides = evidence.sides(check)
    parted = [_apart(check, items, side) for side in sides]
    deciding = {id(item) for able, _ in parted for item in able}
    context = [[item for item in others if id(item) not in deciding] for _, others in parted]
    estimates, lacking = _estimates(check, [able for able, _ in parted])
    shared: dict[str, Any] = {
        "id": claim.id,
        "measured": [interval(estimate) for estimate in estimates],
        "evidence": [_used(item, check, []) for able, _ in parted for item in able],
        "context_only": [
            _used(item, check, evidence.reasons_excluded(check, side, item.record))
            for side, others in zip(sides, context, strict=True)
            for item in others
        ],
        "context_measured": _context(check, sides, context),
    }
    if estimates and not all(evidence.on_device(check, i.record) for found in estimates for i in found.items):
        told = [(evidence.setting(e.items[0].record), elsewhere(claim, check.rule, e, "CPU")) for e in estimates]
        return Finding(
            verdict="other machine", reason=_together(told), missing="Needs the same timing on a GPU.", **shared
        )
    verdicts: list[Verdict] = []
    parts: list[tuple[str, str]] = []
    open_: list[tuple[str, str]] = []
    for estimate in estimates:
        verdict, text = judge_estimate(claim, check.rule, estimate)
        (open_ if verdict is None else parts).append((evidence.setting(estimate.items[0].record), text))
        verdicts += [verdict] if verdict else []
    if verdicts:
        verdict, reason = _merge(verdicts, parts)
        return Finding(verdict=verdict, reason=reason, **shared)
    if open_ or lacking:
        needs = dict.fromkeys(text.rpartition(": ")[2] for _, text in open_)
        reason = _together(open_) or join(["too little evidence"])
        missing = join([*needs] or [f"needs {', '.join(dict.fromkeys(lacking))}"])
        return Finding(verdict="not testable here", reason=reason, missing=missing, **shared)
    count = len(shared["context_only"])
    others = f"{count} numbers from other data, settings or schedules cannot decide it" if count else ""
    missing = join([f"needs {wanted(register, check)}"]) + how_to_get(register, check)
    reason = join(["nothing measured that may decide it", others])
    return Finding(verdict="not testable here", reason=reason, missing=missing, **shared)


def _after(finding: Finding, gate: Claim, found: Finding) -> Finding:
    """A decided finding, or the same taken back where a number that must be reached first is not."""
    assert isinstance(gate.check, Measurement) and gate.check.rule.equals is not None
    least = gate.check.rule.equals - (gate.check.rule.tolerance or 0.0)
    if found.measured and all(number.value >= least for number in found.measured):
        return finding
    value = f"it is {found.measured[0].value:.4g} {gate.unit}" if found.measured else "nothing was measured"
    reason = join([f"this run's own {gate.quantity} for {gate.id} must reach {least:g} {gate.unit} first; {value}"])
    missing = join([f"needs {gate.id} first: {gate.quantity} of at least {least:g} {gate.unit} here"])
    return finding.model_copy(update={"verdict": "not testable here", "reason": reason, "missing": missing})


def _checked(
    register: Register, claim: Claim | Reference, items: Sequence[Item], outcomes: Sequence[Contradicted]
) -> Finding:
    check = claim.check
    if isinstance(check, Measurement):
        finding = _measured(register, claim, check, items)
        if not check.after or not decided(finding):
            return finding
        gate = register.claim(check.after)
        return _after(finding, gate, decide(register, gate, items, outcomes))
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
            reason=join([f"the claim lacks {check.lacks}"]),
            missing=join([f"needs {check.lacks}"]),
        )
    assert isinstance(check, Untestable)
    missing = join([f"needs {check.missing}"])
    return Finding(id=claim.id, verdict="not testable here", reason="No quantity here tests it.", missing=missing)


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
    reason = join([told, f"the evidence alone: {VERBS[finding.verdict]}"]) + f" {finding.reason}"
    return finding.model_copy(update={"verdict": "superseded", "reason": reason, "missing": None})


def decide_all(register: Register, items: Sequence[Item]) -> list[Finding]:
    """A finding for every claim and every value of our own, in the register's order; every record counts once."""
    items = evidence.unique(items)
    outcomes = contradictions(register)
    return [decide(register, entry, items, outcomes) for entry in register.checked]

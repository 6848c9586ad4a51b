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
from pixelwise.claims.claim_schema import Claim, Register
from pixelwise.claims.documents import agreeing, audited, computed
from pixelwise.claims.estimates import Estimate, combine, interval, summarise
from pixelwise.claims.evidence import Item
from pixelwise.claims.findings import Finding, Interval, Used, decided
from pixelwise.claims.rules import judge_estimate


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


def _apart(check: Measurement, items: Sequence[Item], model: str | list[str]) -> tuple[list[Item], list[Item]]:
    """Records that may decide (of the first alternative name that has any), and those that are context only."""
    names = [model] if isinstance(model, str) else model
    able: dict[str, list[Item]] = {name: [] for name in names}
    context = []
    for item in items:
        if evidence.speaks_of(check, names, item.record):
            if evidence.reasons_excluded(check, item.record):
                context.append(item)
            else:
                able[item.record.model].append(item)
    return next((found for found in able.values() if found), []), context


def _context(check: Measurement, parted: list[list[Item]]) -> list[Interval]:
    """What the records that may not decide would give, one number for each setting; they need no least number."""
    lenient = check.model_copy(update={"min_n": 1, "min_seeds": 1})
    shown = []
    finite = [[item for item in items if not evidence.is_infinite(item.record.values[check.value])] for items in parted]
    for estimate in _estimates(lenient, finite)[0]:
        reasons = [reason for item in estimate.items for reason in evidence.reasons_excluded(check, item.record)]
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


def _wanted(register: Register, check: Measurement) -> str:
    """Name the records that a claim waits for, and how to get their data."""
    models = [check.model if isinstance(check.model, str) else check.model[0]]
    if check.against is not None:
        models.append(check.against if isinstance(check.against, str) else check.against[0])
    text = f"record of kind '{check.kind}' with '{check.value}' of {' and of '.join(models)}"
    text += f" on {check.dataset}" if check.dataset else ""
    conditions = {**check.where, **check.hardware}
    text += f" ({', '.join(f'{name} {value}' for name, value in conditions.items())})" if conditions else ""
    need = register.datasets.get(check.dataset or "")
    return text + (f"; {need.title}: {need.get}" if need else "")


def _together(parts: list[tuple[str, str]]) -> str:
    """One sentence for several settings: those with the same outcome are named once."""
    texts = dict.fromkeys(text for _, text in parts)
    if len(texts) == 1:
        return next(iter(texts)) + (f" in each of {len(parts)} settings" if len(parts) > 1 else "")
    return "; ".join(f"{name}: {text}" for name, text in parts)


def _merge(verdicts: list[Verdict], parts: list[tuple[str, str]]) -> tuple[Verdict, str]:
    """One verdict for settings that the claim leaves open: they must agree, at least in direction."""
    kinds = set(verdicts)
    text = _together(parts)
    if len(kinds) == 1:
        return verdicts[0], text
    if kinds == {"confirmed", "direction only"}:
        return "direction only", text
    return "underspecified", f"the claim leaves open a setting that changes the answer: {text}"


def _measured(register: Register, claim: Claim, check: Measurement, items: Sequence[Item]) -> Finding:
    subjects = [check.model] if check.against is None else [check.model, check.against]
    parted = [_apart(check, items, subject) for subject in subjects]
    context = [others for _, others in parted]
    estimates, lacking = _estimates(check, [able for able, _ in parted])
    shared: dict[str, Any] = {
        "id": claim.id,
        "measured": [interval(estimate) for estimate in estimates],
        "evidence": [_used(item, check, []) for able, _ in parted for item in able],
        "context_only": [
            _used(item, check, evidence.reasons_excluded(check, item.record)) for others in context for item in others
        ],
        "context_measured": _context(check, context),
    }
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
        missing = "; ".join(dict.fromkeys(text.rpartition(": ")[2] for _, text in open_))
        reason = _together(open_) or f"too little evidence: needs {'; '.join(lacking)}"
        missing = missing or f"needs {'; '.join(lacking)}"
        return Finding(verdict="not testable here", reason=reason, missing=missing, **shared)
    wanted = _wanted(register, check)
    count = len(shared["context_only"])
    others = f"; {count} records on other data or schedules stand beside, and cannot decide" if count else ""
    return Finding(
        verdict="not testable here", reason=f"nothing measured{others}", missing=f"needs a {wanted}", **shared
    )


def _after(finding: Finding, gate: Claim, found: Finding) -> Finding:
    """A decided finding, or the same taken back where a number that must be reached first is not."""
    assert isinstance(gate.check, Measurement) and gate.check.rule.equals is not None
    least = gate.check.rule.equals - (gate.check.rule.tolerance or 0.0)
    if found.measured and all(number.value >= least for number in found.measured):
        return finding
    first = f"{gate.id} first: {gate.quantity} of at least {least:g} {gate.unit} here ({found.reason})"
    return finding.model_copy(update={"verdict": "not testable here", "reason": f"needs {first}", "missing": first})


def _checked(register: Register, claim: Claim, items: Sequence[Item], outcomes: Sequence[Contradicted]) -> Finding:
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
            id=claim.id, verdict="underspecified", reason=f"the claim lacks {check.lacks}", missing=check.lacks
        )
    assert isinstance(check, Untestable)
    return Finding(id=claim.id, verdict="not testable here", reason="no quantity here tests it", missing=check.missing)


def decide(register: Register, claim: Claim, items: Sequence[Item], outcomes: Sequence[Contradicted]) -> Finding:
    """Give one claim its verdict.

    Args:
        register: Where the claim stands.
        claim: The claim.
        items: Every record there is.
        outcomes: What `audit.contradictions` found.

    Returns:
        The finding; a claim that its authors withdrew is `superseded`, with what the evidence alone would say.
    """
    finding = _checked(register, claim, items, outcomes)
    if claim.withdrawn_by is None:
        return finding
    other = register.claim(claim.withdrawn_by)
    reason = f"withdrawn by its authors ({other.source}, {other.place}: \u201c{other.words}\u201d)"
    reason += f"; the evidence alone says {finding.verdict}: {finding.reason}"
    return finding.model_copy(update={"verdict": "superseded", "reason": reason, "missing": None})


def decide_all(register: Register, items: Sequence[Item]) -> list[Finding]:
    """A finding for every claim, in the register's order."""
    outcomes = contradictions(register)
    return [decide(register, claim, items, outcomes) for claim in register.claims]

"""Verdicts that the documents alone decide: their own arithmetic, agreement between them, contradictions."""

from __future__ import annotations

from collections.abc import Sequence

from pixelwise.claims.audit import Contradicted, apart, published
from pixelwise.claims.checks import Agreement, Arithmetic, Audit, Verdict
from pixelwise.claims.claim_schema import Register
from pixelwise.claims.estimates import Estimate, interval
from pixelwise.claims.findings import Finding
from pixelwise.claims.register_entries import Entry
from pixelwise.claims.rules import judge_estimate
from pixelwise.claims.wording import join


def computed(register: Register, claim: Entry, check: Arithmetic) -> Finding:
    """Decide by the register's own numbers; their errors are limits, so they add up. Every pair must hold."""
    size = 1 if check.combine == "value" else 2
    names = [check.claims[start : start + size] for start in range(0, len(check.claims), size)]
    estimates = [_estimate(register, check, chosen) for chosen in names]
    outcomes = [judge_estimate(claim, check.rule, estimate) for estimate in estimates]
    verdicts = [verdict for verdict, _ in outcomes]
    order: tuple[Verdict | None, ...] = ("contradicted", None, "direction only", "confirmed")
    verdict = min(verdicts, key=order.index)
    texts = [text if found else text.rpartition(": ")[0] for found, text in outcomes]
    reason = join([f"the documents' own numbers give {texts[0]}", *(f"they give {text}" for text in texts[1:])])
    return Finding(
        id=claim.id,
        verdict=verdict or "not testable here",
        reason=reason,
        missing=None if verdict else "Needs numbers published with more digits.",
        measured=[interval(estimate) for estimate in estimates],
    )


def _estimate(register: Register, check: Arithmetic, names: Sequence[str]) -> Estimate:
    numbers = [published(register.entry(name)) for name in names]
    value, error = numbers[0]
    low, high = value - error, value + error
    if check.combine == "difference":
        value, low, high = value - numbers[1][0], low - sum(numbers[1]), high - numbers[1][0] + numbers[1][1]
    elif check.combine == "ratio":
        other, slack = numbers[1]
        value, low, high = value / other, low / (other + slack), high / (other - slack)
    unit = "1" if check.combine == "ratio" else register.entry(names[0]).unit
    basis = f"{check.combine} of published numbers ({', '.join(names)}) within their errors"
    return Estimate(value, low, high, unit, n=len(numbers), seeds=0, basis=basis)


def agreeing(register: Register, claim: Entry, check: Agreement) -> Finding:
    """Compare one published number or word with the same elsewhere."""
    outcomes = [(name, *apart(claim, register.entry(name))) for name in check.claims]
    differ = any(outcome[1] for outcome in outcomes)
    verdict: Verdict = "contradicted" if differ else "confirmed"
    told = "the documents disagree" if differ else "the documents agree"
    reason = join([told, *(f"against {name}: {words}" for name, _, words in outcomes)])
    return Finding(id=claim.id, verdict=verdict, reason=reason)


def audited(claim: Entry, check: Audit, outcomes: Sequence[Contradicted]) -> Finding:
    """Take over what the audit found; `outcomes` holds every contradiction of the register."""
    outcome = next(entry for entry in outcomes if entry.id == check.contradiction)
    if not outcome.found:
        return Finding(
            id=claim.id,
            verdict="confirmed",
            reason=join(["the documents agree", outcome.computed]),
            contradiction=outcome.id,
        )
    mine = any(quote.claim == claim.id for quote in outcome.right)
    against = (outcome.left if mine else outcome.right)[0]
    words = f"\u201c{against.words}\u201d" if against.quoted else against.words
    told = f"against it: {words} ({against.source}, {against.place})"
    detail = outcome.computed.split("; ") if outcome.computed else [told]
    return Finding(
        id=claim.id,
        verdict=check.verdict,
        reason=join([outcome.between, *detail, f"the evidence supports: {outcome.supports}"]),
        contradiction=outcome.id,
        missing="Needs a statement of the condition." if check.verdict == "underspecified" else None,
    )

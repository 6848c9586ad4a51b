"""Verdicts that the documents alone decide: their own arithmetic, agreement between them, contradictions."""

from __future__ import annotations

from collections.abc import Sequence

from pixelwise.claims.audit import Contradicted, apart, published
from pixelwise.claims.checks import Agreement, Arithmetic, Audit, Verdict
from pixelwise.claims.claim_schema import Claim, Register
from pixelwise.claims.estimates import Estimate, interval
from pixelwise.claims.findings import Finding
from pixelwise.claims.rules import judge_estimate


def computed(register: Register, claim: Claim, check: Arithmetic) -> Finding:
    """Decide by the register's own numbers; their errors are limits, so they add up."""
    numbers = [published(register.claim(name)) for name in check.claims]
    value, error = numbers[0]
    low, high = value - error, value + error
    if check.combine == "difference":
        value, low, high = value - numbers[1][0], low - sum(numbers[1]), high - numbers[1][0] + numbers[1][1]
    elif check.combine == "ratio":
        other, slack = numbers[1]
        value, low, high = value / other, low / (other + slack), high / (other - slack)
    unit = "1" if check.combine == "ratio" else register.claim(check.claims[0]).unit
    basis = f"{check.combine} of published numbers ({', '.join(check.claims)}) within their errors"
    estimate = Estimate(value, low, high, unit, n=len(numbers), seeds=0, basis=basis)
    verdict, reason = judge_estimate(claim, check.rule, estimate)
    missing = None if verdict else "needs numbers published with more digits"
    reason = f"by the documents' own numbers: {reason if verdict else reason.rpartition(': ')[0]}"
    return Finding(
        id=claim.id,
        verdict=verdict or "not testable here",
        reason=reason,
        missing=missing,
        measured=[interval(estimate)],
    )


def agreeing(register: Register, claim: Claim, check: Agreement) -> Finding:
    """Compare one published number with the same number elsewhere."""
    outcomes = [(name, *apart(claim, register.claim(name))) for name in check.claims]
    text = "; ".join(f"{name}: {words}" for name, _, words in outcomes)
    differ = any(outcome[1] for outcome in outcomes)
    verdict: Verdict = "contradicted" if differ else "confirmed"
    reason = f"the documents {'disagree by more than' if differ else 'agree within'} their reading errors ({text})"
    return Finding(id=claim.id, verdict=verdict, reason=reason)


def audited(claim: Claim, check: Audit, outcomes: Sequence[Contradicted]) -> Finding:
    """Take over what the audit found; `outcomes` holds every contradiction of the register."""
    outcome = next(entry for entry in outcomes if entry.id == check.contradiction)
    if not outcome.found:
        return Finding(
            id=claim.id,
            verdict="confirmed",
            reason=f"the documents agree ({outcome.computed})",
            contradiction=outcome.id,
        )
    mine = any(quote.claim == claim.id for quote in outcome.right)
    against = (outcome.left if mine else outcome.right)[0]
    detail = outcome.computed or f"against it stands \u201c{against.words}\u201d ({against.source}, {against.place})"
    return Finding(
        id=claim.id,
        verdict=check.verdict,
        reason=f"{outcome.between}: {detail}; evidence supports: {outcome.supports}",
        contradiction=outcome.id,
        missing="a statement of the condition" if check.verdict == "underspecified" else None,
    )

"""Verdicts taken together: how sure each one is, and which headlines hold at 5 % for all of them together.

The p value of a verdict is the least alpha at which the interval of coverage 1 - alpha still gives it. Holm's procedure
(S. Holm, "A simple sequentially rejective multiple test procedure", 1979) then orders the m headlines that intervals
tested: the i-th smallest p value may be at most 0.05 / (m - i + 1). The first that is larger, and all after it, stay
undecided. The chance that any headline is decided wrongly is then at most 5 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pixelwise.claims.checks import Rule, Verdict
from pixelwise.claims.claim_schema import Register
from pixelwise.claims.estimates import Estimate
from pixelwise.claims.findings import Finding, decided
from pixelwise.claims.register_entries import Entry
from pixelwise.claims.rules import judge_estimate
from pixelwise.claims.wording import join

ALPHA = 0.05
LEAST = 1e-9
"""Smaller p values are not told apart."""


def p_value(claim: Entry, rule: Rule, estimate: Estimate, verdict: Verdict) -> float | None:
    """How surely one estimate decides.

    Args:
        claim: The claim.
        rule: Its test.
        estimate: The estimate, which gives `verdict` at a coverage of 95 %.
        verdict: Confirmed, direction only or contradicted.

    Returns:
        The least alpha at which it is still given, found by halving on a logarithmic scale, at least 1e-9; None for a
        number without an interval, which is computed and not sampled.
    """
    if estimate.low == estimate.high:
        return None
    low, high = math.log(LEAST), math.log(ALPHA)
    for _ in range(30):
        middle = (low + high) / 2
        same = judge_estimate(claim, rule, estimate.at(1 - math.exp(middle)))[0] == verdict
        low, high = (low, middle) if same else (middle, high)
    return float(f"{math.exp(high):.3g}")


def together(register: Register, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, where headlines that do not hold at 5 % together are undecided."""
    by_id = {finding.id: finding for finding in findings}
    tested = [found for claim in register.headlines if _tested(found := by_id[claim.id])]
    ordered = sorted((found for found in tested if decided(found)), key=lambda found: found.p_value or 0.0)
    kept = True
    for place, found in enumerate(ordered):
        allowed = ALPHA / (len(tested) - place)
        kept = kept and (found.p_value or 0.0) <= allowed
        if not kept:
            by_id[found.id] = _taken_back(found, len(tested))
    return [by_id[finding.id] for finding in findings]


def _tested(finding: Finding) -> bool:
    """Whether an interval was held against the rule; withdrawn claims and times from another machine are no test."""
    sampled = any(number.low != number.high for number in finding.measured)
    return sampled and finding.verdict not in ("superseded", "other machine")


def _taken_back(finding: Finding, count: int) -> Finding:
    told = f"alone it would be {finding.verdict} (p {finding.p_value:.2g})"
    reason = (
        join([f"{told}, but not at 5 % together with the other {count - 1} headlines tested"]) + f" {finding.reason}"
    )
    missing = join(["needs a narrower interval, since the headlines are tested together"])
    return finding.model_copy(update={"verdict": "not testable here", "reason": reason, "missing": missing})

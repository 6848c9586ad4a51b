"""The findings in a few sentences, generated: what held and what did not, each verdict with its reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from pixelwise.claims.audit import Contradicted
from pixelwise.claims.checks import BASES, VERDICTS, Measurement, Rule, basis_of
from pixelwise.claims.claim_schema import Register
from pixelwise.claims.findings import Finding, Interval, by_intervals, tallies, tally
from pixelwise.claims.holm import ALPHA
from pixelwise.claims.register_entries import Claim
from pixelwise.claims.rules import describe, placed, show, signed, test
from pixelwise.claims.wording import COUNTED, VERBS, direction, join, quantity, verb

MOST = 25
"""Words of a sentence."""
RECIPE = re.compile(r" \(recipe [^)]*\)")
"""What a headline leaves out of a need."""


def sentence(register: Register, claim: Claim, finding: Finding) -> str:
    """One headline: what was claimed, the verdict with its reason, and the nearest number of an open claim."""
    said = claim.said(f"{register.sources[claim.source].made_by}, {claim.id}")
    return f"{claim.lead}: {said}. {verdict(claim, finding)}{nearest_number(claim, finding)}"


def verdict(claim: Claim, finding: Finding) -> str:
    """The verdict with its reason, at most 25 words."""
    reason, words = finding.reason.rstrip("."), verb(finding)
    if finding.verdict == "superseded":
        told, _, evidence = reason.partition(" The evidence alone: ")
        return join([told, f"the evidence alone: {evidence.partition('. ')[0]}"])
    if len(finding.measured) > 1 and isinstance(claim.check, Measurement):
        return join([_several(claim, claim.check.rule, finding)])
    if finding.verdict == "other machine":
        return join([f"{reason.partition('. ')[0]}; {words}"])
    if finding.missing and not finding.measured:
        reason = RECIPE.sub("", finding.missing.partition(". ")[0].rstrip("."))
    reason = reason.partition(". ")[0]
    return join([f"{words}: {reason[0].lower() if reason[1:2].islower() else reason[0]}{reason[1:]}"])


def _several(claim: Claim, rule: Rule, finding: Finding) -> str:
    """The verdict on several machines or settings: how far apart they are, and what is claimed."""
    machines = {used.hardware.get("gpu") or used.hardware.get("cpu") for used in finding.evidence}
    timed, found = len(machines) > 1, finding.measured
    low, high = min(number.low for number in found), max(number.high for number in found)
    whole = found[0].model_copy(update={"value": low, "low": low, "high": low})
    end = whole.model_copy(update={"value": high, "low": high, "high": high})
    told = f"{len(found)} {'machines' if timed else 'settings'} give {show(whole)} to {show(end)}"
    if finding.verdict == "other machine":
        return f"on CPUs {told}, {placed(claim, rule, low, high)}; {VERBS[finding.verdict]}"
    if finding.verdict == "underspecified":
        return f"it depends on the {'machine' if timed else 'setting'}: {told}; claimed is {describe(rule, claim)}"
    return f"{VERBS[finding.verdict]}: {told}; claimed is {describe(rule, claim)}"


def nearest_number(claim: Claim, finding: Finding) -> str:
    """The number nearest to an open claim's conditions, with unit and direction, and why it may not decide."""
    open_ = finding.verdict in ("not testable here", "other machine") and not finding.measured
    if not open_ or not finding.context_measured or not isinstance(claim.check, Measurement):
        return ""
    nearest = finding.context_measured[0]
    named = "" if claim.check.value == "ratio" else f"{quantity(claim.check.value)} "
    shown = (
        f"nearest number: {named}{signed(nearest, claim.check.combine)}{direction(claim.check)}, {side(claim, nearest)}"
    )
    told = [" " + join([f"{shown}; {', '.join(nearest.reasons_excluded[:count])}"]) for count in (2, 1)]
    return next((text for text in told if len(text.split()) <= MOST), told[-1])


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


def headline(register: Register, findings: Sequence[Finding], outcomes: Sequence[Contradicted]) -> list[str]:
    """The counts by basis, the claims that the register names as headlines, and the documents."""
    by_id = {finding.id: finding for finding in findings}
    judged = [(basis_of(claim.check), by_id[claim.id].verdict) for claim in register.claims]
    counts = tallies(judged)
    parts = [
        f"{basis}: {', '.join(f'{counts[basis][v]} {COUNTED.get(v, v)}' for v in VERDICTS if counts[basis][v])}"
        for basis in BASES
        if any(counts[basis].values())
    ]
    never = sum(tally(name for basis, name in judged if basis is None).values())
    first = join(["verdicts by what they rest on", *parts, f"no profile can decide {never} others"])
    sampled = by_intervals(by_id[claim.id] for claim in register.claims)
    first += " " + join([f"intervals decided {sampled} claims: expect {ALPHA * sampled:.2g} false verdicts among them"])
    told = [sentence(register, claim, by_id[claim.id]) for claim in register.headlines]
    return [first, *told, _last(register, by_id, outcomes)]


def _last(register: Register, by_id: dict[str, Finding], outcomes: Sequence[Contradicted]) -> str:
    found = [outcome for outcome in outcomes if outcome.found]
    numbers = sum(outcome.by == "numbers" for outcome in found)
    waiting = Counter(
        register.datasets[claim.check.dataset].title
        for claim in register.claims
        if isinstance(claim.check, Measurement)
        and claim.check.dataset
        and by_id[claim.id].verdict == "not testable here"
    )
    told = f"the documents contradict themselves or each other {len(found)} times, {numbers} of them by their numbers"
    return join([told, *(f"{count} claims wait for {name}" for name, count in waiting.most_common())])

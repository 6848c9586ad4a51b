"""The findings in ten sentences, generated: what held and what did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pixelwise.claims.audit import Contradicted
from pixelwise.claims.checks import VERDICTS, Measurement
from pixelwise.claims.claim_schema import Register
from pixelwise.claims.findings import Finding, decided
from pixelwise.claims.rules import show

VERBS = {
    "confirmed": "holds",
    "direction only": "holds in direction only",
    "contradicted": "does not hold",
    "underspecified": "cannot be tested as stated",
    "not testable here": "is not testable here",
    "superseded": "was withdrawn",
}


def sentence(register: Register, lead: str, finding: Finding) -> str:
    """One claim's finding as a sentence."""
    claim = register.claim(finding.id)
    claimed = f"{lead}: \u201c{claim.words}\u201d ({register.sources[claim.source].made_by}, {claim.id})"
    reason = finding.reason
    if finding.missing and not finding.measured and isinstance(claim.check, Measurement):
        reason = f"no number that may decide it was measured; it {finding.missing}"
    return f"{claimed} {VERBS[finding.verdict]}: {reason}{_context(finding)}."


def _context(finding: Finding) -> str:
    """The first number that stands beside, with why it may not decide."""
    if not finding.context_measured:
        return ""
    first = finding.context_measured[0]
    return f"; beside it, deciding nothing, stands {show(first)} ({'; '.join(first.reasons_excluded)})"


def headline(register: Register, findings: Sequence[Finding], outcomes: Sequence[Contradicted]) -> list[str]:
    """Ten sentences: the counts, the claims named as headlines in the register, the documents."""
    by_id = {finding.id: finding for finding in findings}
    counts = Counter(finding.verdict for finding in findings)
    parts = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)
    total = sum(map(decided, findings))
    sentences = [f"Of {len(findings)} published claims {total} were decided here: {parts}."]
    sentences += [sentence(register, entry.lead, by_id[entry.claim]) for entry in register.headlines]
    found = [outcome for outcome in outcomes if outcome.found]
    numbers = sum(outcome.by == "numbers" for outcome in found)
    awaiting = Counter(
        claim.check.dataset
        for claim in register.claims
        if isinstance(claim.check, Measurement)
        and claim.check.dataset
        and by_id[claim.id].verdict == "not testable here"
    )
    waiting = "; ".join(f"{count} claims wait for {name}" for name, count in awaiting.most_common())
    text = f"The documents contradict themselves or each other {len(found)} times, {numbers} times by their numbers"
    sentences.append(text + (f"; {waiting}." if waiting else "."))
    return sentences

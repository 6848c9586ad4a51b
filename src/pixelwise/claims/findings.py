"""What `claims.json` holds for each claim: the verdict, its reason, the numbers tested and the records behind them."""

from __future__ import annotations

from pydantic import Field

from pixelwise.claims.checks import Verdict
from pixelwise.metrics import Scalar, Value
from pixelwise.settings.base import Settings


class Used(Settings):
    """One record behind a verdict, or beside it (then `bars` says why it may not decide)."""

    file: str
    sha256: str
    command: str
    model: str
    dataset: str
    protocol: str
    protocol_hash: str
    condition: dict[str, Scalar]
    n: int
    seed: int
    weights_sha256: str | None
    synthetic: bool
    short: bool
    hardware: dict[str, Scalar]
    value: Value
    bars: list[str] = Field(default_factory=list)


class Interval(Settings):
    """A number tested against the claim's rule, or one beside it (then `bars` says why it may not decide)."""

    value: float
    low: float
    high: float
    unit: str
    n: int
    seeds: int
    basis: str
    setting: str = ""
    bars: list[str] = Field(default_factory=list)


class Finding(Settings):
    """The verdict on one claim.

    Attributes:
        reason: One sentence.
        missing: What would settle an undecided claim; None if it is decided.
        measured: Each number tested, one for each protocol or condition that the claim leaves open.
        evidence: The records used.
        beside: Records of the same quantity that may not decide, each with the reasons.
        beside_measured: The numbers that they would give.
        contradiction: The contradiction between documents that decided, if one did.
    """

    id: str
    verdict: Verdict
    reason: str
    missing: str | None = None
    measured: list[Interval] = Field(default_factory=list)
    evidence: list[Used] = Field(default_factory=list)
    beside: list[Used] = Field(default_factory=list)
    beside_measured: list[Interval] = Field(default_factory=list)
    contradiction: str | None = None


def decided(finding: Finding) -> bool:
    """Whether the claim was tested with a result."""
    return finding.verdict in ("confirmed", "direction only", "contradicted")

"""What `claims.json` holds for each claim: the verdict, its reason, the numbers tested and the records behind them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Self

from pydantic import AliasChoices, Field, field_serializer, model_validator

from pixelwise.artifacts import read_made
from pixelwise.claims.audit import Contradicted
from pixelwise.claims.checks import Check, Verdict
from pixelwise.claims.claim_schema import Claim, Source
from pixelwise.record import Scalar, Value
from pixelwise.settings.base import Settings


def _also(name: str, before: str) -> AliasChoices:
    """A field that recorded runs hold under the name that it had before."""
    return AliasChoices(name, before)


class Used(Settings):
    """One record behind a verdict, or one for context (then `reasons_excluded` says why it may not decide)."""

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
    reasons_excluded: list[str] = Field(default_factory=list, validation_alias=_also("reasons_excluded", "bars"))


class Interval(Settings):
    """A number tested against the claim's rule, or one for context (then `reasons_excluded` says why)."""

    value: float
    low: float
    high: float
    unit: str
    n: int
    seeds: int
    basis: str
    setting: str = ""
    reasons_excluded: list[str] = Field(default_factory=list, validation_alias=_also("reasons_excluded", "bars"))


class Finding(Settings):
    """The verdict on one claim.

    Attributes:
        reason: One sentence.
        missing: What would settle an undecided claim; None if it is decided.
        measured: Each number tested, one for each protocol or condition that the claim leaves open.
        evidence: The records used.
        context_only: Records of the same quantity that may not decide, each with the reasons.
        context_measured: The numbers that they would give.
        contradiction: The contradiction between documents that decided, if one did.
    """

    id: str
    verdict: Verdict
    reason: str
    missing: str | None = None
    measured: list[Interval] = Field(default_factory=list)
    evidence: list[Used] = Field(default_factory=list)
    context_only: list[Used] = Field(default_factory=list, validation_alias=_also("context_only", "beside"))
    context_measured: list[Interval] = Field(
        default_factory=list, validation_alias=_also("context_measured", "beside_measured")
    )
    contradiction: str | None = None


def decided(finding: Finding) -> bool:
    """Whether the claim was tested with a result."""
    return finding.verdict in ("confirmed", "direction only", "contradicted")


class Judged(Claim, Finding):
    """A claim with its finding, as `claims.json` holds it."""

    made_by: str

    @field_serializer("check")
    def _as_written(self, check: Check) -> dict[str, Any]:
        return check.model_dump(mode="json", exclude_unset=True)


class Verdicts(Settings):
    """What `claims.json` holds.

    Attributes:
        counts: Verdict -> number of claims.
        decided: Number of claims that were tested with a result.
        headline: The ten sentences.
        left_out: One line for each file whose records had no say.
    """

    run: str
    counts: dict[Verdict, int]
    decided: int
    headline: list[str]
    sources: dict[str, Source]
    claims: list[Judged]
    left_out: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _counted(self) -> Self:
        counts = Counter(claim.verdict for claim in self.claims)
        if dict(counts) != {verdict: count for verdict, count in self.counts.items() if count}:
            raise ValueError("counts differ from the verdicts of the claims")
        if self.decided != sum(map(decided, self.claims)):
            raise ValueError(f"decided is {self.decided}; the verdicts of the claims say otherwise")
        if unknown := {claim.source for claim in self.claims} - set(self.sources):
            raise ValueError(f"source {min(unknown)!r} is not among the sources")
        return self


class Contradictions(Settings):
    """What `contradictions.json` holds."""

    contradictions: list[Contradicted]


def read_verdicts(folder: Path) -> dict[str, Any]:
    """`claims.json` of a folder that the judge step wrote, as plain values.

    Raises:
        PixelwiseError: If it is missing, breaks its format, or was changed since it was made.
    """
    return _read(folder / "claims.json", Verdicts)


def read_contradictions(folder: Path) -> list[dict[str, Any]]:
    """The entries of `contradictions.json`; see `read_verdicts`."""
    found: list[dict[str, Any]] = _read(folder / "contradictions.json", Contradictions)["contradictions"]
    return found


def _read(path: Path, model: type[Settings]) -> dict[str, Any]:
    return read_made(path, model).model_dump(mode="json")

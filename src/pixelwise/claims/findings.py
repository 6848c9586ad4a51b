"""What `claims.json` holds for each claim: the verdict, its reason, the numbers tested and the records behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from pydantic import Field, field_serializer, model_validator

from pixelwise.artifacts import read_made
from pixelwise.claims.audit import Contradicted
from pixelwise.claims.checks import BASES, VERDICTS, Basis, Check, Verdict, basis_of
from pixelwise.claims.register_entries import Claim, Reading, Reference, Source
from pixelwise.claims.told import Answer, Interval, Row
from pixelwise.record import Scalar, Value
from pixelwise.settings.base import Settings


class Used(Settings):
    """One record behind a verdict, or one for context (then `reasons_excluded` says why it may not decide)."""

    file: str
    sha256: str
    command: str
    model: str
    dataset: str
    data: str | None = None
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
    reasons_excluded: list[str] = Field(default_factory=list)
    run: str = ""


class Finding(Settings):
    """The verdict on one claim.

    Attributes:
        reason: Sentences of at most 25 words.
        missing: What would settle an undecided claim, as sentences; None if it is decided.
        measured: Each number tested, one for each protocol or condition that the claim leaves open.
        evidence: The records used.
        context_only: Records of the same quantity that may not decide, each with the reasons.
        context_measured: The numbers that they would give, the nearest to the claim's conditions first.
        contradiction: The contradiction between documents that decided, if one did.
        p_value: How surely intervals decided it (`holm.p_value`); None where none did.
    """

    id: str
    verdict: Verdict
    reason: str
    missing: str | None = None
    measured: list[Interval] = Field(default_factory=list)
    evidence: list[Used] = Field(default_factory=list)
    context_only: list[Used] = Field(default_factory=list)
    context_measured: list[Interval] = Field(default_factory=list)
    contradiction: str | None = None
    p_value: float | None = None


def by_intervals(findings: Iterable[Finding]) -> int:
    """How many claims were decided by an interval, each with a chance of 5 % at most to be decided wrongly."""
    return sum(decided(finding) and finding.p_value is not None for finding in findings)


def decided(finding: Finding) -> bool:
    """Whether the claim was tested with a result."""
    return finding.verdict in ("confirmed", "direction only", "contradicted")


class Judged(Claim, Finding):
    """A claim with its finding, as `claims.json` holds it.

    Attributes:
        basis: What its verdict rests on; None if no profile can ever decide it.
    """

    made_by: str
    basis: Basis | None

    @field_serializer("check")
    def _as_written(self, check: Check) -> dict[str, Any]:
        return check.model_dump(mode="json", exclude_unset=True)


class CheckedReference(Reference, Finding):
    """A value of our own with what checking it found."""

    made_by: str
    basis: Basis | None

    @field_serializer("check")
    def _as_written(self, check: Check) -> dict[str, Any]:
        return check.model_dump(mode="json", exclude_unset=True)


def tallies(claims: Iterable[tuple[Basis | None, Verdict]]) -> dict[str, dict[str, int]]:
    """Basis -> verdict -> number of claims, every one named; the bases are never added up."""
    found = Counter(claims)
    return {basis: {verdict: found[basis, verdict] for verdict in VERDICTS} for basis in BASES}


def tally(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Verdict -> number, those that occur."""
    found = Counter(verdicts)
    return {verdict: found[verdict] for verdict in VERDICTS if found[verdict]}


class Run(Settings):
    """A recorded run or benchmark among those that the ledger judges together.

    Attributes:
        name: Its folder below `results`.
        commit: What was checked out when it was made; empty where its record does not say.
        command: What makes it again.
        records: Number of its records.
        machines: What it ran on.
    """

    name: str
    commit: str
    command: str
    records: int
    machines: list[str]


class Verdicts(Settings):
    """What `claims.json` holds, and the ledger.

    Attributes:
        counts: Basis -> verdict -> number of claims.
        undecidable: Verdict -> number of claims that no profile can ever decide; they are in no count by basis.
        checks: Verdict -> number of our own values.
        answers: The visitor's questions with their answers; empty in files of earlier versions.
        rows: The headline table; empty in files of earlier versions.
        claims: Every claim with its finding.
        references: Every value of our own with its check.
        readings: What was read elsewhere of the same statements.
        left_out: One line for each file whose records had no say.
        by_intervals: Number of claims that intervals decided.
        expected_false: How many of them are expected to be decided wrongly, at 5 % each.
        runs: The runs that were judged together; empty for one run.
        judged_again: With what its numbers were judged a second time, if they were.
    """

    run: str
    counts: dict[Basis, dict[Verdict, int]]
    undecidable: dict[Verdict, int]
    checks: dict[Verdict, int]
    answers: list[Answer] = Field(default_factory=list)
    rows: list[Row] = Field(default_factory=list)
    sources: dict[str, Source]
    claims: list[Judged]
    references: list[CheckedReference]
    readings: list[Reading] = Field(default_factory=list)
    left_out: list[str] = Field(default_factory=list)
    by_intervals: int
    expected_false: float
    runs: list[Run] = Field(default_factory=list)
    judged_again: str = ""

    @model_validator(mode="after")
    def _counted(self) -> Self:
        checked: list[Judged | CheckedReference] = [*self.claims, *self.references]
        for entry in checked:
            if entry.basis != basis_of(entry.check):
                raise ValueError(f"{entry.id}: basis {entry.basis!r}; its check rests on {basis_of(entry.check)!r}")
        if self.counts != tallies((claim.basis, claim.verdict) for claim in self.claims):
            raise ValueError("counts differ from the verdicts of the claims")
        if self.undecidable != tally(claim.verdict for claim in self.claims if claim.basis is None):
            raise ValueError("undecidable differs from the verdicts of the claims")
        if self.checks != tally(entry.verdict for entry in self.references):
            raise ValueError("checks differ from the verdicts of the references")
        if self.by_intervals != by_intervals(self.claims):
            raise ValueError("by_intervals differs from the claims with a p_value")
        if unknown := {entry.source for entry in (*self.claims, *self.references)} - set(self.sources):
            raise ValueError(f"source {min(unknown)!r} is not among the sources")
        return self


class Contradictions(Settings):
    """What `contradictions.json` holds."""

    contradictions: list[Contradicted]


def by_basis(counts: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Basis -> verdict -> number, bases and verdicts in their order, without the verdicts that do not occur."""
    return {basis: {name: n for name in VERDICTS if (n := counts[basis][name])} for basis in BASES}


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

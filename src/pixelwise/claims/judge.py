"""Step `judge`: every claim's verdict with its evidence, as claims.json, claims.csv and contradictions.json."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pixelwise.artifacts import write_json, write_text
from pixelwise.claims.answers import answers
from pixelwise.claims.audit import contradictions
from pixelwise.claims.checks import basis_of
from pixelwise.claims.claim_schema import Register, register
from pixelwise.claims.evidence import Item, load_below, load_files
from pixelwise.claims.findings import Finding, by_intervals, tallies, tally
from pixelwise.claims.headline import rows
from pixelwise.claims.holm import ALPHA
from pixelwise.claims.register_entries import Claim, Reference
from pixelwise.claims.verdicts import decide_all
from pixelwise.settings.claims import JudgeSettings

SUMMARY = "summary"
COLUMNS = (
    *("id", "weight", "basis", "verdict", "subject", "source", "place", "quoted", "words", "quantity", "value", "unit"),
    *("reading_error", "condition", "measured", "low", "high", "measured_unit", "n", "seeds", "setting"),
    *("reason", "missing", "files"),
)


def run(settings: JudgeSettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Decide every claim from the metrics of all inputs.

    Args:
        settings: The run's name.
        inputs: Job id -> folder of its outputs; folders without a metrics.json, and `summary`, whose numbers are
            copies, have no say.
        out: Receives claims.json, claims.csv and contradictions.json.
        work: Unused.

    A metrics.json that breaks its format, or was changed since it was made, decides nothing and is named.

    Raises:
        PixelwiseError: If the register breaks its format.
    """
    folders = sorted((name, folder) for name, folder in inputs.items() if name != SUMMARY)
    paths = {f"{name}/metrics.json": folder / "metrics.json" for name, folder in folders}
    items, left_out = load_files({name: path for name, path in paths.items() if path.is_file()})
    write(out, settings.run, register(), items, left_out)


def judge_below(results: Path) -> dict[str, Any]:
    """The content of claims.json for every metrics.json below a results folder, without writing anything."""
    return judged(results.name, *load_below(results))


def judged(name: str, items: Sequence[Item], left_out: Sequence[str]) -> dict[str, Any]:
    """The content of claims.json for these records."""
    known = register()
    whole = document(name, known, decide_all(known, items), items, left_out)
    content: dict[str, Any] = json.loads(json.dumps(whole))
    return content


def write(out: Path, run_name: str, known: Register, items: Sequence[Item], left_out: Sequence[str] = ()) -> None:
    """Decide every claim and write the three files."""
    outcomes = contradictions(known)
    findings = decide_all(known, items)
    write_json(out / "claims.json", document(run_name, known, findings, items, left_out))
    write_json(out / "contradictions.json", {"contradictions": [outcome.model_dump() for outcome in outcomes]})
    write_text(out / "claims.csv", table(known, findings))


def document(
    run_name: str,
    known: Register,
    findings: Sequence[Finding],
    items: Sequence[Item],
    left_out: Sequence[str] = (),
) -> dict[str, Any]:
    """What claims.json holds: counts, answers, the headline table, each claim and value of our own with its finding."""
    by_id = {finding.id: finding for finding in findings}
    sampled = by_intervals(by_id[claim.id] for claim in known.claims)
    judged = [(basis_of(claim.check), by_id[claim.id].verdict) for claim in known.claims]
    return {
        "run": run_name,
        "counts": tallies(judged),
        "undecidable": tally(verdict for basis, verdict in judged if basis is None),
        "checks": tally(by_id[entry.id].verdict for entry in known.references),
        "answers": [answer.model_dump() for answer in answers(known, findings, items)],
        "rows": [row.model_dump() for row in rows(known, findings)],
        "sources": {name: source.model_dump() for name, source in known.sources.items()},
        "claims": [_entry(known, claim, by_id[claim.id]) for claim in known.claims],
        "references": [_entry(known, entry, by_id[entry.id]) for entry in known.references],
        "readings": [entry.model_dump() for entry in known.readings],
        "left_out": list(left_out),
        "by_intervals": sampled,
        "expected_false": round(ALPHA * sampled, 2),
        "runs": [],
        "judged_again": "",
    }


def _entry(known: Register, claim: Claim | Reference, finding: Finding) -> dict[str, Any]:
    return {
        **claim.model_dump(exclude={"check"}),
        "made_by": known.sources[claim.source].made_by,
        "basis": basis_of(claim.check),
        "check": claim.check.model_dump(exclude_none=True, exclude_defaults=True),
        **finding.model_dump(mode="json", exclude={"id"}),
    }


def table(known: Register, findings: Sequence[Finding]) -> str:
    """claims.csv: one row for each claim; the first tested number, and how many files stand behind it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    by_id = {finding.id: finding for finding in findings}
    for claim in known.claims:
        finding = by_id[claim.id]
        row: dict[str, Any] = claim.model_dump(include=set(COLUMNS))
        row |= {"basis": basis_of(claim.check) or "", "quoted": claim.quote is not None, "words": claim.words}
        if isinstance(claim.value, list):
            row["value"] = " ".join(str(value) for value in claim.value)
        row |= {"verdict": finding.verdict, "reason": finding.reason, "missing": finding.missing or ""}
        if finding.measured:
            first = finding.measured[0]
            row |= {"measured": first.value, "low": first.low, "high": first.high, "measured_unit": first.unit}
            row |= {"n": first.n, "seeds": first.seeds, "setting": first.setting}
        row["files"] = " ".join(sorted({used.file for used in finding.evidence}))
        writer.writerow(row)
    return text.getvalue()

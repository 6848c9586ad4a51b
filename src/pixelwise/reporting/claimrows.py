"""The verdicts as rows of the page: every claim with its evidence in words."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

from pixelwise.claims.check_words import told
from pixelwise.claims.findings import by_basis, read_contradictions, read_verdicts
from pixelwise.claims.shown_numbers import number
from pixelwise.reporting.hardware_words import describe
from pixelwise.reporting.page_tables import estimate
from pixelwise.reporting.provenance import anchor

VERDICTS = {
    "confirmed": "\u2713",
    "direction only": "\u2197",
    "contradicted": "\u2717",
    "other machine": "\u25cb",
    "underspecified": "?",
    "not testable here": "\u2013",
    "superseded": "\u21ba",
}
"""Verdict -> the sign that stands beside its colour."""


def load(folder: Path, figures: Collection[str]) -> dict[str, Any]:
    """Read what the judge step wrote and put it into words.

    Args:
        folder: Folder with `claims.json` and `contradictions.json`.
        figures: Names of the figures of this run.

    Returns:
        `answers`, `headline` (rows of the headline table), `by_id` (id -> claim as in the file), `counts` (basis ->
        verdict -> number), `by_intervals`, `expected_false`, `undecidable` and `checks` (verdict -> number), `sources`
        (key -> title), `subjects`, `rows`, `apart` (claims that no profile can ever decide), `references` (values of
        our own), `ids`, `contradictions`, `left_out`.

    Raises:
        PixelwiseError: If a file is missing, was changed since it was made, or breaks its schema.
    """
    document = read_verdicts(folder)
    sources = {key: str(source["title"]) for key, source in document["sources"].items()}
    readings: dict[str, list[str]] = {}
    for entry in document["readings"]:
        if entry["of"]:
            readings.setdefault(entry["of"], []).append(f"{claimed(entry)} ({entry['source']}, {entry['place']})")
    rows = [row(claim, sources, figures, readings.get(claim["id"], [])) for claim in document["claims"]]
    references = [row(entry, sources, figures, []) for entry in document["references"]]
    order, weights = list(VERDICTS), ["headline", "supporting", "detail"]
    rows.sort(key=lambda e: (weights.index(e["weight"]), order.index(e["verdict"]), not e["evidence"]))
    return {
        "answers": document["answers"],
        "headline": document["rows"],
        "by_id": {claim["id"]: claim for claim in document["claims"]},
        **{name: document[name] for name in ("by_intervals", "expected_false")},
        "counts": by_basis(document["counts"]),
        **{name: document[name] for name in ("undecidable", "checks")},
        "sources": {key: sources[key] for key in sources if any(entry["source"] == key for entry in rows)},
        "subjects": sorted({str(entry["subject"]) for entry in rows}),
        "rows": [entry for entry in rows if entry["basis"]],
        "apart": [entry for entry in rows if not entry["basis"]],
        "references": references,
        "ids": {entry["id"] for entry in rows},
        "contradictions": read_contradictions(folder),
        "left_out": document.get("left_out", []),
    }


def row(
    claim: dict[str, Any], sources: dict[str, str], figures: Collection[str], readings: list[str]
) -> dict[str, Any]:
    """One claim, or one value of our own, in words."""
    kept: tuple[str, ...] = (
        "id",
        "verdict",
        "subject",
        "source",
        "place",
        "quote",
        "paraphrase",
        "quantity",
        "condition",
        "note",
    )
    kept += ("withdrawn_by", "weight", "basis")
    measured = [interval(entry) for entry in claim.get("measured", [])]
    return {
        **{name: claim.get(name) or "" for name in (*kept, "made_by", "reason", "contradiction")},
        "missing": "" if (claim.get("missing") or "") in claim["reason"] else claim["missing"],
        "readings": readings,
        "sign": VERDICTS.get(claim["verdict"], ""),
        "kind": claim["verdict"].replace(" ", "-"),
        "source_title": sources.get(claim["source"], claim["source"]),
        "claimed": claimed(claim),
        "test": told(claim["check"]) if claim.get("check") else "",
        "measured": measured,
        "shown": measured[0]["text"] + (f" (+{len(measured) - 1})" if len(measured) > 1 else "") if measured else "",
        "evidence": [used(entry) for entry in claim.get("evidence", [])],
        "context_only": [used(entry) for entry in claim.get("context_only", [])],
        "figure": claim.get("figure") if claim.get("figure") in figures else "",
    }


def claimed(claim: dict[str, Any]) -> str:
    """The published value with unit and reading error; empty for a statement without a number."""
    value, unit = claim.get("value"), claim.get("unit") or ""
    if value is None:
        return ""
    if isinstance(value, list):
        text = ", ".join(number(entry) for entry in value)
    else:
        text = number(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
    error = claim.get("reading_error")
    text += f" \u00b1 {number(error)}" if error else ""
    return f"{text} {unit}".strip() if unit != "1" else text


def interval(entry: dict[str, Any]) -> dict[str, Any]:
    """A tested number in words."""
    text = (
        estimate(SimpleNamespace(**entry)) if entry["low"] != entry["high"] else number(entry["value"], entry["unit"])
    )
    return {"text": text, **{name: entry.get(name, "") for name in ("n", "seeds", "basis", "setting")}}


def used(entry: dict[str, Any]) -> dict[str, Any]:
    """One record of evidence in words."""
    value = entry["value"]
    ends = {name: None if value.get(name) is None else float(value[name]) for name in ("value", "low", "high")}
    text = estimate(SimpleNamespace(**{**value, **ends}))
    condition = ", ".join(f"{name} {word}" for name, word in entry["condition"].items() if word not in (None, ""))
    marks = ", ".join(name for name in ("synthetic", "short") if entry.get(name))
    words = (
        "file",
        "sha256",
        "command",
        "model",
        "dataset",
        "protocol",
        "protocol_hash",
        "n",
        "seed",
        "weights_sha256",
    )
    return {
        **{name: entry.get(name) if entry.get(name) is not None else "" for name in words},
        **{
            "value": text,
            "condition": condition,
            "marks": marks,
            "reasons_excluded": entry.get("reasons_excluded", []),
        },
        "hardware": describe(json.dumps(entry.get("hardware", {}))),
        "job": anchor(str(PurePosixPath(entry["file"]).parent)),
    }

"""The headline verdicts as other programs read them: schema.org's ClaimReview, from the rows that the page shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

RATINGS = {"contradicted": 1, "direction only": 2, "confirmed": 3}
"""Verdict of a decided claim -> its rating, of 3 at best. An open claim has words alone."""


def reviews(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """A JSON-LD document with a review of each headline claim, in the order of the rows.

    Args:
        rows: Claims as `claimrows.row` gives them; those of less weight are left out.
    """
    found = [_review(row) for row in rows if row["weight"] == "headline"]
    return {"@context": "https://schema.org", "@graph": found}


def _review(row: dict[str, Any]) -> dict[str, Any]:
    said, rating = row["quote"] or row["paraphrase"], RATINGS.get(row["verdict"])
    numbers = {"ratingValue": rating, "worstRating": 1, "bestRating": max(RATINGS.values())} if rating else {}
    files = {entry["file"]: entry["sha256"] for entry in row["evidence"]}
    return {
        "@type": "ClaimReview",
        "url": f"#claim-{row['id']}",
        "identifier": row["id"],
        "author": {"@type": "Organization", "name": "pixelwise"},
        "claimReviewed": said,
        "itemReviewed": {
            "@type": "Claim",
            "author": {"@type": "Organization", "name": row["made_by"]},
            "appearance": {"@type": "CreativeWork", "name": row["source_title"], "description": row["place"]},
        },
        "reviewRating": {
            "@type": "Rating",
            "alternateName": row["verdict"],
            "ratingExplanation": row["reason"],
            **numbers,
        },
        "isBasedOn": [
            {"@type": "MediaObject", "name": name, "identifier": f"sha256:{files[name]}"} for name in sorted(files)
        ],
    }

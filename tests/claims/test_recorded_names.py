"""Verdicts of runs recorded under the names that fields had before are read as those of today."""

from __future__ import annotations

from pathlib import Path

import pytest

from pixelwise.claims.findings import Verdicts, read_verdicts

RECORDED = Path(__file__).parents[2] / "results" / "recorded"


@pytest.mark.parametrize("run", ["tiny", "street-cpu"])
def test_recorded_verdicts_are_read(run: str) -> None:
    document = read_verdicts(RECORDED / run / "claims")
    excluded = [entry for claim in document["claims"] for entry in claim["context_only"]]
    assert excluded and all(entry["reasons_excluded"] for entry in excluded)
    assert Verdicts.model_validate(document).model_dump(mode="json") == document

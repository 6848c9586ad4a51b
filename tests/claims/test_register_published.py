"""What the register tells as published was published, and whatever the report says that can be checked is there."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pixelwise.claims.audit import rounding
from pixelwise.claims.claim_schema import register
from pixelwise.errors import PixelwiseError

from .test_register_kinds import broken, measured


def test_no_claim_is_the_middle_of_two_readings():
    """P-F-FA1024-PIX2PIX-MS: 39.5 ms, between marks at 37 and 41.5, stood nowhere in the figure."""
    known = register()
    for reading in (entry for entry in known.readings if entry.of and isinstance(entry.value, int | float)):
        claim = known.claim(reading.of)
        if (
            claim.source == reading.source
            and isinstance(claim.value, int | float)
            and claim.words.startswith("plotted")
        ):
            others = [entry for entry in known.readings if entry.of == claim.id]
            assert any(abs(claim.value - entry.value) <= rounding(claim) + rounding(entry) for entry in others), (
                claim.id
            )
    assert known.claim("P-F-FA1024-PIX2PIX-MS").value == [37, 42]


def test_what_nobody_published_contradicts_nothing():
    """C-28: the size of a file against our own count of a network that nobody said it holds."""

    def ours(entry):
        entry["right"] = {"claims": ["A-ASAP-BYTES"]}

    with pytest.raises(PixelwiseError, match="C-26: A-ASAP-BYTES is a value of our own"):
        broken(ours, "C-26")


def test_words_without_a_number_size_or_device_are_not_measured():
    """R-7-FASTER: "much", of networks in colour, at a size and on a GPU that are not told, was 2 times, in gray."""
    for claim in measured():
        assert "not stated" not in claim.condition or claim.id == "B-DRN-1", claim.id


def test_every_checkable_fragment_of_the_report_is_quoted():
    known = register()
    used = [entry.quote for entry in known.entries.values() if entry.quote and entry.source == "S1"]
    path = Path(__file__).parents[2] / "docs/reference/report_fragments.yaml"
    places = yaml.safe_load(path.read_text(encoding="utf-8"))["fragments"]
    missing = [text for texts in places.values() for text in texts if not any(quote in text for quote in used)]
    assert set(missing) <= {
        "a residual learning approach that enables high-resolution image translation",
        "is not mentioned on the paper",  # the end of S-Q-2's sentence
        "ranging from 10 to 55",  # S-DATA-4 quotes it elsewhere
    }

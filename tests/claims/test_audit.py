from __future__ import annotations

import pytest

from pixelwise.claims.audit import contradictions, rounding
from pixelwise.claims.claim_schema import parse, register
from pixelwise.claims.register_files import REGISTER, read
from pixelwise.errors import PixelwiseError

from .conftest import claim


@pytest.fixture(scope="module")
def outcomes():
    return {outcome.id: outcome for outcome in contradictions(register())}


@pytest.mark.parametrize("name", ["C-4", "C-5", "C-6", "C-8", "C-9", "C-10", "C-11", "C-12", "C-20", "C-25", "C-26"])
def test_found_by_numbers(outcomes, name):
    assert outcomes[name].found
    assert outcomes[name].by == "numbers"
    assert outcomes[name].computed


@pytest.mark.parametrize("name", ["C-1", "C-2", "C-3", "C-13", "C-14", "C-15", "C-21", "C-22", "C-24"])
def test_words_against_words(outcomes, name):
    assert outcomes[name].by == "quotation"


def test_both_sides_are_quoted_with_their_places(outcomes):
    for outcome in outcomes.values():
        for side in (outcome.left, outcome.right):
            assert side
            assert all(quote.words and quote.source and quote.place for quote in side)


def test_the_arithmetic_is_told(outcomes):
    assert "51 / 18 = 2.83" in outcomes["C-4"].computed
    assert "51 against 50.1 ms: 0.9 apart, more than the 0.6 allowed" in outcomes["C-5"].computed
    assert "65 against 60.2: 4.8 apart" in outcomes["C-6"].computed
    assert "27.2" in outcomes["C-8"].computed
    assert "2 975" in outcomes["C-10"].computed


def repaired(**values):
    """The register with other published values."""
    document, _ = read()
    for entry in (*document["claims"], *document["readings"]):
        entry["value"] = values.get(entry["id"].replace("-", "_"), entry.get("value"))
    return {outcome.id: outcome for outcome in contradictions(parse(document, REGISTER))}


def test_a_gap_inside_the_tolerance_allowed_elsewhere_is_no_contradiction(outcomes):
    assert not outcomes["C-7"].found
    assert repaired(S_FID_1=80)["C-7"].found


def test_agreeing_numbers_are_no_contradiction():
    outcomes = repaired(
        S_SPD_2=50,
        S_FID_2_S3=65.0,
        S_FID_1=64,
        S_DATA_1=2975,
        S_DATA_5=[15, 25, 50],
        S_SPD_1=5,
        S_IOU_1=45,
        P_REC_SPADE_EPOCHS=300,
    )
    for name in ("C-4", "C-5", "C-6", "C-7", "C-8", "C-9", "C-10", "C-11", "C-25"):
        assert not outcomes[name].found, name
    assert outcomes["C-12"].found


def test_a_rule_needs_numbers():
    with pytest.raises(PixelwiseError, match="S-SPD-2: value 'fast'; this rule needs one number"):
        repaired(S_SPD_2="fast")


@pytest.mark.parametrize(
    ("value", "reading_error", "error"),
    [(51, None, 0.5), (70.6, None, 0.05), (71.2, 0.6, 0.6), (3000, 0, 0), ("x", None, 0)],
)
def test_errors_of_published_numbers(value, reading_error, error):
    check = {"by": "nothing: not testable", "missing": "x"}
    assert rounding(claim(check, value=value, reading_error=reading_error)) == pytest.approx(error)

"""How surely a verdict stands, how many false ones to expect, and which headlines hold together."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from scipy import stats

from pixelwise.claims.claim_schema import register
from pixelwise.claims.estimates import Estimate
from pixelwise.claims.findings import Finding, by_intervals, decided
from pixelwise.claims.headline import rows
from pixelwise.claims.holm import p_value, together
from pixelwise.claims.judge import document
from pixelwise.claims.told import Interval
from pixelwise.claims.verdicts import decide_all

from .conftest import claim, item

ABOVE = {"by": "measurement", "kind": "fid", "model": "a", "value": "fid", "rule": {"greater_than": 0}}


def estimate(value, half, **changes):
    facts = {"unit": "1", "n": 500, "seeds": 3, "basis": "planted", "own": (half, half)}
    return Estimate(value=value, low=value, high=value, **(facts | changes)).at(0.95)


def p(found, rule=None, verdict="confirmed"):
    entry = claim(ABOVE | {"rule": rule or {"greater_than": 0}})
    return p_value(entry, entry.check.rule, found, verdict)


@pytest.mark.parametrize("z", [2.0, 2.5, 3.5, 5.0])
def test_of_a_normal_interval_it_is_the_normal_p_value(z):
    assert p(estimate(z, 1.959964)) == pytest.approx(2 * stats.norm.sf(z), rel=0.01)


@pytest.mark.parametrize(("t", "seeds"), [(5.0, 3), (3.0, 10), (20.0, 3)])
def test_of_seeds_it_is_students(t, seeds):
    found = estimate(t, 0.0, spreads=((np.sqrt(seeds), seeds),))
    assert p(found) == pytest.approx(2 * stats.t.sf(t, seeds - 1), rel=0.01)


def test_of_processes_it_is_students_too():
    half = stats.t.ppf(0.975, 2)
    assert p(estimate(6.0, half, degrees=2)) == pytest.approx(2 * stats.t.sf(6.0, 2), rel=0.01)


def test_a_range_is_left_on_its_nearer_side():
    assert p(estimate(2.5, 1.959964), {"within": [0, 10]}) == pytest.approx(2 * stats.norm.sf(2.5), rel=0.01)
    assert p(estimate(-3, 1.959964), {"within": [0, 10]}, "contradicted") == pytest.approx(
        2 * stats.norm.sf(3), rel=0.01
    )


def test_what_is_computed_has_none():
    assert p(estimate(2.0, 0.0)) is None


def test_the_interval_at_95_percent_is_the_estimates_own():
    found = estimate(1.0, 0.5, spreads=((0.1, 3),))
    assert (found.low, found.high) == (found.at(0.95).low, found.at(0.95).high)
    assert found.at(0.99).high > found.high > found.at(0.9).high


NAMES = ("S-SPD-3", "P-1-LOW", "S-FID-3", "S-IOU-3")


@functools.cache
def nothing():
    return decide_all(register(), [])


def planted(ps):
    """Findings of the register, those named decided by intervals with these p values."""
    known, findings = register(), nothing()
    number = Interval(value=1, low=0.5, high=1.5, unit="1", n=500, seeds=3, basis="planted")
    facts = {"verdict": "confirmed", "reason": "Planted.", "missing": None, "measured": [number]}
    return known, [
        found.model_copy(update=facts | {"p_value": ps[found.id]}) if found.id in ps else found for found in findings
    ]


def kept(ps):
    known, findings = planted(ps)
    return {found.id for found in together(known, findings) if found.id in ps and decided(found)}


def test_holms_steps_are_those_of_the_paper():
    assert kept(dict(zip(NAMES, (0.012, 0.016, 0.024, 0.049), strict=True))) == set(NAMES)
    assert kept(dict(zip(NAMES, (0.012, 0.017, 0.001, 0.049), strict=True))) == {
        "S-SPD-3",
        "P-1-LOW",
        "S-FID-3",
        "S-IOU-3",
    }
    assert kept(dict(zip(NAMES, (0.013, 0.013, 0.013, 0.013), strict=True))) == set()
    assert kept(dict(zip(NAMES, (0.001, 0.02, 0.02, 0.02), strict=True))) == {"S-SPD-3"}
    assert kept({"S-SPD-3": 0.049}) == {"S-SPD-3"}


def test_what_falls_says_so_in_plain_words():
    known, findings = planted(dict(zip(NAMES, (0.03,) * 4, strict=True)))
    found = {finding.id: finding for finding in together(known, findings)}
    fallen = found["S-SPD-3"]
    assert fallen.verdict == "not testable here" and fallen.p_value == 0.03
    assert fallen.reason.startswith("Alone it would be confirmed (p 0.03), but not at 5 % together with the other 3")
    told = {row.id: row.told for row in rows(known, list(found.values()))}
    assert "Not decided: alone it would be confirmed (p 0.03)" in told["S-SPD-3"]
    assert by_intervals(found.values()) == 0


def test_open_and_undecided_headlines_count_as_tested():
    known, findings = planted({"S-SPD-3": 0.02, "P-1-LOW": 0.2, "S-FID-3": 0.2})
    open_ = {"verdict": "not testable here", "p_value": None}
    findings = [f.model_copy(update=open_) if f.id in ("P-1-LOW", "S-FID-3") else f for f in findings]
    assert not decided({f.id: f for f in together(known, findings)}["S-SPD-3"])


def test_no_other_claim_is_touched():
    known, findings = planted(dict(zip(NAMES, (0.03,) * 4, strict=True)))
    changed = {old.id for old, new in zip(findings, together(known, findings), strict=True) if old != new}
    assert changed == set(NAMES)


def test_in_simulation_any_headline_is_wrong_at_most_once_in_twenty():
    """Four headlines on the border: each alone is decided in one of twenty, one of them or more in a fifth."""
    rng = np.random.default_rng(0)
    alone = family = 0
    entry = claim(ABOVE)
    for _ in range(400):
        found = dict(zip(NAMES, (estimate(value, 1.959964) for value in rng.normal(0, 1, len(NAMES))), strict=True))
        verdicts = {
            n: "confirmed" if e.low > 0 else "contradicted" for n, e in found.items() if e.low > 0 or e.high <= 0
        }
        ps = {name: p_value(entry, entry.check.rule, found[name], verdict) for name, verdict in verdicts.items()}
        known, findings = planted(dict.fromkeys(NAMES, 0.5) | ps)
        open_ = {"verdict": "not testable here", "p_value": None}
        findings = [f.model_copy(update=open_) if f.id in set(NAMES) - set(ps) else f for f in findings]
        alone += bool(ps)
        family += any(decided(f) for f in together(known, findings) if f.id in NAMES)
    assert 0.13 < alone / 400 < 0.25 and family / 400 < 0.08


def test_the_number_of_false_verdicts_to_expect_is_told():
    known = register()
    pairs = (("asapnet", 70.6), ("pix2pixhd", 65.0))
    items = [item("fid", m, "fid", v + s / 10, 1.0, seed=s) for m, v in pairs for s in range(3)]
    findings = decide_all(known, items)
    made = document("planted", known, findings, items)
    count = sum(f.p_value is not None and decided(f) for f in findings if f.id in {c.id for c in known.claims})
    assert made["by_intervals"] == count > 0
    assert made["expected_false"] == pytest.approx(0.05 * count, abs=0.01)


def test_a_number_without_interval_is_no_chance():
    finding = Finding(id="T-1", verdict="confirmed", reason="Counted.")
    assert by_intervals([finding]) == 0

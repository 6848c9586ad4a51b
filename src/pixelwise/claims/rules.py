"""The tests: whether an interval lies inside a rule's range, outside, or across its border, and what follows."""

from __future__ import annotations

import math
from typing import Literal

from pixelwise.claims import shown_numbers, timed
from pixelwise.claims.audit import rounding
from pixelwise.claims.checks import Bound, Combine, Measurement, Rule, Verdict
from pixelwise.claims.estimates import Estimate
from pixelwise.claims.power import needed
from pixelwise.claims.register_entries import Claim, Entry, Reference
from pixelwise.claims.same_run import narrowed
from pixelwise.claims.told import Interval
from pixelwise.claims.wording import found

State = Literal["holds", "fails", "open"]
PLACES: dict[State, str] = {"holds": "inside", "fails": "outside", "open": "across a border of"}
"""Where an interval lies against a range, in words."""


def _beyond(bound: Bound | Rule, low: float, high: float) -> State:
    if bound.greater_than is not None:
        return "holds" if low > bound.greater_than else "fails" if high <= bound.greater_than else "open"
    assert bound.less_than is not None
    return "holds" if high < bound.less_than else "fails" if low >= bound.less_than else "open"


def limits(rule: Rule, claim: Entry) -> tuple[float, float]:
    """The range in which the rule's quantity must lie; unbounded sides are infinite."""
    if rule.within is not None:
        return rule.within
    if rule.equals is not None:
        tolerance = rule.tolerance if rule.tolerance is not None else rounding(claim)
        slack = 1e-9 * max(1.0, abs(rule.equals))
        return rule.equals - tolerance - slack, rule.equals + tolerance + slack
    if rule.greater_than is not None:
        return rule.greater_than, math.inf
    assert rule.less_than is not None
    return -math.inf, rule.less_than


def reached(rule: Rule) -> float:
    """The least number that counts as having reached a rule's number: that, less its tolerance.

    Raises:
        ValueError: If the rule names no number.
    """
    if rule.equals is None:
        raise ValueError("a rule without a number cannot be reached")
    return rule.equals - (rule.tolerance or 0.0)


def test(rule: Bound | Rule, claim: Entry, low: float, high: float) -> State:
    """Whether the interval [low, high] lies inside the rule's range, outside, or across its border."""
    if isinstance(rule, Bound) or (rule.within is None and rule.equals is None):
        return _beyond(rule, low, high)
    smallest, largest = limits(rule, claim)
    if smallest <= low and high <= largest:
        return "holds"
    return "fails" if high < smallest or low > largest else "open"


def judge_estimate(claim: Entry, rule: Rule, estimate: Estimate) -> tuple[Verdict | None, str]:
    """Verdict on one estimate, or None and what would settle it."""
    main = test(rule, claim, estimate.low, estimate.high)
    way = _beyond(rule.direction, estimate.low, estimate.high) if rule.direction else None
    allowed = f"the claimed range ({describe(rule, claim)})"
    shown = _told(claim, estimate)
    if rule.equals is not None and estimate.low == estimate.high and (rule.tolerance or rounding(claim)) == 0:
        exact = "as claimed" if main == "holds" else f"not {describe(rule, claim)} as claimed"
        return "confirmed" if main == "holds" else "contradicted", f"{show(estimate)}, {exact}"
    if main == "holds":
        return "confirmed", f"{shown}. That is inside {allowed}"
    if way == "fails":
        return "contradicted", f"{shown}. That is outside {allowed}, on the wrong side"
    if way == "holds":
        size = "outside" if main == "fails" else "not surely inside"
        return "direction only", f"{shown}. That is {size} {allowed}, but on the claimed side"
    if main == "fails" and way is None:
        return "contradicted", f"{shown}. That is outside {allowed}"
    return None, f"{shown}. That is across a border of {allowed}: {_power(rule, claim, estimate)}"


def _told(claim: Entry, estimate: Estimate) -> str:
    check = claim.check if isinstance(claim, Claim | Reference) else None
    return found(narrowed(check, estimate.ran), show(estimate)) if isinstance(check, Measurement) else show(estimate)


def elsewhere(claim: Entry, rule: Rule, estimate: Estimate, device: str) -> str:
    """What a time on another class of device says beside the claim, which it cannot decide."""
    alone = " in one process" if any(timed.alone(item.record) for item in estimate.items) else ""
    told = f"{_told(claim, estimate)}{alone}"
    return f"on this {device} {told}. That is {placed(claim, rule, estimate.low, estimate.high)}"


def placed(claim: Entry, rule: Rule, low: float, high: float) -> str:
    """Where [low, high] lies in words: `inside the claimed range (2.3 to 3.4)`."""
    return f"{PLACES[test(rule, claim, low, high)]} the claimed range ({describe(rule, claim)})"


def describe(rule: Rule, claim: Entry) -> str:
    """The rule's range in words."""
    low, high = limits(rule, claim)
    if rule.equals is not None:
        tolerance = rule.tolerance if rule.tolerance is not None else rounding(claim)
        return f"{shown_numbers.number(rule.equals)}" + (f" \u00b1 {tolerance:g}" if tolerance else "")
    if math.isinf(high):
        return f"above {shown_numbers.number(low)}"
    most = shown_numbers.number(high)
    return f"below {most}" if math.isinf(low) else f"{shown_numbers.number(low)} to {most}"


def show(estimate: Estimate | Interval) -> str:
    """An estimate in words, such as `2.83 [2.79, 2.87]`."""
    return shown_numbers.interval(estimate.value, estimate.low, estimate.high, estimate.unit)


def signed(estimate: Estimate | Interval, combine: Combine) -> str:
    """An estimate in words; a difference that is not negative has a plus sign."""
    signs = combine == "difference"
    return shown_numbers.interval(estimate.value, estimate.low, estimate.high, estimate.unit, sign=signs)


def _power(rule: Rule, claim: Entry, estimate: Estimate) -> str:
    """What would bring the interval off the nearest border that matters, the estimate staying where it is."""
    borders = [border for border in limits(rule, claim) if math.isfinite(border)]
    if rule.direction is not None:
        borders = [b for b in (rule.direction.greater_than, rule.direction.less_than) if b is not None]
    distance = min(abs(estimate.value - border) for border in borders)
    of_time = (
        isinstance(claim, Claim | Reference) and isinstance(claim.check, Measurement) and claim.check.kind == "latency"
    )
    names = ("timed calls", "runs") if of_time else ("images", "seeds")
    count = min((count for _, count in estimate.spreads), default=1)
    return needed(distance, estimate.n, max(estimate.own), count, estimate.spread, estimate.most, names)

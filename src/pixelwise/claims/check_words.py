"""A check in sentences: what is compared, under which conditions, and which interval decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from pixelwise.claims.checks import Agreement, Arithmetic, Audit, Check, Measurement, Rule, Underspecified
from pixelwise.claims.shown_numbers import exact
from pixelwise.claims.wording import direction, join, quantity, ran
from pixelwise.record import Scalar

_CHECK: TypeAdapter[Check] = TypeAdapter(Check)


def told(document: Mapping[str, Any]) -> str:
    """The check of a claim, as `claims.json` holds it, in sentences of at most 25 words."""
    check = _CHECK.validate_python(dict(document))
    if isinstance(check, Measurement):
        return join([_subject(check), _conditions(check), *rule(check.rule), _least(check)])
    if isinstance(check, Arithmetic):
        of = f"the {check.combine} of {' and '.join(check.claims[:4])}"
        more = f" and {len(check.claims) - 4} others" if len(check.claims) > 4 else ""
        return join([f"the documents' own numbers are computed: {of}{more}", *rule(check.rule)])
    if isinstance(check, Agreement):
        return join([f"it is compared with the same in {' and '.join(check.claims)}"])
    if isinstance(check, Audit):
        return join([f"contradiction {check.contradiction} decides it"])
    if isinstance(check, Underspecified):
        return "Nothing can test it as stated."
    return "Nothing here tests it."


def _subject(check: Measurement) -> str:
    subject = f"the {quantity(check.value)} of {ran(check.subject)}"
    if check.rival is not None:
        subject += f" {'minus that of' if check.combine == 'difference' else 'over'} {ran(check.rival)}"
    return subject + direction(check)


def _conditions(check: Measurement) -> str:
    named: dict[str, Scalar | None] = {
        "data set": check.dataset,
        "protocol": check.protocol,
        "treatment": check.treatment,
    }
    named |= {"device": "GPU" if check.device else None, **check.hardware, **check.where}
    held = [f"{name} {value}" for name, value in named.items() if value is not None]
    return f"conditions: {', '.join(held)}" if held else ""


def _least(check: Measurement) -> str:
    calls = "timed calls" if check.kind == "latency" else "images"
    need = [f"{exact(check.min_n)} {calls}"] if check.min_n > 1 else []
    need += [f"{check.min_seeds} seeds"] if check.min_seeds > 1 else []
    return f"at least {' and '.join(need)} are needed" if need else ""


def rule(wanted: Rule) -> list[str]:
    """The rule of a check, a sentence for the range and one for the direction."""
    words = []
    if wanted.within is not None:
        words.append("the whole interval must lie between {} and {}".format(*map(exact, wanted.within)))
    if wanted.equals is not None:
        slack = f", give or take {exact(wanted.tolerance)}" if wanted.tolerance else ""
        words.append(f"it must be {exact(wanted.equals)}{slack}")
    for bound, start in ((wanted, "the whole interval must lie"), (wanted.direction, "it holds in direction only if")):
        if bound is not None:
            for sign, end in (("above", bound.greater_than), ("below", bound.less_than)):
                words += [f"{start} {sign} {exact(end)}"] if end is not None else []
    return words

"""The contradictions between documents: found by rule wherever the register holds numbers, quoted on both sides."""

from __future__ import annotations

from collections.abc import Callable

from pixelwise.claims.claim_schema import Register
from pixelwise.claims.register_entries import Contradiction, Entry, Side
from pixelwise.claims.shown_numbers import exact
from pixelwise.errors import PixelwiseError
from pixelwise.settings.base import Settings


class Quote(Settings):
    """One statement of a contradiction, with the words that were published.

    Attributes:
        claim: Id of the entry of the register that it is; None for words that stand in the contradiction alone.
        quoted: Whether `words` are those of the source; otherwise they are a paraphrase.
    """

    claim: str | None
    words: str
    quoted: bool
    value: int | float | str | list[int | float] | None
    unit: str
    reading_error: float | None
    source: str
    place: str


class Contradicted(Settings):
    """The outcome for one entry of the register's list of contradictions.

    Attributes:
        found: Whether the rule found it.
        by: `numbers` if a rule computed it, `quotation` if two texts stand against each other.
        computed: The arithmetic in words; empty for quotations.
    """

    id: str
    between: str
    found: bool
    by: str
    computed: str
    left: list[Quote]
    right: list[Quote]
    supports: str


def rounding(claim: Entry) -> float:
    """Error of a published number: the reading error if digitised, else half a unit of the last printed digit."""
    if claim.reading_error is not None:
        return claim.reading_error
    if isinstance(claim.value, bool) or not isinstance(claim.value, int | float):
        return 0.0
    digits = str(claim.value).partition(".")[2]
    return 0.5 * 10.0 ** -len(digits)


def published(claim: Entry) -> tuple[float, float]:
    """A claim's number and its error.

    Raises:
        PixelwiseError: If the claim has no single number.
    """
    if not isinstance(claim.value, int | float):
        raise PixelwiseError(f"register: {claim.id}: value {claim.value!r}; this rule needs one number")
    return float(claim.value), rounding(claim)


def apart(one: Entry, other: Entry, margin: float = 0.0) -> tuple[bool, str]:
    """Whether two published numbers differ by more than their errors and `margin`, with the arithmetic in words.

    Two words differ if they are not the same.
    """
    if isinstance(one.value, str) and isinstance(other.value, str):
        alike = one.value == other.value
        return not alike, f"{one.value} in both" if alike else f"{one.value}, but {other.value}"
    (a, error_a), (b, error_b) = published(one), published(other)
    allowed = error_a + error_b + margin
    differ = abs(a - b) > allowed
    unit = "" if one.unit in ("", "1") else f" {one.unit}"
    if a == b:
        return differ, f"{exact(a)}{unit} in both"
    bound = f", {'more' if differ else 'not more'} than the {exact(allowed)} allowed" if allowed else ""
    return differ, f"{exact(a)} against {exact(b)}{unit}: {exact(abs(a - b))} apart{bound}"


def _differ(entry: Contradiction, left: list[Entry], right: list[Entry]) -> tuple[bool, str]:
    pairs = zip(left, right, strict=True) if entry.pairs else ((one, other) for one in left for other in right)
    outcomes = [apart(one, other, entry.margin) for one, other in pairs]
    found = [differ for differ, _ in outcomes]
    return all(found) if entry.pairs else any(found), "; ".join(text for _, text in outcomes)


def _short_of(entry: Contradiction, left: list[Entry], right: list[Entry]) -> tuple[bool, str]:
    (wanted, _), (a, error_a), (b, error_b) = published(left[0]), published(right[0]), published(right[1])
    most = (a + error_a) / (b - error_b)
    return (
        most < wanted,
        f"{exact(a)} / {exact(b)} = {a / b:.2f}, or {most:.2f} at most, against the claimed {exact(wanted)}",
    )


def _order_flips(entry: Contradiction, left: list[Entry], right: list[Entry]) -> tuple[bool, str]:
    values = [published(claim)[0] for claim in (*left, *right)]
    errors = [rounding(claim) for claim in (*left, *right)]
    pairs = [(values[i], values[i + 1], errors[i] + errors[i + 1]) for i in range(0, len(values), 2)]
    half = len(pairs) // 2
    parts, flips = [], []
    for (a, b, error), (c, d, other) in zip(pairs[:half], pairs[half:], strict=True):
        flips.append((a - b) * (c - d) < 0 and abs(c - d) > other)
        sure = "" if abs(a - b) > error else " (a difference within the printed digits)"
        parts.append(f"{exact(a)} against {exact(b)}{sure}, but {exact(c)} against {exact(d)}")
    return all(flips), "; ".join(parts)


def _worse(entry: Contradiction, left: list[Entry], right: list[Entry]) -> tuple[bool, str]:
    (a, error_a), (b, error_b) = published(right[0]), published(right[1])
    gap = a - b if entry.better == "lower" else b - a
    allowed = error_a + error_b + entry.margin
    text = f"{exact(a)} against {exact(b)} ({entry.better} is better): worse by {gap:.4g}, with {allowed:.4g} allowed"
    return gap > allowed, text


def _sets_differ(entry: Contradiction, left: list[Entry], right: list[Entry]) -> tuple[bool, str]:
    sets = [claim.value if isinstance(claim.value, list) else [claim.value] for claim in (left[0], right[0])]
    one, other = (", ".join(dict.fromkeys(str(value) for value in values)) for values in sets)
    return sets[0] != sets[1], f"{one} against {other} {left[0].unit}".rstrip()


RULES: dict[str, Callable[[Contradiction, list[Entry], list[Entry]], tuple[bool, str]]] = {
    "differ": _differ,
    "short_of": _short_of,
    "order_flips": _order_flips,
    "worse": _worse,
    "sets_differ": _sets_differ,
}


def _quotes(register: Register, side: Side) -> list[Quote]:
    if not side.claims:
        assert side.source is not None and side.place is not None
        return [
            Quote(
                claim=None,
                words=side.quote or side.paraphrase or "",
                quoted=side.quote is not None,
                value=None,
                unit="",
                reading_error=None,
                source=side.source,
                place=side.place,
            )
        ]
    fields = set(Quote.model_fields) - {"claim", "words", "quoted"}
    entries = [register.entry(name) for name in side.claims]
    return [
        Quote(claim=entry.id, words=entry.words, quoted=entry.quote is not None, **entry.model_dump(include=fields))
        for entry in entries
    ]


def contradictions(register: Register) -> list[Contradicted]:
    """Apply every rule; entries whose rule finds nothing are kept, with `found` false."""
    outcomes = []
    for entry in register.contradictions:
        found, computed = True, ""
        if entry.rule != "quoted":
            sides = [[register.entry(name) for name in side.claims] for side in (entry.left, entry.right)]
            try:
                found, computed = RULES[entry.rule](entry, *sides)
            except (IndexError, ValueError):
                message = f"register: {entry.id}: rule {entry.rule!r} does not fit its claims"
                raise PixelwiseError(f"{message} ({', '.join(entry.left.claims + entry.right.claims)})") from None
        outcomes.append(
            Contradicted(
                id=entry.id,
                between=entry.between,
                found=found,
                by="quotation" if entry.rule == "quoted" else "numbers",
                computed=computed,
                left=_quotes(register, entry.left),
                right=_quotes(register, entry.right),
                supports=entry.supports,
            )
        )
    return outcomes

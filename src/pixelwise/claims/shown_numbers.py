"""How a number is written, everywhere: `29.21 dB [28.90, 29.51]`, `182 546 755`; never `1.82547e+08`."""

from __future__ import annotations

import math

UNITLESS = ("", "1", "times")
"""Units that a table does not write beside a number."""
LARGE = 10_000
"""From here on a number is whole, in groups of three digits."""
TINY, HUGE = 1e-4, 1e15
"""Outside these a number is told with a power of ten."""


def number(value: float | None, unit: str = "", places: int | None = None) -> str:
    """A number with its unit; empty for a missing one. Shares and counts (unit `1`) carry no unit.

    >>> number(182546755), number(29.213, "dB"), number(0.5, "1", 3)
    ('182 546 755', '29.21 dB', '0.500')
    """
    if value is None or math.isnan(value):
        return ""
    if math.isinf(value):
        text = "\u221e" if value > 0 else "-\u221e"
    elif abs(value) >= HUGE or (places is None and 0 < abs(value) < TINY):
        mantissa, _, exponent = f"{value:.2e}".partition("e")
        text = f"{mantissa}\u00d710^{int(exponent)}"
    elif abs(value) >= LARGE and not places:
        text = f"{value:,.0f}".replace(",", " ")
    else:
        text = f"{value:z.{places}f}" if places is not None else f"{value + 0.0:.4g}"
    return text if unit in UNITLESS else f"{text} {unit}"


def counted(count: int, word: str) -> str:
    """A number of things: `1 picture`, `36 claims`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def exact(value: float) -> str:
    """A number with all its digits, as documents print it: `285 999 104`, `0.025`.

    >>> exact(285999104), exact(1e6), exact(-6.8)
    ('285 999 104', '1 000 000', '-6.8')
    """
    return f"{value:,.10g}".replace(",", " ")


def decimals(value: float, low: float, high: float) -> int | None:
    """Decimal places at which the value shows three digits and half the width of its interval at least one.

    >>> decimals(2.88, 2.80, 2.96), decimals(29.02, 28.9, 29.14), decimals(1180, 1160, 1200)
    (2, 2, 0)
    """
    half = (high - low) / 2
    if not half > 0 or value == 0 or math.isinf(half) or math.isinf(value):
        return None
    exponent = math.floor(math.log10(half) + 1e-9)
    shown = -exponent + (half < 2 * 10.0**exponent)
    return min(6, max(0, shown, min(2 - math.floor(math.log10(abs(value))), shown + 3)))


def interval(
    value: float, low: float | None, high: float | None, unit: str = "", places: int | None = None, sign: bool = False
) -> str:
    """A value with unit and, where there is one, its interval.

    Args:
        value: The number.
        low: Lower end; None without an interval.
        high: Upper end.
        unit: Unit of all three.
        places: Decimal places; found from the interval if not given.
        sign: Whether a value that is not negative has a plus sign, as differences have.

    >>> interval(29.21, 28.9, 29.51, "dB"), interval(2.0, 1.5, 2.5, "points", sign=True)
    ('29.2 dB [28.9, 29.5]', '+2.00 points [1.50, 2.50]')
    """
    plus = "+" if sign and value >= 0 else ""
    if low is None or high is None or low == high:
        return plus + number(value, unit, places)
    if places is None:
        found = decimals(value, low, high)
        places = None if found is not None and abs(value) < 0.5 * 10.0**-found else found
    return f"{plus}{number(value, unit, places)} [{number(low, places=places)}, {number(high, places=places)}]"

"""How much more evidence would settle a claim."""

from __future__ import annotations

import math

from scipy.special import stdtrit


def half_width(spread: float, seeds: int) -> float:
    """95 % half width of the mean over seeds by Student's t; 0 for fewer than two seeds."""
    return float(stdtrit(seeds - 1, 0.975)) * spread / math.sqrt(seeds) if seeds > 1 else 0.0


def seeds_for(spread: float, half: float) -> int:
    """Least number of seeds whose mean has a 95 % half width below `half`, the spread staying as it is.

    The normal approximation gives a number that is never too large; from there it is stepped up.
    """
    count = max(2, math.floor((1.959 * spread / half) ** 2))
    while half_width(spread, count) >= half:
        count += 1
    return count


def needed(distance: float, n: int, sampling: float, seeds: int, spread: float | None) -> str:
    """What would shrink an interval until it no longer reaches a border `distance` away from the estimate.

    The half width of sampling shrinks with the root of the number of images or timed calls, that between seeds as
    Student's t says. Where both must shrink, each gets half of the variance.

    Args:
        distance: From the estimate to the nearest border, in the quantity's unit.
        n: Images or timed calls now.
        sampling: 95 % half width due to them.
        seeds: Training seeds now.
        spread: Standard deviation between seeds, None if there is only one.

    Returns:
        A phrase such as `needs n >= 272 images or calls (have 68)`.
    """
    between = half_width(spread or 0.0, seeds)
    if distance <= 0 or not (sampling or between):
        return "no number of images or seeds settles it while the estimate sits on the border"
    if sampling and between and sampling >= distance and between >= distance:
        room_n = room_seeds = distance / math.sqrt(2)
    else:
        room_n = math.sqrt(max(distance**2 - between**2, 0.0))
        room_seeds = math.sqrt(max(distance**2 - sampling**2, 0.0))
    wanted = []
    if sampling and room_n and not (between and sampling < distance):
        more = max(math.ceil(n * (sampling / room_n) ** 2), n + 1)
        wanted.append(f"n >= {more:,} images or calls (have {n:,})")
    if between and room_seeds:
        wanted.append(f"{max(seeds_for(spread or 0.0, room_seeds), seeds + 1):,} seeds (have {seeds})")
    return "needs " + " and ".join(wanted)

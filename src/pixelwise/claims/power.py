"""How much more evidence would settle a claim."""

from __future__ import annotations

import math

from scipy.special import stdtrit

MANY = 10_000
"""Seeds from which on one more or less is not told apart."""
MOST = 10_000_000
"""Images or timed calls that nobody is asked for."""


def half_width(spread: float, seeds: int, level: float = 0.95) -> float:
    """Half width of the mean over seeds by Student's t; 0 for fewer than two seeds.

    Args:
        spread: Standard deviation between seeds.
        seeds: Their number.
        level: Coverage, 0 to 1.
    """
    return float(stdtrit(seeds - 1, (1 + level) / 2)) * spread / math.sqrt(seeds) if seeds > 1 else 0.0


def seeds_for(spread: float, half: float) -> int:
    """Least number of seeds whose mean has a 95 % half width below `half`, the spread staying as it is.

    The normal approximation gives a number that is never too large; from there it is stepped up.
    """
    share = 1.959 * spread / half
    if share >= math.sqrt(MANY):
        return MANY
    count = max(2, math.floor(share**2))
    while count < MANY and half_width(spread, count) >= half:
        count += 1
    return count


def needed(
    distance: float,
    n: int,
    sampling: float,
    seeds: int,
    spread: float | None,
    most: int | None = None,
    names: tuple[str, str] = ("images", "seeds"),
) -> str:
    """What would shrink an interval until it no longer reaches a border `distance` away from the estimate.

    The half width of sampling shrinks with the root of the number of images or timed calls, that between seeds as
    Student's t says. The wider of the two shrinks first; where both must, each gets half of the variance. Never more
    images are asked for than the set has: what they cannot do, seeds must.

    Args:
        distance: From the estimate to the nearest border, in the quantity's unit.
        n: Images or timed calls now.
        sampling: 95 % half width due to them.
        seeds: Training seeds now.
        spread: Standard deviation between seeds, None if there is only one.
        most: Images in the set; None if there is no end of them.
        names: What `n` and `seeds` count.

    Returns:
        A phrase such as `needs 272 images (68 here)`.
    """
    between = half_width(spread or 0.0, seeds)
    border = f"no number of {names[0]} or {names[1]} settles it so near the border"
    if distance <= 0 or not (sampling or between):
        return border
    least = sampling * math.sqrt(n / max(most, n)) if most else 0.0
    if least >= distance:
        return f"even all {most:,} {names[0]} of the set leave it open"
    room_n, room_seeds = _rooms(distance, sampling, between, least)
    wanted = []
    if sampling > room_n * math.sqrt(MOST / n) or between > room_seeds * math.sqrt(MANY):
        return border
    if sampling > room_n:
        more = max(math.ceil(n * (sampling / room_n) ** 2), n + 1)
        wanted.append(f"{min(more, most or more):,} {names[0]} ({n:,} here)")
    if between and between >= room_seeds:
        wanted.append(f"{max(seeds_for(spread or 0.0, room_seeds), seeds + 1):,} {names[1]} ({seeds} here)")
    return "needs " + " and ".join(wanted)


def _rooms(distance: float, sampling: float, between: float, least: float) -> tuple[float, float]:
    """Half widths that sampling and the spread between seeds may keep.

    Args:
        distance: What both together must stay below.
        sampling: The half width of sampling now.
        between: That between seeds now.
        least: The half width of sampling with every image of the set.
    """
    alone_n, alone_seeds = (math.sqrt(max(distance**2 - other**2, 0.0)) for other in (between, sampling))
    if between >= sampling and alone_seeds:
        return sampling, alone_seeds
    if alone_n > least:
        return alone_n, between * (1 + 1e-9)
    room_n = max(distance / math.sqrt(2), least)
    return room_n, math.sqrt(distance**2 - room_n**2)

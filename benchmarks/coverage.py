"""Do the intervals of times hold the true ratio as often as they say? By simulation, and by repeating a real timing.

    python benchmarks/coverage.py                                   2,000 simulated timings of each kind
    python benchmarks/coverage.py --jobs results/tiny/jobs/time/*.json [--repeats 20]

The second form runs timing jobs again and again, and counts how often the interval of one repeat holds the mean of the
others, over all ratios together. Nothing else may run meanwhile. The exit status is 1 where fewer than 90 % do.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from pixelwise.evaluation import statistics  # noqa: E402
from pixelwise.record import read_records  # noqa: E402

LEAST = 0.9
"""Share of intervals of 95 % that must hold; 20 repeats of few ratios are not many."""


def correlated(rng: np.random.Generator, rounds: int, lag: float) -> np.ndarray:
    """A stationary series with autocorrelation `lag` from one round to the next, variance 1."""
    series = rng.normal(size=rounds)
    for i in range(1, rounds):
        series[i] = lag * series[i - 1] + np.sqrt(1 - lag**2) * series[i]
    return series


def simulated_coverage(draws: int, processes: int, rounds: int, lag: float, spread: float, seed: int) -> float:
    """Share of simulated timings whose interval holds the true ratio of 2.

    Args:
        draws: Simulated timings.
        processes: Of each timing.
        rounds: Of each process.
        lag: Correlation of the noise from one round to the next; the noise is 5 % of a time.
        spread: Standard deviation of a process's own ratio, as a share of it.
        seed: Of the simulation.
    """
    rng, within = np.random.default_rng(seed), 0
    for _ in range(draws):
        own = np.exp(spread * rng.normal(size=processes))
        a = [2 * factor * np.exp(0.05 * correlated(rng, rounds, lag)) for factor in own]
        b = [np.exp(0.05 * correlated(rng, rounds, lag)) for _ in own]
        _, low, high = statistics.ratio_over_processes(a, b)
        within += low <= 2 <= high
    return within / draws


def held(found: Mapping[Hashable, Sequence[tuple[float, float, float]]]) -> tuple[int, int]:
    """How many intervals hold the mean of the other repeats, of how many.

    Args:
        found: Ratio -> value, low and high of each repeat; two repeats at least.
    """
    within = total = 0
    for rows in found.values():
        values = np.array(rows)
        for i, (_, low, high) in enumerate(values):
            within, total = within + int(low <= np.delete(values[:, 0], i).mean() <= high), total + 1
    return within, total


def repeated_coverage(jobs: Sequence[Path], repeats: int) -> bool:
    """Run timing jobs several times; whether at least 90 % of the intervals hold the mean of the other repeats."""
    from pixelwise.evaluation import timing
    from pixelwise.files.reading import parse_json
    from pixelwise.settings.evaluation import TimeSettings

    groups = [TimeSettings.model_validate(parse_json(job.read_text(), str(job))["job"]["settings"]) for job in jobs]
    found: dict[Hashable, list[tuple[float, float, float]]] = {}
    for repeat, settings in itertools.product(range(repeats), groups):
        with tempfile.TemporaryDirectory() as folder:
            own = settings.model_copy(update={"seed": settings.processes * repeat})
            timing.run(own, {}, Path(folder), Path(folder))
            for record in read_records(Path(folder) / "metrics.json"):
                if "ratio" in record.values:
                    value = record.values["ratio"]
                    held_fixed = {k: v for k, v in record.condition.items() if k != "busy"}
                    key = (settings.name, record.model, *sorted((k, str(v)) for k, v in held_fixed.items()))
                    found.setdefault(key, []).append((float(value.value), float(value.low), float(value.high)))
        print(f"{settings.name}: repeat {repeat + 1} of {repeats}", file=sys.stderr)
    for key, rows in found.items():
        values, (own, _) = np.array(rows)[:, 0], held({key: rows})
        spread = f"mean {values.mean():.3f}, standard deviation {values.std(ddof=1):.3f}"
        print(f"{', '.join(map(str, key))}: {spread}; {own} of {len(rows)} hold the mean of the others")
    within, total = held(found)
    print(f"{within} of {total} intervals hold the mean of the other repeats: {100 * within / total:.1f} %")
    return within >= LEAST * total


def main() -> int:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=Path, nargs="+", help="job files of step time")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--draws", type=int, default=2000)
    chosen = parser.parse_args()
    if chosen.jobs:
        if chosen.repeats < 2:
            parser.error(f"--repeats {chosen.repeats}; at least 2")
        return 0 if repeated_coverage(chosen.jobs, chosen.repeats) else 1
    for lag, spread, rounds in itertools.product((0.0, 0.6), (0.0, 0.02), (5, 20)):
        share = simulated_coverage(chosen.draws, 3, rounds, lag, spread, seed=0)
        print(f"lag-1 {lag}, processes differ by {100 * spread:g} %, {rounds} rounds each: {100 * share:.1f} % hold")
    return 0


if __name__ == "__main__":
    sys.exit(main())

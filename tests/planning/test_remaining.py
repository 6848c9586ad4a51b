"""What is left of a run: a greedy schedule of what jobs should take, corrected by what they took."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelwise.planning.remaining import START, Expected, Pace, seconds_left

CHAIN = [
    Expected("prepare/a", 10.0),
    Expected("train/a/x/seed0", 100.0, ("prepare/a",)),
    Expected("train/a/y/seed0", 60.0, ("prepare/a",)),
    Expected("fid/a/x/seed0", 20.0, ("train/a/x/seed0",)),
    Expected("report", 5.0, ("fid/a/x/seed0", "train/a/y/seed0")),
]


def left_of(jobs: list[Expected]) -> dict[str, float]:
    return {job.id: job.seconds or 0.0 for job in jobs}


@pytest.mark.parametrize(
    ("cores", "running", "wanted"),
    [(1, [], 195), (2, [], 135), (2, ["prepare/a"], 135), (8, [], 135)],
)
def test_a_schedule_done_by_hand(cores: int, running: list[str], wanted: float) -> None:
    assert seconds_left(CHAIN, left_of(CHAIN), running, cores, 0) == wanted


def test_cards_and_threads_are_shared() -> None:
    jobs = [Expected(f"train/a/{name}/seed0", 10.0, (), 2, 1) for name in "xyz"]
    assert seconds_left(jobs, left_of(jobs), [], 8, 1) == 30
    assert seconds_left(jobs, left_of(jobs), [], 8, 3) == 10
    assert seconds_left(jobs, left_of(jobs), [], 8, 0) == 10  # no card is counted
    assert seconds_left(jobs, left_of(jobs), [], 3, 3) == 30
    assert seconds_left(jobs, left_of(jobs), [], 1, 3) == 30  # more threads than cores: one after the other


@given(
    seconds=st.lists(st.floats(0, 1000), min_size=1, max_size=12),
    cores=st.integers(1, 5),
    edges=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20),
)
def test_no_schedule_beats_the_work_or_the_longest_chain(
    seconds: list[float], cores: int, edges: list[tuple[int, int]]
) -> None:
    after = {b: tuple(str(a) for a, c in edges if c == b and a < b) for b in range(len(seconds))}
    jobs = [Expected(str(i), value, after[i]) for i, value in enumerate(seconds)]
    ends: list[float] = []
    for i, value in enumerate(seconds):
        ends.append(value + max((ends[int(a)] for a in after[i]), default=0.0))
    found = seconds_left(jobs, left_of(jobs), [], cores, 0)
    assert max(max(ends), sum(seconds) / cores) - 1e-6 <= found <= sum(seconds) + 1e-6


def test_finished_jobs_correct_what_is_expected() -> None:
    assert Pace(CHAIN, {}).seconds(CHAIN[1]) == START + 100
    slow = Pace(CHAIN, {"train/a/y/seed0": START + 180.0})  # three times as long as expected
    assert slow.seconds(CHAIN[1]) == pytest.approx(START + 100 * 210 / 90)
    assert slow.seconds(CHAIN[3]) == pytest.approx(START + 20 * 210 / 90)  # of another kind: as all
    mixed = Pace(CHAIN, {"train/a/y/seed0": START + 180.0, "prepare/a": START + 10.0})
    assert mixed.seconds(CHAIN[1]) == pytest.approx(START + 100 * 210 / 90)
    assert mixed.seconds(CHAIN[3]) == pytest.approx(START + 20 * 220 / 100)


def test_short_jobs_tell_what_a_start_takes_and_unknown_ones_what_their_kind_takes() -> None:
    jobs = [Expected(f"restore/a/{i}/seed0", 0.5) for i in range(3)] + [
        Expected("fetch/a", None),
        Expected("fetch/b", None),
    ]
    pace = Pace(jobs, {jobs[0].id: 9.5, jobs[1].id: 12.5, jobs[2].id: 10.5})
    assert pace.start == 10.0 and pace.seconds(jobs[0]) == 10.5
    assert pace.seconds(jobs[4]) is None
    assert Pace(jobs, {"fetch/a": 70.0}).seconds(jobs[4]) == 70.0

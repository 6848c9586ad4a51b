from __future__ import annotations

from pathlib import Path

import pytest

from pixelwise.claims import limits
from pixelwise.claims.limits import LEAST, LONGEST, MEMORY, PREPARING, Limits
from pixelwise.planning.graph import plan

ROOT = Path(__file__).parents[2]
NO_LOG = Path("no-such-log.jsonl")


@pytest.fixture(scope="module")
def paper():
    jobs = plan(ROOT / "params.yaml", "paper").jobs
    return {job.id: job for job in jobs}, Limits(jobs, NO_LOG)


def test_a_limit_is_the_estimate_of_plan_with_a_margin(paper):
    jobs, known = paper
    for name in ("train/cityscapes/pix2pixhd/seed0", "time/translation_256", "restore/bsd68/baselines/seed0"):
        estimate = known.minutes(jobs[name])
        assert estimate is not None and known.runtime(jobs[name]) == round(limits.MARGIN * estimate)


def test_each_attempt_gets_more_and_none_more_than_a_day(paper):
    jobs, known = paper
    train = jobs["train/cityscapes/asapnet/seed0"]
    assert [known.runtime(train, attempt) for attempt in (1, 2, 3)] == [known.runtime(train), LONGEST, LONGEST]
    assert known.runtime(jobs["train/cityscapes/spade/seed0"]) == LONGEST
    assert [known.runtime(jobs["judge"], attempt) for attempt in (1, 2)] == [LEAST, 2 * LEAST]


def test_what_was_never_recorded_gets_the_longest_limit(paper, monkeypatch):
    jobs, known = paper
    monkeypatch.setattr(known, "recorded", [])
    assert known.runtime(jobs["judge"]) == LONGEST


def test_preparing_counts_pictures(paper):
    jobs, known = paper
    city, few = known.minutes(jobs["prepare/cityscapes"]), known.minutes(jobs["prepare/set12"])
    assert city is not None and few is not None and city > 100 * few


def test_limits_do_not_depend_on_the_cards_of_this_machine(paper, monkeypatch):
    from pixelwise.cards import found

    jobs, known = paper
    before = {name: known.runtime(job) for name, job in jobs.items()}
    monkeypatch.setattr(found, "cards", lambda: pytest.fail("looked at this machine"))
    assert {name: Limits(list(jobs.values()), NO_LOG).runtime(job) for name, job in jobs.items() if job.on_gpu} == {
        name: before[name] for name, job in jobs.items() if job.on_gpu
    }


def test_a_training_on_the_processor_needs_what_a_card_would_hold(paper):
    jobs, known = paper
    train = jobs["train/cityscapes/asapnet/seed0"]
    assert known.memory(train) == MEMORY and known.memory(jobs["prepare/cityscapes"]) == PREPARING
    slow = plan(ROOT / "params.yaml", "street-cpu").jobs
    own = Limits(slow, NO_LOG)
    assert own.memory(next(job for job in slow if job.kind == "denoising")) > MEMORY

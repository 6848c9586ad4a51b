from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from pixelwise.claims import limits
from pixelwise.claims.expected import Expectation
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
        estimate = known.seconds(jobs[name])
        assert estimate is not None and known.runtime(jobs[name]) == round(limits.MARGIN * estimate / 60)


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
    city, few = known.seconds(jobs["prepare/cityscapes"]), known.seconds(jobs["prepare/set12"])
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


def test_memory_grows_with_processes_and_attempts(paper):
    jobs, known = paper
    train = jobs["train/cityscapes/asapnet/seed0"]

    def of(**changes):
        settings = train.settings.model_copy(update=changes)
        return known.memory(replace(train, settings=settings)), known.memory(replace(train, settings=settings), 2)

    assert of() == (MEMORY, 2 * MEMORY) and of(processes=4) == (4 * MEMORY, 8 * MEMORY)
    (one, second), (two, _) = of(device="cpu"), of(device="cpu", processes=2)
    assert second == 2 * one and one + MEMORY < two < 2 * one  # each keeps half of the batch, and the networks
    assert known.memory(jobs["prepare/cityscapes"], 2) == 2 * PREPARING
    assert known.memory(train, 4) == known.memory(train, 2)  # wall limits that were met ask for no more memory


def test_what_is_expected_on_a_cluster_is_that_of_the_limits(paper):
    jobs, known = paper
    assert limits.expected(list(jobs.values())) == {name: known.seconds(job) for name, job in jobs.items()}


def test_documented_limits_suffice_for_slower_cards():
    text = (ROOT / "docs/cluster.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"\| ([^|]+) \| (\d+) h, (\d+) h \| (\d+) h, (\d+) h \| `train:runtime=(\d+) time:runtime=(\d+)` \|", text
    )
    assert [card for card, *_ in rows] == ["A100", "RTX 3060", "T4"]
    for profile, first in (("street", 0), ("paper", 2)):
        jobs = plan(ROOT / "params.yaml", profile).jobs
        for card, *numbers in rows:
            expected, told = Expectation(jobs, NO_LOG, "cuda", card), [int(number) for number in numbers]
            for place, step in enumerate(("train", "time")):
                most = max((expected.of(job).seconds or 0) / 3600 for job in jobs if job.step == step and job.on_gpu)
                assert told[first + place] == max(round(most), 1), (profile, card, step, most)
                assert 1.2 * most <= 4 * told[4 + place] / 60, (profile, card, step, most)

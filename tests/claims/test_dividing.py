"""What a training that is too large for a card is offered fits it, and keeps the batch."""

from __future__ import annotations

from pathlib import Path

import pytest

from pixelwise.claims import dividing, peaks
from pixelwise.claims.predicted_records import Datasets
from pixelwise.planning.graph import plan

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("card", [24.0, 40.0])
def test_both_ways_fit(card: float) -> None:
    jobs = list(plan(ROOT / "params.yaml", "facades").jobs)
    datasets = Datasets(jobs)
    lines = dividing.proposals(jobs, datasets, card)
    assert [line.split(":")[0] for line in lines][-1:] == ["GPU memory for train/facades/pix2pixhd"]
    job = next(job for job in jobs if job.id == "train/facades/pix2pixhd/seed0")
    for name in ("accumulate", "processes"):
        value = dividing.fewest(job.settings, name, lambda s: dividing.needed_gb(job, s, datasets) <= card)
        assert value is not None and f"{name}: {value}" in lines[-1]
        divided = type(job.settings).model_validate(job.settings.model_dump() | {name: value})  # divides the batch
        assert dividing.needed_gb(job, divided, datasets) <= card
        fewer = [n for n in range(1, value) if divided.batch % n == 0]
        assert all(dividing.needed_gb(job, job.settings.model_copy(update={name: n}), datasets) > card for n in fewer)
    assert peaks.images(job) == job.settings.batch


def test_what_fits_is_not_named() -> None:
    jobs = list(plan(ROOT / "params.yaml", "facades").jobs)
    assert dividing.proposals(jobs, Datasets(jobs), 141) == []
    assert "for cards of 2 GB no division of its batch fits" in dividing.proposals(jobs, Datasets(jobs), 1.5)[0]

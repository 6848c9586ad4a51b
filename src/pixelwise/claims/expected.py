"""What each job of a run is expected to take, from this machine's run log first, then from recorded runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pixelwise.claims import costs, predicted_records
from pixelwise.planning.jobs import RECORDED, RUN_LOG, Job


class Expectation:
    """Seconds of the jobs of a run.

    Args:
        jobs: The jobs of the run.
        log: This machine's run log.
        device: Where they compute here, `cuda` or `cpu`.
        card: Card of the hours on a GPU.
        kept: Folder of a recorded run of these jobs, which comes before the table of costs; what ran on
            another card than `card` does not count.
        left_out: Receives one line for each line of a log that is none.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        log: Path,
        device: str,
        card: str | None = None,
        kept: Path | None = None,
        left_out: list[str] | None = None,
    ) -> None:
        self.datasets, self.document = predicted_records.Datasets(list(jobs)), costs.table()
        self._device, self._card = device, card
        self._recorded = costs.from_log(jobs, self.datasets, log, device, left_out)
        there = costs.from_recorded_run(jobs, self.datasets, kept, left_out) if kept else []
        self._recorded += [one for one in there if self._of_card(one)]
        self._recorded += costs.from_table(self.document)

    def _of_card(self, one: costs.Recorded) -> bool:
        """Whether a recorded job says what it takes on the card: what ran on another one does not."""
        names = {costs.card_of(self.document, name) for name in (one.machine, self._card)}
        return one.device != "cuda" or self._card is None or len(names) == 1

    def of(self, job: Job, device: str | None = None) -> costs.Cost:
        """What a job costs here, or on another kind of device."""
        where = (device or self._device) if job.on_gpu else "cpu"
        scaling = costs.scaling_of(self.document, job, self._card)
        return costs.estimate(job, self.datasets, self._recorded, where, scaling)


def here(run: str, jobs: Sequence[Job]) -> dict[str, float | None]:
    """Job -> seconds that it is expected to take on this machine; None if nothing like it was ever recorded."""
    gpu = predicted_records.accelerator()
    expected = Expectation(jobs, RUN_LOG, "cuda" if gpu else "cpu", gpu[0] if gpu else None, RECORDED / run)
    return {job.id: expected.of(job).seconds for job in jobs}

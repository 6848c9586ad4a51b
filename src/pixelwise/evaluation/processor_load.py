"""What other programs did on the processor while something was timed."""

from __future__ import annotations

import time

import psutil

BUSY = 0.1
"""Share of the processor's cores that others may use on average before a timing counts as disturbed."""
LEAST_FULL = 0.5
"""Cores that others use at least where a machine is full: one of a single core is not, because it is alive."""
LEAST = 0.5
"""Seconds below which nothing is said: the system counts in hundredths of a second."""


class Load:
    """Measures from `with` to its end.

    Attributes:
        others: Cores that other programs kept busy on average, time taken by other virtual machines included; None if
            the timing was too short, or the system does not tell.
    """

    others: float | None = None

    def __enter__(self) -> Load:
        self._start = _seconds()
        return self

    def __exit__(self, *_: object) -> None:
        wall, everyone, own = (end - start for start, end in zip(self._start, _seconds(), strict=True))
        if wall >= LEAST and everyone > 0:
            self.others = max(0.0, everyone - own) / wall

    @property
    def busy(self) -> bool:
        """Whether others did more than a quiet machine does."""
        return self.others is not None and self.others > BUSY * (psutil.cpu_count() or 1)

    @property
    def full(self) -> bool:
        """Whether others left less than one core, so that a thread that starts a card's work had to wait for it."""
        return self.others is not None and self.others > max((psutil.cpu_count() or 1) - 1, LEAST_FULL)


def _seconds() -> tuple[float, float, float]:
    """The clock, and the seconds of work of all cores so far, of everyone and of this process alone."""
    times, own = psutil.cpu_times(), psutil.Process().cpu_times()
    # Work for guests is part of `user` and `nice` already; waiting for a disk is no work.
    everyone = sum(times) - sum(getattr(times, name, 0.0) for name in ("idle", "iowait", "guest", "guest_nice"))
    return time.monotonic(), everyone, own.user + own.system

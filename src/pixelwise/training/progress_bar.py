"""Live progress: a bar on the terminal, and plain lines wherever the output is a file."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task
from rich.text import Text

from pixelwise.terminal import progress
from pixelwise.terminal.console import terminal
from pixelwise.terminal.rows import duration, losses, of_progress

SECONDS_BETWEEN_LINES = 10.0
BAR = 10
"""Columns of the bar; all others are for words and numbers."""


class _Row(ProgressColumn):
    """Step, time that remains and as many losses as there is room for."""

    def __init__(self, live: Live) -> None:
        super().__init__()
        self._live = live

    def render(self, task: Task) -> Text:
        live = self._live
        told = live.told(int(task.completed))
        width = max(live.console.width - BAR - 1, 1)
        return Text(of_progress(live.title, told, told.left, width), no_wrap=True, overflow="crop")


class Live:
    """Shows steps, losses, examples per second and the time that remains, and tells them to whoever watches the run.

    Args:
        title: What is trained.
        steps: Steps in all.
        start: Steps done before (by the run that was stopped).
        batch: Examples per step.
        silent: Show nothing (all processes but the first).
        console: Where to show it. By default a bar on standard error if that is a terminal, and plain lines on standard
            output if that is a file; the lines go to standard error where neither holds.
    """

    def __init__(
        self, title: str, steps: int, start: int, batch: int, silent: bool = False, console: Console | None = None
    ) -> None:
        self.title, self.steps, self.start, self.batch = title, steps, start, batch
        self.console = console or terminal(stderr=True, quiet=silent)
        output = terminal(quiet=silent)
        log = output if console is None and not output.is_terminal else self.console
        self._log = None if log.is_terminal else log
        self._begun = time.perf_counter()
        self._last_line = -SECONDS_BETWEEN_LINES
        self._losses: Mapping[str, float] = {}
        self._bar: Progress | None = None

    def __enter__(self) -> Live:
        if self.console.is_terminal and not self.console.quiet:
            self._bar = Progress(_Row(self), BarColumn(BAR), console=self.console)
            self._bar.start()
            self._task = self._bar.add_task(self.title, total=self.steps, completed=self.start)
        self._tell(self.start)
        self._line(f"{self.title}: step {self.start} of {self.steps}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        if kind is None:
            self._line(f"{self.title}: {self.steps} steps in {duration(time.perf_counter() - self._begun)}")

    def _line(self, text: str) -> None:
        if self._log is not None:
            self._log.print(text, soft_wrap=True, highlight=False, markup=False)
            self._log.file.flush()

    def told(self, step: int) -> progress.Progress:
        """How far it is after `step` steps."""
        pace = (step - self.start) / max(time.perf_counter() - self._begun, 1e-9)
        left = (self.steps - step) / pace if step > self.start else None
        return progress.Progress(step, self.steps, "steps", self._losses, pace * self.batch, "images", left)

    def _tell(self, step: int) -> None:
        progress.tell(step, self.steps, "steps", self._losses, each=self.batch, rate_unit="images")

    def step(self, step: int, losses_now: Mapping[str, float] | None = None) -> None:
        """Show that `step` steps are done; `losses_now` are the latest means, where there are new ones."""
        if losses_now is not None:
            self._losses = losses_now
        self._tell(step)
        if self._bar is not None:
            self._bar.update(self._task, completed=step)
        if losses_now is not None and time.perf_counter() - self._last_line >= SECONDS_BETWEEN_LINES:
            told = self.told(step)
            shown = ", ".join([*losses(losses_now), f"{told.rate:.1f} images/s"])
            self._line(f"{self.title}: step {step}/{self.steps}, {shown}, {duration(told.left or 0.0)} left")
            self._last_line = time.perf_counter()

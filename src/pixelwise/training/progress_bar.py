"""Live progress: a bar on the terminal, and plain lines wherever the output is a file."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pixelwise.terminal.console import terminal

SECONDS_BETWEEN_LINES = 10.0


def duration(seconds: float) -> str:
    """Hours, minutes and seconds, such as 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


class Live:
    """Shows steps, losses, examples per second and the time that remains.

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
        self._losses = ""
        self._bar: Progress | None = None

    def __enter__(self) -> Live:
        if self.console.is_terminal and not self.console.quiet:
            columns = (
                TextColumn(self.title),
                MofNCompleteColumn(),
                BarColumn(),
                TextColumn("{task.fields[text]}"),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=self.console)
            self._bar.start()
            self._task = self._bar.add_task(self.title, total=self.steps, completed=self.start, text="")
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

    def _text(self, step: int) -> tuple[str, float]:
        elapsed = time.perf_counter() - self._begun
        rate = (step - self.start) * self.batch / max(elapsed, 1e-9)
        return f"{self._losses}{rate:.1f} images/s", elapsed

    def step(self, step: int, losses: Mapping[str, float] | None = None) -> None:
        """Show that `step` steps are done; `losses` are the latest means, where there are new ones."""
        if losses is not None:
            self._losses = "".join(f"{name} {value:.4g}, " for name, value in losses.items())
        if self._bar is not None:
            self._bar.update(self._task, completed=step, text=self._text(step)[0])
        if losses is not None and time.perf_counter() - self._last_line >= SECONDS_BETWEEN_LINES:
            text, elapsed = self._text(step)
            left = elapsed / max(step - self.start, 1) * (self.steps - step)
            self._line(f"{self.title}: step {step}/{self.steps}, {text}, {duration(left)} left")
            self._last_line = time.perf_counter()

"""A run as people see it: on a terminal one live line for each job at work, elsewhere a few plain lines."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from typing import IO, Protocol

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pixelwise.planning.watched import Run
from pixelwise.terminal.console import terminal
from pixelwise.terminal.rows import GAP, duration, of_progress, row
from pixelwise.terminal.screen import lines, say

MINUTE = 60.0
LEAST_BAR = 8


def left_words(run: Run, now: float) -> str:
    """What is left of a run, such as `0:12:34 left`; that is the least where the times of some jobs are not known."""
    seconds, known = run.left(now)
    return f"{'' if known else 'at least '}{duration(seconds)} left"


def counted(run: Run) -> list[str]:
    """How many jobs are done, and failed."""
    failed = [f"{len(run.failed)} failed"] if run.failed else []
    return [f"{len(run.taken)}/{run.total} jobs", *failed]


class Display(Protocol):
    """Where a run is shown."""

    def say(self, text: str) -> None:
        """Show one line that stays."""
        ...

    def tick(self) -> None:
        """Bring what is shown up to date."""
        ...

    def end(self) -> None:
        """Show nothing more."""
        ...


class Lines:
    """Plain lines: what happens, and once a minute how far everything is."""

    def __init__(self, run: Run) -> None:
        self._run, self._last = run, time.time()

    def say(self, text: str) -> None:
        """Show one line."""
        say(text)

    def tick(self) -> None:
        """Say once a minute how far the run and its jobs are."""
        now = time.time()
        if now - self._last < MINUTE:
            return
        self._last = now
        say(GAP.join([*counted(self._run), left_words(self._run, now)]))
        for running in list(self._run.running.values()):
            if told := self._run.progress(running):
                left = self._run.left_of(running, told, now)
                say(f"{GAP}{of_progress(running.id, told, left, 200)}")

    def end(self) -> None:
        """Nothing stays open."""


def _size(handle: int) -> os.terminal_size:
    """Columns and lines of a terminal; where it reports none, such as below `script`, COLUMNS and LINES or 80x24."""
    columns, lines = os.get_terminal_size(handle)
    usual = shutil.get_terminal_size()
    return os.terminal_size((columns or usual.columns, lines or usual.lines))


class Screen:
    """One line for the run and one for each job at work, at the foot of a terminal.

    While it is there, standard error of this process and of the jobs is a file that is read here, so that nothing is
    written across it; whatever comes is shown above.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        sys.stderr.flush()
        self._real = os.dup(2)
        self._others: IO[bytes] = tempfile.TemporaryFile("a+b", buffering=0)  # noqa: SIM115
        self._read, self._rest = 0, b""
        os.dup2(self._others.fileno(), 2)
        self._stream = os.fdopen(os.dup(self._real), "w", encoding="utf-8", errors="backslashreplace")
        self.console = terminal(file=self._stream, force_terminal=True)
        self.console.size = _size(self._real)
        self._live = Live(
            console=self.console,
            get_renderable=self._render,
            auto_refresh=False,
            redirect_stdout=sys.stdout.isatty(),
            redirect_stderr=False,
            transient=True,
        )
        self._live.start(refresh=True)
        self.console.show_cursor(True)  # who is killed leaves a terminal with a cursor

    def say(self, text: str) -> None:
        """Show one line above."""
        self._heard()
        self.console.print(Text(lines(text)), soft_wrap=True)

    def tick(self) -> None:
        """Draw anew, as wide as the terminal is now."""
        self._heard()
        self.console.size = _size(self._real)
        self._live.refresh()

    def end(self) -> None:
        """Give standard error back."""
        sys.stderr.flush()
        self._heard(last=True)
        self._live.stop()
        os.dup2(self._real, 2)
        os.close(self._real)
        self._stream.close()
        self._others.close()

    def _heard(self, last: bool = False) -> None:
        """Show what others wrote on standard error, line by line."""
        heard = os.pread(self._others.fileno(), 1 << 20, self._read)
        self._read += len(heard)
        *whole, self._rest = (self._rest + heard).split(b"\n")
        if last and self._rest:
            whole.append(self._rest)
        for line in whole:
            self.console.print(Text(lines(line.decode("utf-8", "backslashreplace"))), soft_wrap=True)

    def _render(self) -> RenderableType:
        return screen(self._run, time.time(), *self.console.size)


def screen(run: Run, now: float, width: int, height: int) -> RenderableType:
    """The live lines: the run, then its jobs, as many as there is room for."""
    known = run.left(now)[0]
    gone = now - run.begun
    head = row(f"run {run.name}", [*counted(run), f"{duration(gone)} gone", left_words(run, now)], [], width)
    shown: list[RenderableType] = [Text(head)]
    if (room := width - len(head) - len(GAP)) >= LEAST_BAR:
        grid = Table.grid(padding=(0, len(GAP), 0, 0))
        grid.add_row(Text(head, no_wrap=True), ProgressBar(total=max(gone + known, 1.0), completed=gone, width=room))
        shown = [grid]
    at_work = sorted(run.running.values(), key=lambda running: (running.begun, running.id))
    most = max(height - 3, 1)
    for running in at_work[:most]:
        told = run.progress(running)
        left = run.left_of(running, told, now)
        if told is None:
            words = [] if left is None else [f"{duration(left)} left"]
            text = row(running.id, [f"{duration(now - running.begun)} gone", *words], [], width)
        else:
            text = of_progress(running.id, told, left, width)
        shown.append(Text(text, no_wrap=True, overflow="crop"))
    if len(at_work) > most:
        shown.append(Text(f"and {len(at_work) - most} more"))
    return Group(*shown)

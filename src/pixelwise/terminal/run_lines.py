"""What is said of a run's jobs as they start, end and fail; Snakemake's logger calls it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pixelwise.planning import watched
from pixelwise.planning.watched import Run
from pixelwise.terminal.live_run import Display, Lines, Screen, counted
from pixelwise.terminal.rows import duration
from pixelwise.terminal.screen import lines, plain

ERROR = "pixelwise: error: "
TAIL = 8192


def on_terminal() -> bool:
    """Whether live lines can be shown: standard error is a terminal that can move its cursor."""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def last_line(log: str) -> str:
    """The last line of a job's log: its error in one line, where it ended by itself; empty if it has none."""
    try:
        with open(log, "rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - TAIL))
            found = stream.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((plain(line.strip()) for line in reversed(found) if line.strip()), "")


class RunLog:
    """The jobs of the run that this process makes, by Snakemake's numbers of them."""

    def __init__(self) -> None:
        if watched.current is None:  # jobs of a Snakefile that is not ours
            watched.current = Run("", (), dict, (1, 0), goes_on=True)
        self._run = watched.current
        self._names: dict[int, str] = {}
        self._logs: dict[int, str] = {}
        self._told: set[int] = set()
        self._live = on_terminal()
        self._display: Display = Screen(self._run) if self._live else Lines(self._run)

    def start(self, number: int, words: Sequence[str], logs: Sequence[str]) -> None:
        """A job has started: its rule and wildcards, and its logs."""
        if not logs:  # a rule without work, such as `all`
            return
        name, log = "/".join(words), str(logs[0])
        self._names[number], self._logs[number] = name, log
        self._run.start(name, log)
        if not self._live:
            self._display.say(f"started   {name}  (log: {log})")

    def end(self, number: int) -> None:
        """A job has ended well."""
        name = self._names.get(number)
        if name is None:
            return
        took = duration(self._run.end(name))
        done = "" if self._live else f"  ({counted(self._run)[0]} done)"
        self._display.say(f"finished  {name}  in {took}{done}")

    def fail(self, number: int, rule: str, logs: Sequence[str]) -> None:
        """A job has failed: what its log says last, and where that is."""
        if number in self._told:
            return
        self._told.add(number)
        name = self._names.get(number, rule)
        log = str(logs[0]) if logs else self._logs.get(number, "")
        took = self._run.end(name, failed=True)
        line = last_line(log)
        why = line.removeprefix(ERROR) or "ended without a word"
        if line and not line.startswith(ERROR):
            why = f"ended without an error of its own; it last said: {line}"
        self._display.say(f"failed    {name}  after {duration(took)}: {why}{f'  (log: {log})' if log else ''}")

    def say(self, text: str) -> None:
        """Anything else that Snakemake has to say."""
        for line in lines(text).split("\n"):
            self._display.say(line)

    def tick(self) -> None:
        """Bring what is shown up to date."""
        self._display.tick()

    def close(self) -> None:
        """The run has ended, well or not."""
        self._display.end()
        self._display = Lines(self._run)
        gone = duration(time.time() - self._run.begun)
        words = counted(self._run)
        rest = self._run.total - len(self._run.taken) - len(self._run.failed)
        if rest:
            words.append(f"{rest} not made")
        self._display.say(f"pixelwise: {', '.join(words)} in {gone}; logs: {Path('logs', self._run.name)}/")

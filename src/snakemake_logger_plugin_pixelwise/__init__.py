"""Snakemake's logger `pixelwise`: live lines for the jobs at work instead of paragraphs of file names.

Snakemake finds it by its name (`logger: pixelwise` in `profiles/default`). It loads before the Snakefile says which
checkout runs, so what is shown is imported from `pixelwise` when the first job starts. A dry run, `--verbose` and
whatever runs no job read as they do without it.
"""

from __future__ import annotations

import logging
import sys
from threading import Event, RLock, Thread
from typing import TYPE_CHECKING, Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

if TYPE_CHECKING:
    from pixelwise.terminal.run_lines import RunLog

SECONDS_BETWEEN = 0.5
__all__ = ["LogHandler"]


class LogHandler(LogHandlerBase):
    """Shows the events of a run; every other record as Snakemake shows it by itself."""

    def __post_init__(self) -> None:
        from snakemake.logging import ColorizingTextHandler, DefaultFormatter

        settings = self.common_settings
        stream = sys.stdout if settings.stdout else sys.stderr
        formatter = DefaultFormatter(settings.quiet, settings.show_failed_logs)
        self._usual = ColorizingTextHandler(settings.nocolor, stream, formatter)
        self._held: list[logging.LogRecord] = []
        self._run: RunLog | None = None
        self._lock, self._ended = RLock(), Event()

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record; what is no event of a job waits until it is known whether any job runs."""
        event, settings = getattr(record, "event", None), self.common_settings
        if settings.dryrun or settings.verbose or settings.debug_dag:
            self._usual.handle(record)
            return
        with self._lock:
            if event == LogEvent.JOB_INFO and self._run is None:
                self._begin()
            if self._run is None:
                self._hold(record)
            else:
                self._tell(self._run, event, record)

    def _begin(self) -> None:
        from pixelwise.terminal.run_lines import RunLog

        self._held.clear()
        self._run = RunLog()
        Thread(target=self._tick, daemon=True).start()

    def _hold(self, record: logging.LogRecord) -> None:
        self._held.append(record)
        if record.levelno > logging.INFO:
            self._release()

    def _release(self) -> None:
        for record in self._held:
            self._usual.handle(record)
        self._held.clear()

    def _tell(self, run: RunLog, event: str | None, record: logging.LogRecord) -> None:
        facts: dict[str, Any] = record.__dict__
        if event == LogEvent.JOB_INFO:
            run.start(facts["jobid"], [facts["rule_name"], *(facts["wildcards"] or {}).values()], facts["log"])
        elif event == LogEvent.JOB_FINISHED:
            run.end(facts["job_id"])
        elif event == LogEvent.JOB_ERROR:
            run.fail(facts["jobid"], facts["rule_name"], facts["log"])
        elif event == LogEvent.GROUP_ERROR:
            for job in facts["job_error_info"]:
                run.fail(job["jobid"], job["rule_name"], job["log"])
        elif record.levelno > logging.INFO or (event == LogEvent.SHELLCMD and self.common_settings.printshellcmds):
            run.say(self._usual.format(record))

    def _tick(self) -> None:
        while not self._ended.wait(SECONDS_BETWEEN):
            with self._lock:
                if self._run is not None and not self._ended.is_set():
                    self._run.tick()

    def close(self) -> None:
        """Show nothing more: the run has ended."""
        with self._lock:
            if not self._ended.is_set():
                self._ended.set()
                self._release()
                if self._run is not None:
                    self._run.close()
        super().close()

    @property
    def writes_to_stream(self) -> bool:
        """It takes the place of what Snakemake writes to standard error."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """Snakemake's own log in `.snakemake/log` is written beside it."""
        return False

    @property
    def has_filter(self) -> bool:
        """`--quiet` means what it means without it."""
        return False

    @property
    def has_formatter(self) -> bool:
        """It makes its own lines."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """It does not."""
        return False

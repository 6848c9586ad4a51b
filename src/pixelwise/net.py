"""The net below the command line: whatever escapes ends as one line, with its trace in `logs/`.

Exit status: 2 for a mistake of the user's or of the machine's, 1 for anything that no one foresaw, 128 and the signal's
number for a signal, where a reader that left (`| head`) counts as SIGPIPE and needs no line.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

from pixelwise.errors import PixelwiseError, out_of_memory, shortage
from pixelwise.files.file_in_use import worked_on
from pixelwise.terminal import screen
from pixelwise.terminal.streams import drain, held, name_standard_output, separate_log

TRACES = Path("logs")
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LONGEST = 500
LONGEST_LINE = 2000


class Stopped(BaseException):
    """A signal that ends the process; no `except Exception` holds it."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.number = number


def _quiet_signals() -> None:
    """Let a further signal end the process without a word."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    _quiet_signals()  # what cleans up now may be ended by a second one
    raise Stopped(number)


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """Let signals that would end the process unwind it, so that nothing half-written stays."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            if (old := signal.getsignal(number)) in (signal.SIG_DFL, signal.default_int_handler):
                before[number] = old
                signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _machine(error: BaseException) -> str | None:
    """What libraries say, each in its own class of exception, when the machine is too small; None for all else."""
    if out_of_memory(error):
        return f"{shortage(error)}; use a smaller batch or image size"
    if "No space left" in str(error) or "File too large" in str(error):
        return f"the disk is full: {error}"
    return None


def judge(error: BaseException, place: str = "") -> tuple[int, str | None]:
    """Exit status and message of an error; the message is None where no one foresaw it, empty where none is due.

    Args:
        error: The error.
        place: The file that was worked on, for errors that name none.
    """
    if isinstance(error, PixelwiseError):
        return 2, str(error)
    if isinstance(error, BrokenPipeError):
        return 128 + signal.SIGPIPE, ""
    if isinstance(error, OSError):
        if error.filename is not None:
            place = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else str(error.filename)
        return 2, f"{place or 'input or output'}: {error.strerror or error}"
    if isinstance(error, KeyboardInterrupt):
        error = Stopped(signal.SIGINT)
    known = str(error) if isinstance(error, Stopped) else _machine(error)
    if known is None:
        return 1, None
    return 128 + error.number if isinstance(error, Stopped) else 2, f"{place}: {known}" if place else known


def _hidden(text: str) -> str:
    """Without the names and passwords of addresses."""
    return re.sub(r"(\w://)[^/\s@]+@", r"\1***@", text)


def _cut(text: str) -> str:
    """At most `LONGEST_LINE` characters: names in files may be of any length."""
    return text if len(text) <= LONGEST_LINE else f"{text[: LONGEST_LINE - 300]} ... {text[-290:]}"


def _write(folder: Path, text: str) -> Path:
    name = f"error-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.getpid()}.txt"
    with open(folder / name, "x", encoding="utf-8", errors="backslashreplace") as stream:
        try:
            stream.write(text)
            stream.flush()
        except OSError:
            os.unlink(stream.name)
            raise
    return folder / name


def _keep(error: BaseException, noise: str) -> str:
    """Write the whole trace to `logs/`, else to the folder for temporary files; says where it is."""
    frames = "".join(traceback.format_exception(error))
    text = _hidden(f"{' '.join(map(screen.plain, sys.argv))}\n\n{frames}\n{noise}")
    with contextlib.suppress(OSError):
        if not TRACES.is_symlink():
            TRACES.mkdir(exist_ok=True)
            return f"the full trace is in {_write(TRACES, text)}"
    with contextlib.suppress(OSError):
        return f"the full trace is in {_write(Path(tempfile.gettempdir()), text)}"
    last = traceback.extract_tb(error.__traceback__)[-1:]
    place = f"; raised in {last[0].filename}, line {last[0].lineno}" if last else ""
    return f"neither {TRACES} nor the folder for temporary files takes the trace{place}"


def _unforeseen(error: BaseException, noise: str) -> str:
    """The line for an error that no one foresaw: its kind, the file that was worked on, and where the trace is."""
    said = " ".join([f"{type(error).__name__}:", *str(error).split()])[:LONGEST].rstrip(":")
    return f"{said}; {_keep(error, noise)}"


def told(error: BaseException, noise: str = "", default: str = "") -> tuple[int, str]:
    """Exit status and line of an error, the line empty where none is due; never raises.

    Args:
        error: The error.
        noise: What libraries said before, for the trace.
        default: The file that was worked on, if the error does not show it.
    """
    try:
        place = worked_on(error) or default
        status, message = judge(error, place)
        if message is None:
            message = _unforeseen(error, noise)
            message = f"{place}: {message}" if place else message
        return status, _cut(screen.plain(_hidden(message)))
    except BaseException as other:  # memory or stack are at an end
        return 1, f"{type(error).__name__}, and {type(other).__name__} while reporting it"


def report(error: BaseException, noise: str = "", default: str = "") -> int:
    """Write the one line of an error and return the exit status; never raises.

    The line also goes to standard output where that is a file of its own: the log of a job. Arguments as of `told`.
    """
    status, message = told(error, noise, default)
    if message:
        line = f"pixelwise: error: {message}"
        with contextlib.suppress(Exception):
            screen.say(line)
        with contextlib.suppress(Exception):
            if separate_log():
                print(line, flush=True)
    return status


def _status(command: Callable[[], int | None]) -> int:
    """Run a command; every error is one line."""
    with _signals():
        try:
            name_standard_output()
            with held() as noise:
                try:
                    status = command() or 0
                    drain()
                except SystemExit as error:
                    status = error.code if isinstance(error.code, int) else int(error.code is not None)
                except BaseException as error:
                    status = report(error, noise.take())
            return status
        except BaseException as error:  # in the streams themselves
            return report(error)


def run(command: Callable[[], int | None]) -> NoReturn:
    """Run a command and end the process with its status; whatever it raises is one line."""
    status = _status(command)
    with contextlib.suppress(Exception):
        drain()
    atexit.register(_quiet_signals)
    sys.exit(status)


@contextlib.contextmanager
def planning(release: Callable[[], None] = lambda: None) -> Iterator[None]:
    """The net for planning inside Snakemake, which would show a trace: one line, and the process ends at once.

    Args:
        release: What to do before the end, such as unlocking the folder.
    """
    with _signals():
        with held() as noise:
            try:
                yield
                return
            except BaseException as error:
                status = report(error, noise.take(), "params.yaml")
        with contextlib.suppress(BaseException):
            release()
        with contextlib.suppress(BaseException):
            drain()
        os._exit(status)

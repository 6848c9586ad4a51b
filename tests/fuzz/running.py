"""Runs the command line in this process as a process of its own would run, within bounds and watched."""

from __future__ import annotations

import io
import logging
import os
import resource
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.fuzz.guard import RefusedError, watched
from tests.fuzz.sandbox import OUTPUTS, Sandbox, listing

SECONDS = 20
"""Processor time that one case may take."""
WALL = 600
"""Seconds, for what waits without working; many times more than any case takes on a busy machine."""
MEMORY = 2**30
"""Address space that one case may add."""
PREFIX = "pixelwise: error: "


RANG: list[bool] = []
"""Whether the present case ran out of time, whoever swallowed the exception."""


class HangError(BaseException):
    """A case took longer than it may."""


@dataclass
class Outcome:
    """How a command ended.

    Attributes:
        arguments: The command.
        status: Exit status, or -1 if an exception escaped.
        out: Standard output.
        err: Standard error, that of native code too.
        escaped: The exception that escaped, if any.
        tried: What the guard stopped.
        changed: What changed that may not.
    """

    arguments: tuple[str, ...]
    status: int
    out: str
    err: str
    escaped: BaseException | None = None
    tried: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def line(self) -> str:
        """The one line that an error is."""
        return self.err.strip("\n").removeprefix(PREFIX)


def _ring(*_: Any) -> None:
    RANG.append(True)
    raise HangError


@contextmanager
def _bounded() -> Iterator[None]:
    """Bound processor time, time and memory."""
    with open("/proc/self/statm", encoding="ascii") as stream:
        used = int(stream.read().split()[0]) * resource.getpagesize()
    limits = resource.getrlimit(resource.RLIMIT_AS)
    former = {number: signal.signal(number, _ring) for number in (signal.SIGPROF, signal.SIGALRM)}
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, limits[1]))
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    signal.setitimer(signal.ITIMER_REAL, WALL)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, limits)
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def _as_a_user(sandbox: Sandbox, streams: list[Any], arguments: Sequence[str]) -> Iterator[None]:
    """Current folder, home, arguments, streams, warnings and logging as a process of its own would have them."""
    kept = (sys.argv, sys.stdout, sys.stderr, os.getcwd(), dict(os.environ), tempfile.tempdir)
    saved, root = (os.dup(1), os.dup(2)), logging.getLogger()
    handlers, root.handlers = root.handlers, []
    os.chdir(sandbox.clone)
    os.environ.update({"HOME": str(sandbox.home), "COLUMNS": "200"})
    tempfile.tempdir = str(sandbox.root.parent / "temporary")
    os.makedirs(tempfile.tempdir, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    for number, stream in zip((1, 2), streams, strict=True):
        os.dup2(stream.fileno(), number)
    sys.argv = ["pixelwise", *arguments]
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(io.FileIO(number, "w", closefd=False), "utf-8", errors) for number, errors in _STREAMS
    )
    try:
        with warnings.catch_warnings():
            warnings.resetwarnings()
            for ignored in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
                warnings.simplefilter("ignore", ignored)
            warnings.showwarning = lambda message, kind, *_: print(f"{kind.__name__}: {message}", file=sys.stderr)
            yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, former in zip((1, 2), saved, strict=True):
            os.dup2(former, number)
            os.close(former)
        root.handlers = handlers
        sys.argv, sys.stdout, sys.stderr, folder, variables, tempfile.tempdir = kept
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(variables)


_STREAMS = ((1, "surrogateescape"), (2, "backslashreplace"))


def call(sandbox: Sandbox, *arguments: str, allowed: Sequence[str] = OUTPUTS) -> Outcome:
    """Run `pixelwise ARGUMENTS` in the sandbox's clone.

    Args:
        sandbox: Where.
        arguments: The command.
        allowed: Paths in the clone that may change.
    """
    from pixelwise.cli import main

    before, status, escaped = listing(sandbox.root), -1, None
    RANG.clear()
    with ExitStack() as stack:
        streams = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(2)]
        temporary = str(sandbox.root.parent / "temporary")
        started = time.process_time()
        with _as_a_user(sandbox, streams, arguments):
            try:
                with watched(str(sandbox.clone), temporary, os.environ["MPLCONFIGDIR"]) as tried, _bounded():
                    main()
            except SystemExit as end:
                status = end.code if isinstance(end.code, int) else int(end.code is not None)
            except (Exception, RefusedError, HangError) as error:
                escaped = error
        seconds = time.process_time() - started
        texts = []
        for stream in streams:
            stream.seek(0)
            texts.append(stream.read().decode("utf-8", "surrogateescape"))
    done = Outcome(arguments, status, *texts, escaped, list(tried), [], seconds)
    done.changed = sandbox.changed(before, allowed)
    return done

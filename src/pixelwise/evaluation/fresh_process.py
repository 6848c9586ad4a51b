"""A function called in a new process, in which nothing of this one is left: for measurements of the process itself."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import connection
from typing import TypeVar, cast

from pixelwise.errors import PixelwiseError

Answer = TypeVar("Answer")


def call(name: str, function: Callable[..., Answer], *arguments: object) -> Answer:
    """What a function of a module returns in a new process.

    Args:
        name: What the process is, for errors.
        function: Found by its name in the new process.
        arguments: They, the answer and an error are pickled.

    Raises:
        PixelwiseError: If the process ends without an answer; it ends with this one, whatever ends this one.
        Exception: What the function raises.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(theirs, function, *arguments))
    process.start()
    theirs.close()
    try:
        answer = ours.recv()
    except EOFError:
        process.join()
        raise PixelwiseError(f"{name} ended by itself (exit status {process.exitcode})") from None
    finally:
        process.kill()
        process.join()
        ours.close()
    if isinstance(answer, Exception):
        raise answer
    return cast(Answer, answer)


def _answer(answer: connection.Connection, function: Callable[..., object], *arguments: object) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends this one
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_follow, args=(parent.sentinel,), daemon=True).start()
    try:
        answer.send(function(*arguments))
    except (PixelwiseError, MemoryError, RuntimeError) as error:
        answer.send(error)
    except Exception as error:  # of any class, which may not survive the way
        answer.send(RuntimeError(f"{type(error).__name__}: {error}"))


def _follow(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)

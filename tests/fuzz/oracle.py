"""Says what is wrong with how a command ended.

A case is well if it ends with status 0, or with status 2 and exactly one line on standard error; if it changed nothing
but what it may; and if it started nothing.
"""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.running import PREFIX, RANG, Outcome, call

__all__ = ["PREFIX", "Outcome", "call", "check", "fail", "wrong"]


def wrong(done: Outcome, *names: str) -> str | None:
    """What is wrong with how a command ended, in one line; None if all is well.

    Args:
        done: How it ended.
        names: The error must hold one of them: the file or the key.
    """
    if done.tried:
        return f"OUTSIDE: tried {done.tried[0]}"
    if done.changed:
        return f"OUTSIDE: changed {done.changed[:3]}"
    if RANG:
        return f"HANG: {done.err[-200:]!r}"
    if done.escaped is not None:
        return f"TRACEBACK: {type(done.escaped).__name__}: {str(done.escaped)[:200]!r} {_where(done.escaped)}"
    if done.status == 0:
        return None
    if done.status != 2:
        return f"STATUS {done.status}: {done.err[-300:]!r}"
    if done.err.count("\n") != 1 or not done.err.startswith(PREFIX):
        return f"LINES: {done.err[:400]!r}"
    if not done.line.isprintable():
        return f"UNPRINTABLE: {done.line[:300]!r}"
    if len(done.line) > 2000:
        return f"LONG: {len(done.line)} characters, {done.line[:200]!r}"
    if names and not any(name in done.line for name in names):
        return f"NAMELESS: {done.line[:300]!r} names none of {names}"
    return None


def _where(error: BaseException) -> str:
    """The last place in this package that the exception passed."""
    place, frame = "", error.__traceback__
    while frame is not None:
        path = Path(frame.tb_frame.f_code.co_filename)
        if "pixelwise" in path.parts:
            place = f"{path.name}:{frame.tb_lineno} {frame.tb_frame.f_code.co_name}"
        frame = frame.tb_next
    return place


def fail(text: str) -> None:
    """Say that a case is not well.

    Raises:
        AssertionError: Always.
    """
    raise AssertionError(text)


def check(done: Outcome, *names: str, case: object = "") -> None:
    """Fail with what is wrong with how a command ended, if anything is."""
    if (fault := wrong(done, *names)) is not None:
        fail(f"{fault}\ncommand: {done.arguments}\ncase: {case!r:.2000}")

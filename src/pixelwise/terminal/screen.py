"""What reaches the terminal, with nothing in a name that a terminal would obey; tables are in `console`."""

from __future__ import annotations

import sys
import unicodedata
from typing import IO, TextIO

_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_errors: TextIO | None = None


def plain(text: str) -> str:
    r"""A text on one line, with escapes for whatever a terminal would obey, hide or fail to show.

    These are control characters, invisible and direction marks, and the bytes of a file name that are not UTF-8.

    >>> plain("a\x1b[31m\nb\udcff")
    'a\\x1b[31m\\nb\\xff'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or unicodedata.category(c) == "Zs" else _escape(c) for c in text)


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that did not decode, as Python keeps it in names of files
        code -= 0xDC00
    width, letter = (2, "x") if code < 0x100 else (4, "u") if code < 0x10000 else (8, "U")
    return _NAMED.get(character) or f"\\{letter}{code:0{width}x}"


def lines(text: str) -> str:
    """`plain` for a text of several lines."""
    return "\n".join(plain(line) for line in text.split("\n"))


def errors() -> IO[str] | None:
    """Standard error, past whatever holds back what libraries write there; None if it is closed."""
    return _errors or sys.stderr


def use_for_errors(stream: TextIO | None) -> None:
    """Write to `stream` from now on instead of standard error; None ends that."""
    global _errors
    _errors = stream


def say(text: str) -> None:
    """One line for the user on standard error, whatever libraries are held back from it."""
    if (stream := errors()) is not None:
        print(plain(text), file=stream, flush=True)


def show(text: str) -> None:
    """Lines on standard output."""
    print(lines(text), flush=True)

"""A pseudo-terminal that is recorded, and the screen that it shows."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import struct
import termios
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CONTROL = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])")


@dataclass
class Recording:
    """What was written, in the pieces in which it came: (seconds, text)."""

    pieces: list[tuple[float, str]] = field(default_factory=list)
    handle: int = -1

    def save(self, file: Path) -> None:
        """Keep it for other processes."""
        file.write_text(json.dumps(self.pieces))

    @classmethod
    def kept(cls, file: Path) -> Recording:
        """A recording that was saved."""
        return cls([(when, text) for when, text in json.loads(file.read_text())])

    def screens(self, width: int = 80) -> Iterator[list[str]]:
        """The lines of the screen each time that nothing more was written for a moment."""
        screen = Screen(width)
        for number, (when, text) in enumerate(self.pieces):
            screen.write(text)
            if number + 1 == len(self.pieces) or self.pieces[number + 1][0] - when > 0.05:
                yield screen.lines()


class Screen:
    """The part of a terminal that `rich` uses: lines that wrap, the cursor up, whole lines erased."""

    def __init__(self, width: int) -> None:
        self.width, self.row, self.column = width, 0, 0
        self.cells: list[list[str]] = [[]]

    def write(self, text: str) -> None:
        """Show a text, controls obeyed; one that is not known is an error."""
        place = 0
        while place < len(text):
            if found := CONTROL.match(text, place):
                self._control(found[1], found[2])
                place = found.end()
                continue
            self._character(text[place])
            place += 1

    def _control(self, argument: str, letter: str) -> None:
        if letter == "A":
            self.row = max(self.row - int(argument or 1), 0)
        elif letter == "K" and argument == "2":
            self.cells[self.row] = []
        elif letter not in "mhl":
            raise AssertionError(f"control {argument}{letter}")

    def _character(self, character: str) -> None:
        if character == "\r":
            self.column = 0
        elif character == "\n" or self.column == self.width:
            self.row, self.column = self.row + 1, 0
            if self.row == len(self.cells):
                self.cells.append([])
        if character in "\r\n":
            return
        line = self.cells[self.row]
        line += [" "] * (self.column + 1 - len(line))
        line[self.column] = character
        self.column += 1

    def lines(self) -> list[str]:
        """What is shown, from top to bottom, without what is empty at the end."""
        return "\n".join("".join(line).rstrip() for line in self.cells).rstrip().split("\n")


@contextlib.contextmanager
def recorded(width: int = 80, height: int = 24) -> Iterator[Recording]:
    """A pseudo-terminal, open as `Recording.handle`, recorded until the block ends."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    recording = Recording(handle=slave)

    def read() -> None:
        begun = time.monotonic()
        with contextlib.suppress(OSError):  # the other end is closed
            while text := os.read(master, 1 << 16):
                recording.pieces.append((time.monotonic() - begun, text.decode("utf-8", "replace")))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield recording
    finally:
        os.close(slave)
        reader.join()
        os.close(master)

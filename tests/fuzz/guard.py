"""Watches this process while a case runs: what it writes, removes and starts is stopped at the sandbox's border."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

STARTS = frozenset(
    {"subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile", "os.system"}
    | {"pty.spawn", "socket.connect", "socket.getaddrinfo", "webbrowser.open", "ctypes.dlopen.user"}
)
"""Audit events that no case may cause: another process, the network."""
WRITES: dict[str, tuple[int, ...]] = {
    **{name: (0,) for name in ("os.remove", "os.rmdir", "os.mkdir", "os.chmod", "os.chown", "os.truncate", "os.utime")},
    **{name: (0,) for name in ("os.setxattr", "os.removexattr", "shutil.rmtree", "sqlite3.connect")},
    **{name: (0, 1) for name in ("os.rename", "os.link")},
    "os.symlink": (1,),
}
"""Audit events that change the disk, with the places of the paths among their arguments."""
DIRECTORY: dict[str, tuple[int, ...]] = {
    **{"os.remove": (1,), "os.rmdir": (1,), "os.mkdir": (2,), "os.chmod": (2,), "os.chown": (3,), "os.utime": (3,)},
    **{"os.rename": (2, 3), "os.link": (2, 3), "os.symlink": (2,), "shutil.rmtree": (1,)},
}
"""Places of the open folders that those paths are relative to."""
ASKED = ("git", "uname", "fc-list")
"""The only programs that may be asked: for a report's commit, by Python for the processor, by matplotlib for fonts."""


class RefusedError(BaseException):
    """What a case tried and may not do; no `except Exception` swallows it."""


class Border:
    """The folder that may be changed, and what was tried beyond it."""

    def __init__(self) -> None:
        self.inside: tuple[str, ...] = ()
        self.tried: list[str] = []


BORDER = Border()
_installed = False


def _place(path: Any, folder: int, follow: bool) -> str:
    text = os.fsdecode(path)
    if not os.path.isabs(text):
        text = os.path.join(os.readlink(f"/proc/self/fd/{folder}") if folder >= 0 else os.getcwd(), text)
    if follow:
        return os.path.realpath(text)
    parent, name = os.path.split(text.rstrip("/") or "/")
    return os.path.join(os.path.realpath(parent), name) if name not in ("", ".", "..") else os.path.realpath(text)


def _within(place: str) -> bool:
    return place == "/dev/null" or any(place == folder or place.startswith(folder + "/") for folder in BORDER.inside)


def _refuse(text: str) -> None:
    BORDER.tried.append(text)
    raise RefusedError(text)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not BORDER.inside:
        return
    if event in STARTS:
        if event == "subprocess.Popen" and arguments[1][0] in ASKED:
            return
        _refuse(f"{event} {arguments[:2]!r}"[:300])
    elif event == "pickle.find_class" and str(arguments[0]).split(".")[0] in ("os", "posix", "subprocess", "sys"):
        _refuse(f"{event} {arguments!r}"[:300])
    elif event == "open":
        path, mode, flags = arguments
        writes = any(letter in (mode or "") for letter in "wax+") or (flags or 0) & (os.O_WRONLY | os.O_RDWR)
        if writes and not isinstance(path, int) and not _within(_place(path, -1, follow=True)):
            _refuse(f"open for writing {path!r}")
    elif event in WRITES:
        folders = [arguments[i] for i in DIRECTORY.get(event, ()) if i < len(arguments)]
        for number, i in enumerate(WRITES[event]):
            if not isinstance(arguments[i], int):
                folder = folders[number] if number < len(folders) and isinstance(folders[number], int) else -1
                if not _within(_place(arguments[i], folder, follow=event in ("os.chmod", "os.truncate"))):
                    _refuse(f"{event} {arguments[i]!r}")


@contextmanager
def watched(*inside: str) -> Iterator[list[str]]:
    """Stop every change outside these folders and every new process; yields what was tried, in order.

    An audit hook cannot be removed, so that one is installed for good and looks only while a case runs. Native code
    that opens files by itself is not seen by it; the listing of the sandbox's surroundings is.
    """
    global _installed
    if not _installed:
        sys.addaudithook(_audit)
        _installed = True
    BORDER.tried = []
    BORDER.inside = tuple(os.path.realpath(folder) for folder in inside)
    try:
        yield BORDER.tried
    finally:
        BORDER.inside = ()

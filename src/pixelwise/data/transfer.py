"""One bounded transfer over HTTP: at most the known size and one byte, in bounded time, headers checked first.

A body is written as it comes, never decoded. Redirects are followed here, since a library would read their bodies.
"""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import IO
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from pixelwise.data.sources import Source
from pixelwise.errors import PixelwiseError
from pixelwise.terminal import progress
from pixelwise.terminal.console import terminal

TIMEOUT = (4.0, 20.0)  # seconds to connect, seconds without a byte
ANSWER = 60.0  # seconds until all headers are there
PATIENCE, SLOWEST = (
    120.0,
    2**16,
)  # a transfer may take so many seconds, and one more for each so many bytes of its limit
REDIRECTS = 5
CHUNK = 1 << 16
MOVED = (301, 302, 303, 307, 308)
BROKEN_OFF = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    TimeoutError,
    ConnectionError,
)
"""What a transfer raises that another try may mend; what is there already stays."""


class Unreachable(PixelwiseError):
    """The host can't be reached, or has no such file: another source may be tried, unlike after a wrong checksum."""


class NoPart(PixelwiseError):
    """The host answered a request for the rest of a file with something else: it must send the whole."""


def shown(url: str) -> str:
    """An address without the user's name and password."""
    return re.sub(r"://.*@", "://***@", url)


def seconds(source: Source) -> float:
    """How long a transfer of this source may take in all."""
    return PATIENCE + source.limit / SLOWEST


def stream(url: str, part: Path, source: Source, deadline: float) -> None:
    """Write what a host sends to `part`, from its end on where the host can do that.

    Raises:
        Unreachable: If the host has no such file, or the time is over; `part` stays.
        NoPart: If the host does not send the part that it says; the file is to be fetched from its beginning.
        PixelwiseError: If the answer can't be this source; what came is of no use.
        BROKEN_OFF: If the transfer broke off.
    """
    start = part.stat().st_size if part.is_file() else 0
    with _answer(url, {"Range": f"bytes={start}-"} if start else {}) as answer:
        if (
            answer.status_code == 416
        ):  # nothing after `start`: whole already, or not the same file; verified by the caller
            return
        start, whole = _checked(shown(url), answer, start, source)
        _receive(url, answer, part, start, whole, source, deadline)


def _receive(
    url: str, answer: requests.Response, part: Path, start: int, whole: int | None, source: Source, deadline: float
) -> None:
    with _progress() as bar, open(part, "ab" if start else "wb") as file:
        task = bar.add_task(part.name.removesuffix(".part"), total=whole, completed=start)
        limit = source.limit if whole is None else min(whole, source.limit)
        while chunk := answer.raw.read1(min(CHUNK, limit + 1 - start), decode_content=False):
            start += len(chunk)
            if start > limit:
                raise PixelwiseError(f"{shown(url)}: more than {limit} bytes; no more are expected")
            _write(file, chunk, part)
            bar.update(task, advance=len(chunk))
            if whole is not None:
                progress.tell(start, whole, "bytes")
            if time.monotonic() > deadline:
                raise Unreachable(f"{shown(url)}: {start} bytes in {seconds(source):.0f} s; run again to go on")
    if whole is not None and start < whole:
        raise requests.ConnectionError(f"ended after {start} of {whole} bytes")


def _write(file: IO[bytes], chunk: bytes, part: Path) -> None:
    try:
        file.write(chunk)
    except OSError as error:
        raise PixelwiseError(f"{part}: {error.strerror or error}") from None


def _answer(url: str, headers: dict[str, str]) -> requests.Response:
    """The answer behind all redirects, its body unread."""
    asked = url
    for _ in range(REDIRECTS + 1):
        answer = _within(ANSWER, lambda here=url: _ask(here, headers))  # type: ignore[misc]
        if answer.status_code not in MOVED:
            return answer
        answer.close()
        url = _behind(asked, url, answer.headers.get("Location", ""))
    raise PixelwiseError(f"{shown(asked)}: more than {REDIRECTS} redirects")


class _Session(requests.Session):
    """Takes a redirect for an answer like any other; otherwise its body would be read, however long."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: the caller follows redirects."""


def _ask(url: str, headers: dict[str, str]) -> requests.Response:
    wanted = {"Accept-Encoding": "identity", **headers}
    return _Session().get(url, headers=wanted, stream=True, timeout=TIMEOUT, allow_redirects=False)


def _behind(asked: str, url: str, location: str) -> str:
    """Where a redirect leads; the user's name and password go with it on the same host only."""
    try:
        old, new = urlsplit(url), urlsplit(urljoin(url, location))
        same = (old.scheme, old.hostname, old.port) == (new.scheme, new.hostname, new.port)
    except ValueError:
        raise PixelwiseError(f"{shown(asked)}: redirected to an address that is none") from None
    if not location or new.scheme not in ("http", "https") or (old.scheme, new.scheme) == ("https", "http"):
        raise PixelwiseError(
            f"{shown(asked)}: redirected to {new.scheme or 'nowhere'}; allowed is https, or http from http"
        )
    if same and "@" in old.netloc and "@" not in new.netloc:
        new = new._replace(netloc=f"{old.netloc.rpartition('@')[0]}@{new.netloc}")
    return new.geturl()


def _within(limit: float, call: Callable[[], requests.Response]) -> requests.Response:
    """Wait for a call no longer than a time: a host may send its headers byte by byte."""
    future: Future[requests.Response] = Future()

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return future.result(limit)


def _checked(place: str, answer: requests.Response, start: int, source: Source) -> tuple[int, int | None]:
    """Where the body begins and where the file ends, as far as the headers say it.

    Raises:
        PixelwiseError: If status or headers are not those of this source.
    """
    status, headers = answer.status_code, answer.headers
    if status in (404, 410):
        raise Unreachable(f"{place}: no such file on this host (status {status})")
    if status >= 500:
        raise requests.ConnectionError(f"status {status}")
    if status != 200 and (status != 206 or not start):
        raise PixelwiseError(f"{place}: status {status}; allowed is 200, or 206 for a part that was asked for")
    if headers.get("Content-Type", "").startswith("text/html"):
        raise PixelwiseError(f"{place}: a web page instead of a file; open the address in a browser")
    if (coding := headers.get("Content-Encoding", "identity")).lower() != "identity":
        raise PixelwiseError(f"{place}: Content-Encoding {coding!r:.40}; none was asked for")
    length = headers.get("Content-Length")
    if length is not None and not re.fullmatch(r"[0-9]{1,15}", length):
        raise PixelwiseError(f"{place}: Content-Length {length!r:.40}; a number of bytes is expected")
    if status == 206:
        whole = _range(place, headers.get("Content-Range", ""), start, length)
    else:
        start, whole = 0, None if length is None else int(length)
    if whole is None and source.size is None and not source.checked and not answer.raw.chunked:
        raise PixelwiseError(f"{place}: does not say how long the file is, and no checksum of it is known")
    if whole is not None and source.size is not None and whole != source.size:
        raise PixelwiseError(f"{place}: {whole} bytes; expected {source.size}")
    if whole is not None and whole > source.limit:
        raise PixelwiseError(f"{place}: {whole} bytes; at most {source.limit} are expected")
    return start, source.size if whole is None else whole


def _range(place: str, given: str, start: int, length: str | None) -> int | None:
    """Bytes of the whole file, as a partial answer says it."""
    found = re.fullmatch(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15}|\*)", given)
    first, last = (int(found[1]), int(found[2])) if found else (-1, -1)
    whole = int(found[3]) if found and found[3] != "*" else None
    wrong = first != start or last < first or (whole is not None and last >= whole)
    if wrong or (length is not None and int(length) != last - first + 1):
        raise NoPart(f"{place}: Content-Range {given!r:.60} of {length} bytes; asked for from {start} on")
    return whole


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=terminal(stderr=True))


def reason(error: BaseException) -> str:
    """The innermost cause of a network error, in a few words, without addresses."""
    first = error.args[0] if error.args else error
    text = str(getattr(first, "reason", first))
    text = re.sub(r"\S*@", "", text.rsplit(": ", 1)[-1].split(" (", 1)[0].strip("() "))[:120]
    return text or type(error).__name__

"""Hosts that lie, stall or never end: one line, in bounded time, nothing of no use left, no password anywhere."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import os
import socketserver
import threading
import time
import zipfile
from contextlib import contextmanager

import pytest

from pixelwise.data import cityscapes_login, download, extract, fetch, transfer, zips
from pixelwise.data.extract import Member
from pixelwise.data.kinds import facades
from pixelwise.data.sources import Source
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset

CONTENT = bytes(range(256)) * 400
SHA = hashlib.sha256(CONTENT).hexdigest()
SECRET = "s3cr3t-word"


def head(status: str, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", "Connection: close", *headers, "", ""]).encode()


def good(content=CONTENT):
    return head("200 OK", f"Content-Length: {len(content)}") + content


class Handler(socketserver.BaseRequestHandler):
    """Answers with the next of the server's scripts, the last one again and again: bytes, or a generator of bytes."""

    def handle(self):
        asked = b""
        while b"\r\n\r\n" not in asked and (more := self.request.recv(4096)):
            asked += more
        scripts = self.server.scripts
        self.server.asked.append(asked.decode())
        script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        try:
            for piece in [script] if isinstance(script, bytes) else script(self.server):
                self.request.sendall(piece)
        except OSError:  # the client hung up, as it should
            self.server.hung_up += 1


@contextmanager
def host(*scripts):
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    server.scripts, server.asked, server.hung_up = list(scripts), [], 0
    server.base = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def _in_tmp(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(download.MIRROR, raising=False)
    monkeypatch.setattr(time, "sleep", lambda _: None)  # between tries


def source(base, **changes):
    return Source(**{"url": f"{base}/o/r/f.zip", "licence": "t", "size": len(CONTENT), "sha256": SHA} | changes)


def left() -> dict[str, int]:
    """Files of the cache by name, locks apart, with their sizes."""
    files = [p for p in download.CACHE.rglob("*") if p.is_file() and p.suffix != ".lock"]
    return {p.name: p.stat().st_size for p in files}


def refused(wanted: Source, *parts: str, keeps: dict[str, int] | None = None, within: float = 5) -> str:
    started = time.monotonic()
    with pytest.raises(PixelwiseError) as error:
        download.obtain(wanted)
    assert time.monotonic() - started < within
    line = str(error.value)
    assert "\n" not in line and len(line) < 500
    for part in parts:
        assert part in line, line
    assert left() == (keeps or {})
    return line


def endless(first: bytes = b""):
    def pieces(server):
        yield first
        while True:
            yield b"x" * 2**16

    return pieces


def wait_for(seen):
    """The host notices only when it next sends that nobody listens any more."""
    until = time.monotonic() + 20
    while not seen():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_never_more_than_the_known_size_and_one_byte():
    with host(endless(head("200 OK"))) as server:
        refused(source(server.base), f"more than {len(CONTENT)} bytes; no more are expected")
        refused(source(server.base, size=None, most=1000), "more than 1000 bytes")
        wait_for(lambda: server.hung_up == 2)
    with host(good(CONTENT + b"!")) as server:
        refused(source(server.base), f"{len(CONTENT) + 1} bytes; expected {len(CONTENT)}")
        refused(source(server.base, size=None, most=1000), "bytes; at most 1000 are expected")
    with host(head("200 OK") + CONTENT + b"!") as server:
        refused(source(server.base), f"more than {len(CONTENT)} bytes")


@pytest.mark.parametrize("length", ["abc", "-5", "1e9", "+7", "0x10", "7, 7", "9" * 30, "", "\u0663"])
def test_content_length_that_is_none(length):
    with host(head("200 OK", f"Content-Length: {length}") + CONTENT) as server:
        refused(source(server.base, size=None), f"{server.base}/o/r/f.zip: ")


def test_no_encoding_is_undone():
    bomb = gzip.compress(b"\0" * 10**7)
    with host(head("200 OK", "Content-Encoding: gzip", f"Content-Length: {len(bomb)}") + bomb) as server:
        refused(source(server.base, size=None), "Content-Encoding 'gzip'; none was asked for")


@pytest.mark.parametrize(
    "headers",
    [
        [],
        ["Content-Range: bytes 0-102399/102400", "Content-Length: 102400"],
        ["Content-Range: bytes 1000-102399/102400", "Content-Length: 102400"],
        ["Content-Range: bytes 1000-999/102400"],
        ["Content-Range: bytes 1000-102400/102400"],
        ["Content-Range: bytes */102400"],
        ["Content-Range: pages 1-2/3"],
        ["Content-Range: bytes 1000-102399/102400, bytes 1-2/3"],
    ],
)
@pytest.mark.parametrize("checked", [True, False])
def test_a_part_that_is_not_the_one_asked_for(headers, checked, capsys):
    archive = zipped({"a": os.urandom(102_000)})
    content = CONTENT if checked else archive
    known = {} if checked else {"size": None, "sha256": None}
    part = download.CACHE / "o/r/f.zip.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(content[:1000])
    with host(head("206 Partial Content", *headers) + content, good(content)) as server:
        assert download.obtain(source(server.base, **known)).read_bytes() == content
        assert "Range: bytes=1000-" in server.asked[0] and "Range:" not in server.asked[1]
    assert "starting anew" in capsys.readouterr().err


def test_a_part_of_another_file_and_parts_that_nobody_asked_for():
    part = download.CACHE / "o/r/f.zip.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[:1000])
    other = (
        head("206 Partial Content", "Content-Range: bytes 1000-4999/5000", "Content-Length: 4000") + CONTENT[1000:5000]
    )
    with host(other, good()) as server:
        assert download.obtain(source(server.base)).read_bytes() == CONTENT
    (download.CACHE / "o/r/f.zip").unlink()
    with host(head("206 Partial Content", "Content-Range: bytes 0-102399/102400") + CONTENT) as server:
        refused(source(server.base), "status 206; allowed is 200")
    with host(head("204 No Content")) as server:
        refused(source(server.base), "status 204; allowed is 200")


def test_short_answers_go_on_or_are_named():
    cut = head("200 OK", f"Content-Length: {len(CONTENT)}") + CONTENT[:50_000]
    rest = head("206 Partial Content", f"Content-Range: bytes 50000-102399/{len(CONTENT)}") + CONTENT[50_000:]
    with host(cut, rest) as server:
        assert download.obtain(source(server.base)).read_bytes() == CONTENT
    (download.CACHE / "o/r/f.zip").unlink()
    archive = zipped({"a": os.urandom(100_000)})
    short = head("200 OK", f"Content-Length: {len(archive)}") + archive[:40_000]
    nothing = head("503 Service Unavailable")
    with host(short, nothing) as server:
        refused(source(server.base, size=None, sha256=None), "can't be reached", keeps={"f.zip.part": 40_000})
    (download.CACHE / "o/r/f.zip.part").unlink()
    with host(head("200 OK") + archive[:40_000]) as server:
        refused(source(server.base, size=None, sha256=None), "does not say how long the file is")
    chunked = head("200 OK", "Transfer-Encoding: chunked") + b"9c40\r\n" + archive[:40_000] + b"\r\n0\r\n\r\n"
    with host(chunked) as server:
        refused(source(server.base, size=None, sha256=None), "not a whole zip archive")


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_flipped_bytes_of_an_archive_without_checksum(capsys):
    archive = zipped({"a.png": os.urandom(5000), "b.png": os.urandom(5000)})
    known = {"size": None, "sha256": None}
    for place in (100, 4000, 7000):
        flipped = bytearray(archive)
        flipped[place] ^= 1
        with host(good(bytes(flipped))) as server:
            refused(source(server.base, **known), "not a whole zip archive (member")
    with host(good(archive)) as server:
        path = download.obtain(source(server.base, **known))
        later = bytearray(archive)
        later[0] ^= 1  # in the cache; no member's checksum covers this byte
        path.write_bytes(later)
        assert download.obtain(source(server.base, **known)).read_bytes() == archive and len(server.asked) == 2
    assert "is not that of its download" in capsys.readouterr().err


def test_redirects():
    def to(where):
        return head("302 Found", f"Location: {where}", "Content-Length: 0")

    with host(to("/o/r/g.zip"), good()) as server:
        assert download.obtain(source(server.base)).read_bytes() == CONTENT
        assert server.asked[1].startswith("GET /o/r/g.zip ")
    (download.CACHE / "o/r/f.zip").unlink()
    with host(to("/o/r/f.zip")) as server:
        refused(source(server.base), "more than 5 redirects")
        assert len(server.asked) == 6
    for where in ("file:///etc/passwd", "ftp://x/y", "", "http://[", "gopher://x"):
        with host(to(where)) as server:
            refused(source(server.base), f"{server.base}/o/r/f.zip: redirected to ")
    with host(endless(head("302 Found", "Location: /g"))) as server:  # its body is never read
        refused(source(server.base), "more than 5 redirects")
    with pytest.raises(PixelwiseError, match="redirected to http; allowed is https"):
        transfer._behind("https://a/b", "https://a/b", "http://a/c")


@pytest.mark.slow
def test_time_is_bounded(monkeypatch):
    def trickle(first, pause):
        def pieces(server):
            yield first
            for number in range(10_000):
                threading.Event().wait(pause)
                yield CONTENT[number : number + 1]

        return pieces

    monkeypatch.setattr(transfer, "TIMEOUT", (1.0, 0.2))
    monkeypatch.setattr(transfer, "ANSWER", 0.3)
    monkeypatch.setattr(transfer, "PATIENCE", 0.5)
    monkeypatch.setattr(transfer, "SLOWEST", 10**9)
    length = f"Content-Length: {len(CONTENT)}"
    with host(trickle(b"", 0.02)) as server:  # headers that never end
        refused(source(server.base), "can't be reached")
    with host(trickle(head("200 OK", length), 0.02)) as server:  # a body that never ends; what came is good
        started = time.monotonic()
        with pytest.raises(download.Unreachable, match=r"bytes in \d+ s; run again to go on"):
            download.obtain(source(server.base))
        assert time.monotonic() - started < 3 and 0 < left()["f.zip.part"] < 1000
    (download.CACHE / "o/r/f.zip.part").unlink()
    with host(trickle(head("200 OK", length), 60)) as server:  # silence
        started = time.monotonic()
        with pytest.raises(download.Unreachable, match="can't be reached"):
            download.obtain(source(server.base))
        assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "answer",
    [
        head("404 Not Found"),
        head("403 Forbidden"),
        head("503 Service Unavailable"),
        head("200 OK", "Content-Length: abc"),
        head("200 OK", "Content-Type: text/html", "Content-Length: 1") + b"x",
        head("302 Found", "Location: ftp://x/y"),
        head("302 Found", "Location: http://["),
        good(CONTENT[::-1]),
        good(b"short"),
        b"nonsense\r\n\r\n",
        b"",
    ],
)
def test_a_password_in_the_mirror_is_in_no_message(answer, monkeypatch, capsys):
    with host(answer) as server:
        monkeypatch.setenv(download.MIRROR, server.base.replace("://", f"://user:{SECRET}@"))
        line = refused(source("https://unreachable.invalid"))
        wanted = base64.b64encode(f"user:{SECRET}".encode()).decode()
        assert all(f"Basic {wanted}" in asked for asked in server.asked)
    printed = capsys.readouterr()
    assert SECRET not in line + printed.out + printed.err and "user:" not in line + printed.err


@pytest.mark.parametrize(
    "mirror",
    [
        f"ftp://user:{SECRET}@host/x",
        f"s3://user:{SECRET}@host",
        f"http://user:{SECRET}/x@127.0.0.1:1",
        f"http://user:{SECRET}#x@127.0.0.1:1",
        f"http://user:{SECRET}@[::1",
        f"http://user:{SECRET}@",
        f"HTTP://user:{SECRET}@127.0.0.1:1",
        f"http://user:{SECRET}@127.0.0.1:99999",
        f"http://user:{SECRET}@127.0.0.1:port",
        f"http://user:{SECRET}@" + "a" * 100,
    ],
)
def test_mirrors_that_are_none(mirror, monkeypatch, capsys):
    monkeypatch.setenv(download.MIRROR, mirror)
    line = refused(source("https://unreachable.invalid"))
    assert SECRET not in line + capsys.readouterr().err


def test_a_password_follows_redirects_to_its_own_host_only(monkeypatch):
    with host(good()) as other:
        away = head("302 Found", f"Location: {other.base}/g", "Content-Length: 0")
        with host(head("302 Found", "Location: /g", "Content-Length: 0"), away) as server:
            monkeypatch.setenv(download.MIRROR, server.base.replace("://", f"://user:{SECRET}@"))
            assert download.obtain(source("https://unreachable.invalid")).read_bytes() == CONTENT
            assert all("Authorization: Basic" in asked for asked in server.asked) and len(server.asked) == 2
        assert len(other.asked) == 1 and "Authorization" not in other.asked[0]


def bomb(megabytes: int) -> bytes:
    names = [f"base/{i}{end}" for i in range(facades.COUNT) for end in (".jpg", ".png")]
    files = dict.fromkeys(names, b"x")
    files[names[0]] = bytes(megabytes * 2**20)
    return zipped(files, zipfile.ZIP_DEFLATED)


def test_an_archive_that_grows_a_thousandfold(tmp_path, monkeypatch):
    """Refused before a byte of it is written, from a server (and then removed) and from a folder."""
    archive, out = bomb(100), tmp_path / "out"
    path = tmp_path / "mirror" / facades.SOURCE.path
    path.parent.mkdir(parents=True)
    path.write_bytes(archive)
    monkeypatch.setenv(download.MIRROR, str(tmp_path / "mirror"))
    with pytest.raises(PixelwiseError, match=r"bytes that unpack to 104858\d*; at most 100 times are allowed"):
        fetch.unpack(Dataset(kind="facades"), out)
    assert path.read_bytes() == archive and not out.exists()
    monkeypatch.delenv(download.MIRROR)
    with host(good(archive)) as server:
        refused(source(server.base, size=None, sha256=None), "at most 100 times are allowed")
    monkeypatch.setattr(zips, "RATIO", 10**6)
    with pytest.raises(PixelwiseError, match="bytes when unpacked; at most 1000 are allowed"):
        extract.extract(path, source("x", unpacked=1000), [Member("base/0.jpg", None, None)], out)
    assert not out.exists()


def test_the_publishers_downloader_is_bounded_too(monkeypatch):
    limited = {"x": Source("https://x.invalid", "t", most=1000)}
    monkeypatch.setattr(cityscapes_login, "SOURCES", limited)
    with host(endless(head("200 OK"))) as server:
        opened = cityscapes_login.Bounded()
        with pytest.raises(PixelwiseError, match="more than 1000 bytes"):
            opened.get(server.base)
        with opened.get(server.base, stream=True) as answer, pytest.raises(PixelwiseError, match="more than 1000"):
            list(answer.iter_content(100))
    with host(good(b"[1]")) as server:
        assert cityscapes_login.Bounded().get(server.base).json() == [1]

from __future__ import annotations

import functools
import hashlib
import http.server
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from pixelwise.data import download
from pixelwise.data.sources import Source
from pixelwise.errors import PixelwiseError

CONTENT = bytes(range(256)) * 5000
SHA = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT at /o/r/file.bin; the server's attributes say how it misbehaves."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.requests.append(self.headers.get("Range"))
        content = self.server.content
        if self.path != "/o/r/file.bin":
            self.send_error(404)
            return
        if self.server.failures and self.server.failures.pop(0):
            self.send_error(503)
            return
        start = 0
        asked = self.headers.get("Range")
        if asked and self.server.ranges:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Type", self.server.kind)
        self.end_headers()
        stop = self.server.cuts.pop(0) if self.server.cuts else len(content)
        self.wfile.write(content[start:stop])


@contextmanager
def serving(content=CONTENT, cuts=(), ranges=True, failures=(), kind="application/octet-stream"):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.content, server.cuts, server.ranges = content, list(cuts), ranges
    server.failures, server.kind, server.requests = list(failures), kind, []
    thread = threading.Thread(target=functools.partial(server.serve_forever, poll_interval=0.01), daemon=True)
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def _in_tmp(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(download.MIRROR, raising=False)


def source(base, **changes):
    return Source(**{"url": f"{base}/o/r/file.bin", "licence": "test", "size": len(CONTENT), "sha256": SHA} | changes)


def cached() -> Path:
    return download.CACHE / "o/r/file.bin"


def test_download_and_cache():
    with serving() as (server, base):
        path = download.obtain(source(base))
        assert path == cached() and path.read_bytes() == CONTENT
        assert download.obtain(source(base)) == path and len(server.requests) == 1
    assert [p.name for p in path.parent.iterdir() if p.suffix == ".part"] == []


def test_broken_connection_resumes_where_it_stopped():
    with serving(cuts=[300_000, 700_000]) as (server, base):
        assert download.obtain(source(base)).read_bytes() == CONTENT
        starts = [int(asked.removeprefix("bytes=").removesuffix("-")) for asked in server.requests[1:]]
        assert all(
            stop - download.CHUNK < start <= stop for start, stop in zip(starts, [300_000, 700_000], strict=True)
        )


def test_killed_download_resumes_in_the_next_run():
    cached().parent.mkdir(parents=True)
    cached().with_name("file.bin.part").write_bytes(CONTENT[:123_456])
    with serving() as (server, base):
        assert download.obtain(source(base)).read_bytes() == CONTENT
        assert server.requests == ["bytes=123456-"]


def test_host_without_ranges_starts_anew():
    cached().parent.mkdir(parents=True)
    cached().with_name("file.bin.part").write_bytes(CONTENT[:1000])
    with serving(ranges=False) as (_, base):
        assert download.obtain(source(base)).read_bytes() == CONTENT


def test_complete_part_file_is_accepted():
    cached().parent.mkdir(parents=True)
    cached().with_name("file.bin.part").write_bytes(CONTENT)
    with serving() as (_, base):
        assert download.obtain(source(base)).read_bytes() == CONTENT


def test_useless_part_file_is_replaced(capsys):
    cached().parent.mkdir(parents=True)
    cached().with_name("file.bin.part").write_bytes(b"x" * 1000)
    with serving() as (server, base):
        assert download.obtain(source(base)).read_bytes() == CONTENT
        assert server.requests == ["bytes=1000-", None]
    assert "starting anew" in capsys.readouterr().err


def flipped():
    content = bytearray(CONTENT)
    content[777] ^= 1
    return bytes(content)


def test_flipped_byte_leaves_nothing_behind():
    with serving(content=flipped()) as (_, base), pytest.raises(PixelwiseError, match=f"sha256 .* expected {SHA}"):
        download.obtain(source(base))
    assert not cached().exists() and not cached().with_name("file.bin.part").exists()


def test_md5_is_checked_where_there_is_no_sha256():
    with serving(content=flipped()) as (_, base), pytest.raises(PixelwiseError, match="md5"):
        download.obtain(source(base, sha256=None, md5=hashlib.md5(CONTENT).hexdigest()))


def test_damaged_cache_is_downloaded_anew(capsys):
    cached().parent.mkdir(parents=True)
    cached().write_bytes(flipped())
    with serving() as (_, base):
        assert download.obtain(source(base)).read_bytes() == CONTENT
    assert "sha256" in capsys.readouterr().err


@pytest.mark.slow
def test_server_error_is_retried():
    with serving(failures=[True, True]) as (server, base):
        assert download.obtain(source(base)).read_bytes() == CONTENT
        assert len(server.requests) == 3


@pytest.mark.slow
def test_unreachable_host_fails_in_seconds_with_one_line():
    with serving() as (_, base):
        pass  # nothing listens there any more
    started = time.monotonic()
    with pytest.raises(
        download.Unreachable, match=r"can't be reached \(.*Connection refused\); check the network"
    ) as error:
        download.obtain(source(base))
    assert time.monotonic() - started < 10 and "\n" not in str(error.value)


def test_missing_file_and_web_page():
    with serving() as (_, base), pytest.raises(PixelwiseError, match="status 404"):
        download.obtain(source(base, url=f"{base}/o/r/other.bin"))
    with serving(kind="text/html; charset=utf-8") as (_, base), pytest.raises(PixelwiseError, match="a web page"):
        download.obtain(source(base))


def test_mirror_folder_replaces_the_host(tmp_path, monkeypatch):
    mirror = tmp_path / "mirror"
    monkeypatch.setenv(download.MIRROR, str(mirror))
    with pytest.raises(PixelwiseError, match="not in the mirror"):
        download.obtain(source("https://unreachable.invalid"))
    (mirror / "o/r").mkdir(parents=True)
    (mirror / "o/r/file.bin").write_bytes(CONTENT)
    assert download.obtain(source("https://unreachable.invalid")) == mirror / "o/r/file.bin"
    (mirror / "o/r/file.bin").write_bytes(flipped())
    with pytest.raises(PixelwiseError, match="sha256"):
        download.obtain(source("https://unreachable.invalid"))
    assert (mirror / "o/r/file.bin").exists()  # the mirror is never written to


def test_mirror_server_replaces_the_host(monkeypatch):
    with serving() as (_, base):
        monkeypatch.setenv(download.MIRROR, base + "/")
        assert download.obtain(source("https://unreachable.invalid")).read_bytes() == CONTENT


def test_optional_mirror_goes_on_to_the_official_host(tmp_path, monkeypatch):
    monkeypatch.setenv(download.MIRROR, str(tmp_path))
    with serving() as (_, base):
        assert download.obtain(source(base), only_mirror=False).read_bytes() == CONTENT
        monkeypatch.setenv(download.MIRROR, f"{base}/elsewhere")
        cached().unlink()
        assert download.obtain(source(base), only_mirror=False).read_bytes() == CONTENT

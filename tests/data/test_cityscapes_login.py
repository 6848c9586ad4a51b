from __future__ import annotations

import http.server
import threading
import zipfile
from pathlib import Path

import pytest
import requests

from pixelwise.data import cityscapes_login, fetch
from pixelwise.data.download import CACHE
from pixelwise.data.kinds.cityscapes import DOWNLOADED, ROOT
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset, FetchSettings
from tests.data.builders import cityscapes


class Site(http.server.BaseHTTPRequestHandler):
    """The login page: redirects after the right password, shows the form again after a wrong one."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def do_POST(self):
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.send_response(302 if "password=right" in form else 200)
        self.end_headers()


@pytest.fixture
def site(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(ROOT, raising=False)
    monkeypatch.setenv("CITYSCAPES_USERNAME", "me")
    monkeypatch.setenv("CITYSCAPES_PASSWORD", "right")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setattr(cityscapes_login, "HOME", f"http://127.0.0.1:{server.server_port}")
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def packages(monkeypatch, tmp_path):
    """The publisher's downloader, replaced by one that writes small archives of the official layout."""
    root = cityscapes(tmp_path / "published")
    asked = []

    def download_packages(*, session, package_names, destination_path, resume):
        for name in package_names:
            asked.append((name, resume))
            with zipfile.ZipFile(Path(destination_path) / name, "w") as zipped:
                zipped.writestr("README", "")
                for path in (root / name.split("_")[0]).rglob("*.png"):
                    zipped.write(path, path.relative_to(root).as_posix())

    monkeypatch.setattr(cityscapes_login.downloader, "download_packages", download_packages)
    return asked


def test_download_with_login(site, packages, tmp_path):
    dataset = Dataset(kind="cityscapes", train=2, val=1)
    fetch.preflight(dataset)
    fetch.run(FetchSettings(name="city", dataset=dataset), {}, tmp_path / "raw", tmp_path)
    assert packages == [("gtFine_trainvaltest.zip", False), ("leftImg8bit_trainvaltest.zip", False)]
    lines = (tmp_path / "raw" / fetch.FILES).read_text().splitlines()
    assert len(lines) == 1 + 3 * 3 and not list(DOWNLOADED.rglob("*_color.png"))
    fetch.run(FetchSettings(name="city", dataset=dataset), {}, tmp_path / "again", tmp_path)
    assert len(packages) == 2 and (tmp_path / "again" / fetch.FILES).read_text().splitlines() == lines


def test_refused_login(site, monkeypatch):
    monkeypatch.setenv("CITYSCAPES_PASSWORD", "wrong")
    with pytest.raises(PixelwiseError, match="login refused; check CITYSCAPES_USERNAME and CITYSCAPES_PASSWORD"):
        cityscapes_login.download()
    monkeypatch.delenv("CITYSCAPES_PASSWORD")
    with pytest.raises(PixelwiseError, match="set CITYSCAPES_ROOT"):
        cityscapes_login.download()


def test_unreachable_site(site, monkeypatch):
    monkeypatch.setattr(cityscapes_login, "HOME", "http://127.0.0.1:1")
    with pytest.raises(PixelwiseError, match=r"can't be reached \(ConnectionError\)"):
        cityscapes_login.download()


@pytest.mark.parametrize(
    ("error", "message", "kept"),
    [
        (requests.ConnectionError("x"), "download broke off", True),
        (Exception("MD5 sum of downloaded file does not match."), "MD5 sum .* removed", False),
    ],
)
def test_failures_of_the_publishers_downloader(site, monkeypatch, error, message, kept):
    def fail(*, destination_path, package_names, **_):
        (Path(destination_path) / package_names[0]).write_bytes(b"some")
        raise error

    monkeypatch.setattr(cityscapes_login.downloader, "download_packages", fail)
    with pytest.raises(PixelwiseError, match=message):
        cityscapes_login.download()
    assert (CACHE / "gtFine_trainvaltest.zip").exists() == kept and not DOWNLOADED.exists()

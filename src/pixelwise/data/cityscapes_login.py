"""Download of Cityscapes with the user's own login, through the publisher's package cityscapesscripts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import requests
from cityscapesscripts.download import downloader

from pixelwise.data.declared_kinds import Folder
from pixelwise.data.download import CACHE
from pixelwise.data.extract import Member, extract, names
from pixelwise.data.kinds.cityscapes import DOWNLOADED, HOME, HOW, KIND, LOGIN, SOURCES
from pixelwise.data.transfer import seconds
from pixelwise.errors import PixelwiseError
from pixelwise.terminal.screen import say

SUFFIXES = ("_leftImg8bit.png", "_gtFine_labelIds.png", "_gtFine_instanceIds.png")
TIMEOUT = 20.0  # seconds


class Bounded(requests.Session):
    """A session whose answers are bounded in bytes and time, for the publisher's downloader, which sets no limits."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: nothing follows redirects here, and their bodies are not read."""

    def request(self, *arguments: Any, **options: Any) -> requests.Response:
        """As `requests.Session.request`; the body is read by `iter_content` or `content`, both bounded."""
        read_now = not options.get("stream", False)
        answer = super().request(*arguments, **options | {"stream": True, "timeout": TIMEOUT})
        answer.iter_content = _bounded(answer.iter_content)  # type: ignore[method-assign]
        if read_now:
            answer.content  # noqa: B018 (reads the body)
        return answer


def _bounded(read: Callable[..., Iterator[bytes]]) -> Callable[..., Iterator[bytes]]:
    def bounded(*arguments: Any, **options: Any) -> Iterator[bytes]:
        limit = max(source.limit for source in SOURCES.values())
        total, deadline = 0, time.monotonic() + max(seconds(source) for source in SOURCES.values())
        for chunk in read(*arguments, **options):
            total += len(chunk)
            if total > limit:
                raise PixelwiseError(f"{HOME}: more than {limit} bytes; no more are expected")
            if time.monotonic() > deadline:
                raise requests.Timeout(f"{total} bytes, and the time is over")
            yield chunk

    return bounded


def session(user: str, password: str) -> requests.Session:
    """Log in without asking on the terminal, as `csDownload` does after asking.

    Raises:
        PixelwiseError: If the site can't be reached or refuses the login.
    """
    address = f"{HOME}/login"
    opened = Bounded()
    form = {"username": user, "password": password, "submit": "Login"}
    try:
        opened.get(address, allow_redirects=False).raise_for_status()
        answer = opened.post(address, data=form, allow_redirects=False)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise PixelwiseError(f"{address}: can't be reached ({type(error).__name__}); {HOW}") from None
    if answer.status_code != 302:  # the site redirects after a successful login
        raise PixelwiseError(f"{address}: login refused; check {' and '.join(LOGIN)}")
    return opened


def download() -> None:
    """Download and extract photographs and annotations of `train` and `val` to `work/downloads/cityscapes/`.

    The publisher's downloader resumes and checks the MD5 sum that the site gives.

    Raises:
        PixelwiseError: If there is no login, or if a download or an archive fails.
    """
    assert isinstance(KIND.origin, Folder)
    account = KIND.origin.account()
    if account is None:
        raise PixelwiseError(f"cityscapes: no folder given; {HOW}")
    user, password = account
    opened = session(user, password)
    CACHE.mkdir(parents=True, exist_ok=True)
    unfinished = DOWNLOADED.with_name("cityscapes.part")
    for name, source in SOURCES.items():
        archive, done = CACHE / name, CACHE / f"{name}.done"
        if not (archive.is_file() and done.is_file()):
            say(f"{name}: {source.licence}")
            _package(opened, archive)
            done.touch()
        wanted = [Member(member, None, None) for member in names(archive) if _used(member)]
        extract(archive, source, wanted, unfinished)
    unfinished.rename(DOWNLOADED)


def _package(opened: requests.Session, archive: Path) -> None:
    arguments = {"package_names": [archive.name], "destination_path": str(archive.parent)}
    try:
        downloader.download_packages(session=opened, resume=archive.is_file(), **arguments)
    except requests.RequestException as error:
        if error.response is not None and error.response.status_code == 416:  # nothing left to resume, yet not verified
            archive.unlink()
        raise PixelwiseError(f"{archive}: download broke off ({type(error).__name__}); run again to go on") from None
    except OSError:
        raise
    except PixelwiseError:
        archive.unlink(missing_ok=True)
        raise
    except Exception as error:  # the publisher's code raises nothing more specific, such as for a wrong MD5 sum
        archive.unlink(missing_ok=True)
        raise PixelwiseError(f"{archive}: {error}; removed, run again to download it anew") from None


def _used(member: str) -> bool:
    return member.endswith(SUFFIXES) and member.split("/")[1:2] in (["train"], ["val"])

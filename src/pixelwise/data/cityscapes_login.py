"""Download of Cityscapes with the user's own login, through the publisher's package cityscapesscripts."""

from __future__ import annotations

from pathlib import Path

import requests
from cityscapesscripts.download import downloader

from pixelwise.data import roots
from pixelwise.data.download import CACHE
from pixelwise.data.extract import Member, extract, names
from pixelwise.data.sources import CITYSCAPES, CITYSCAPES_HOME
from pixelwise.errors import PixelwiseError
from pixelwise.screen import say

SUFFIXES = ("_leftImg8bit.png", "_gtFine_labelIds.png", "_gtFine_instanceIds.png")
TIMEOUT = 20.0  # seconds


def session(user: str, password: str) -> requests.Session:
    """Log in without asking on the terminal, as `csDownload` does after asking.

    Raises:
        PixelwiseError: If the site can't be reached or refuses the login.
    """
    address = f"{CITYSCAPES_HOME}/login"
    opened = requests.Session()
    form = {"username": user, "password": password, "submit": "Login"}
    try:
        opened.get(address, allow_redirects=False, timeout=TIMEOUT).raise_for_status()
        answer = opened.post(address, data=form, allow_redirects=False, timeout=TIMEOUT)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise PixelwiseError(f"{address}: can't be reached ({type(error).__name__}); {roots.HOW}") from None
    if answer.status_code != 302:  # the site redirects after a successful login
        raise PixelwiseError(f"{address}: login refused; check {' and '.join(roots.LOGIN)}")
    return opened


def download() -> None:
    """Download and extract photographs and annotations of `train` and `val` to `work/downloads/cityscapes/`.

    The publisher's downloader resumes and checks the MD5 sum that the site gives.

    Raises:
        PixelwiseError: If there is no login, or if a download or an archive fails.
    """
    account = roots.login()
    if account is None:
        raise PixelwiseError(f"cityscapes: no folder given; {roots.HOW}")
    opened = session(*account)
    CACHE.mkdir(parents=True, exist_ok=True)
    unfinished = roots.DOWNLOADED.with_name("cityscapes.part")
    for name, source in CITYSCAPES.items():
        archive, done = CACHE / name, CACHE / f"{name}.done"
        if not (archive.is_file() and done.is_file()):
            say(f"{name}: {source.licence}")
            _package(opened, archive)
            done.touch()
        wanted = [Member(member, None, None) for member in names(archive) if _used(member)]
        extract(archive, source, wanted, unfinished)
    unfinished.rename(roots.DOWNLOADED)


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
    except Exception as error:  # the publisher's code raises nothing more specific, such as for a wrong MD5 sum
        archive.unlink(missing_ok=True)
        raise PixelwiseError(f"{archive}: {error}; removed, run again to download it anew") from None


def _used(member: str) -> bool:
    return member.endswith(SUFFIXES) and member.split("/")[1:2] in (["train"], ["val"])

from __future__ import annotations

import hashlib
import stat
import zipfile

import pytest

from pixelwise.data import declared_kinds, download, extract
from pixelwise.data.extract import Member
from pixelwise.data.sources import Source
from pixelwise.errors import PixelwiseError

SOURCE = Source(url="https://github.com/o/r/archive/c.zip", licence="test", top="r-c/")
FILES = {"a/1.png": b"one" * 1000, "a/2.png": b"two" * 1000, "README": b"not wanted"}


def member(name, content):
    return Member(name, len(content), hashlib.sha256(content).hexdigest())


WANTED = [member(name, FILES[name]) for name in ("a/1.png", "a/2.png")]


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """A good archive in the cache of downloads."""
    monkeypatch.chdir(tmp_path)
    path = download.CACHE / "o/r/archive/c.zip"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in FILES.items():
            zipped.writestr(f"r-c/{name}", content)
    return path


def add(path, name, content=b"x", mode=0):
    with zipfile.ZipFile(path, "a") as zipped:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        zipped.writestr(info, content)


def test_writes_the_listed_members_only(archive, tmp_path):
    written = extract.extract(archive, SOURCE, WANTED, tmp_path / "out")
    assert [path.read_bytes() for path in written] == [FILES["a/1.png"], FILES["a/2.png"]]
    assert sorted(p.name for p in (tmp_path / "out").rglob("*") if p.is_file()) == ["1.png", "2.png"]


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("../../x", 0),
        ("r-c/../../x", 0),
        ("/etc/x", 0),
        ("r-c\\..\\x", 0),
        ("C:/x", 0),
        ("r-c/link", stat.S_IFLNK | 0o777),
        ("r-c/pipe", stat.S_IFIFO),
    ],
)
def test_unsafe_archive_is_refused_as_a_whole(archive, tmp_path, name, mode):
    add(archive, name, mode=mode)
    with pytest.raises(PixelwiseError, match="nothing was extracted"):
        extract.extract(archive, SOURCE, WANTED, tmp_path / "out")
    assert not (tmp_path / "out").exists() and not (tmp_path / "x").exists()


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.99])
def test_truncated_archive(archive, tmp_path, keep):
    content = archive.read_bytes()
    archive.write_bytes(content[: int(keep * len(content)) if keep < 1 else keep])
    with pytest.raises(PixelwiseError, match=r"c\.zip: not a whole zip archive .*; removed, run again"):
        extract.extract(archive, SOURCE, WANTED, tmp_path / "out")
    assert not archive.exists()


def test_every_flipped_byte_is_noticed_or_harmless(archive, tmp_path):
    content = archive.read_bytes()
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 0x10
        archive.write_bytes(damaged)
        try:
            written = extract.extract(archive, SOURCE, WANTED, tmp_path / "out")
        except PixelwiseError as error:
            assert "\n" not in str(error) and "c.zip" in str(error)
        else:
            assert [path.read_bytes() for path in written] == [FILES["a/1.png"], FILES["a/2.png"]]


def test_changed_content_with_right_crc_is_refused(archive, tmp_path):
    archive.unlink()
    add(archive, "r-c/a/1.png", FILES["a/1.png"][::-1])
    add(archive, "r-c/a/2.png", FILES["a/2.png"])
    with pytest.raises(PixelwiseError, match=r"a/1\.png has sha256 .*; expected .*removed, run again"):
        extract.extract(archive, SOURCE, WANTED, tmp_path / "out")
    assert not (tmp_path / "out/a/1.png").exists() and not archive.exists()


def test_other_length_and_missing_member(archive, tmp_path):
    with pytest.raises(PixelwiseError, match=r"lacks 1 of 3 listed members, first b\.png"):
        extract.extract(archive, SOURCE, [*WANTED, member("b.png", b"")], tmp_path / "out")
    with pytest.raises(PixelwiseError, match=r"README has 10 bytes; expected 9"):
        extract.extract(archive, SOURCE, [member("README", b"123456789")], tmp_path / "out")


def test_archive_of_a_mirror_is_never_removed(archive, tmp_path):
    mirrored = tmp_path / "mirror.zip"
    mirrored.write_bytes(archive.read_bytes()[:50])
    with pytest.raises(PixelwiseError, match="replace it"):
        extract.extract(mirrored, SOURCE, WANTED, tmp_path / "out")
    assert mirrored.exists()


@pytest.mark.parametrize(("name", "count"), [("camvid", 1200), ("bsds500", 500), ("set12", 480)])
def test_committed_lists_are_those_of_the_table(name, count):
    source = declared_kinds.find(name).origin.source
    listed = extract.members(source)
    assert len(listed) == len({entry.name for entry in listed}) == count
    assert all(entry.size and len(entry.sha256 or "") == 64 for entry in listed)


def test_edited_list_is_refused(monkeypatch):
    edited = Source(url="https://x.invalid/a.zip", licence="", manifest="camvid.csv", manifest_sha256="0" * 64)
    with pytest.raises(PixelwiseError, match=r"camvid\.csv: sha256"):
        extract.members(edited)

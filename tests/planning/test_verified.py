from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from pixelwise import artifacts
from pixelwise.planning import verified


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made folder whose files have settled."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(verified, "SETTLED", -60.0)  # files of this very second count as settled
    folder = Path("data/set")
    (folder / "deep").mkdir(parents=True)
    (folder / "a.bin").write_bytes(b"aaaa")
    (folder / "deep/b.bin").write_bytes(b"bbbb")
    artifacts.write_manifest(folder, {}, {})
    return folder / artifacts.MANIFEST


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files whose bytes were hashed since."""
    names: list[str] = []
    real = artifacts.sha256

    def noted(path: Path | str) -> str:
        names.append(Path(path).name)
        return real(path)

    monkeypatch.setattr(artifacts, "sha256", noted)
    return names


def test_what_was_whole_is_not_read_again(made, read):
    assert verified.problems(made) == [] and read == ["a.bin", "b.bin"]
    assert verified.problems(made) == [] and read == ["a.bin", "b.bin"]
    assert artifacts.verify_manifest(made) == [] and len(read) == 4  # `pixelwise verify` always reads


def damage(path: Path) -> None:
    path.write_bytes(b"AAAA")


def damage_and_set_the_time_back(path: Path) -> None:
    before = path.stat()
    damage(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(path: Path) -> None:
    new = path.with_name("new")
    new.write_bytes(b"AAAA")
    os.replace(new, path)


def remove(path: Path) -> None:
    path.unlink()


def add(path: Path) -> None:
    path.with_name("more.bin").write_bytes(b"")


@pytest.mark.parametrize("change", [damage, damage_and_set_the_time_back, replace, remove, add])
def test_a_change_is_noticed(made, change):
    assert verified.problems(made) == []
    change(made.parent / "a.bin")
    assert len(verified.problems(made)) == 1
    assert len(verified.problems(made)) == 1  # what is damaged is never kept


def test_another_manifest_is_noticed(made, read):
    assert verified.problems(made) == []
    artifacts.write_manifest(made.parent, {"other": 1}, {})
    del read[:]
    assert verified.problems(made) == [] and read == ["a.bin", "b.bin"]


@pytest.mark.parametrize(
    "spoil", [lambda text: text[: len(text) // 2], lambda text: text.replace("4", "5"), lambda _: "7"]
)
def test_a_damaged_note_is_not_believed(made, read, spoil):
    assert verified.problems(made) == []
    [note] = Path("work/verified").rglob("*.json")
    note.write_text(spoil(note.read_text()))
    del read[:]
    assert verified.problems(made) == [] and read == ["a.bin", "b.bin"]
    assert json.loads(note.read_text())["digest"]  # written anew


def test_a_file_touched_just_now_is_read_again(made, read, monkeypatch):
    monkeypatch.setattr(verified, "SETTLED", 3600.0)
    for _ in range(2):
        assert verified.problems(made) == []
    assert len(read) == 4


def test_a_time_to_come_is_another_clocks(made, read, monkeypatch):
    monkeypatch.setattr(verified, "SETTLED", 0.0)
    ahead = time.time_ns() + 3600 * 10**9
    os.utime(made.parent / "a.bin", ns=(ahead, ahead))
    for _ in range(2):
        assert verified.problems(made) == []
    assert len(read) == 4


def test_a_folder_elsewhere_is_not_this_one(made, read, tmp_path, monkeypatch):
    """A clone that was copied with its notes, times and all, has other files."""
    assert verified.problems(made) == []
    os.rename(tmp_path / "data", tmp_path / "old")
    os.system(f"cp -a {tmp_path / 'old'} {tmp_path / 'data'}")
    del read[:]
    assert verified.problems(made) == [] and read == ["a.bin", "b.bin"]


def test_where_nothing_can_be_kept_everything_is_read(made, read):
    Path("work").write_text("no folder")
    for _ in range(2):
        assert verified.problems(made) == []
    assert len(read) == 4

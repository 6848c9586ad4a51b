"""How far a job is: told at most once a second, never half-written, gone when the job ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pixelwise.terminal import progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(progress.time, "time", lambda: now[0])
    return now


def test_pace_is_counted_from_the_first_step_of_this_process(tmp_path: Path, clock: list[float]) -> None:
    file = tmp_path / progress.FILE
    with progress.of_job(tmp_path, tmp_path / "shown"):
        assert progress.pictures() == tmp_path / "shown"
        progress.tell(40, 100, "steps", each=8, rate_unit="images")
        assert progress.read(file) == progress.Progress(40, 100, "steps", {}, 0.0, "images", None, 1000.0)
        clock[0] += 0.5
        progress.tell(50, 100, "steps", {"loss": 1.0}, each=8, rate_unit="images")
        told = progress.read(file)
        assert told is not None and told.done == 40  # not more often than once a second
        clock[0] += 9.5
        progress.tell(60, 100, "steps", {"loss": 0.5}, each=8, rate_unit="images")
        assert progress.read(file) == progress.Progress(60, 100, "steps", {"loss": 0.5}, 16.0, "images", 20.0, 1010.0)
        assert progress.read(file, since=1011.0) is None
        assert [path.name for path in tmp_path.iterdir()] == [progress.FILE]
    assert list(tmp_path.iterdir()) == [] and progress.pictures() is None
    progress.tell(1, 2, "steps")  # of no job
    assert list(tmp_path.iterdir()) == []


def test_a_part_says_nothing_of_the_end_and_gives_way_to_the_whole(tmp_path: Path, clock: list[float]) -> None:
    with progress.of_job(tmp_path, tmp_path):
        for done in (0, 10, 0, 10):  # two protocols over the same pictures
            clock[0] += 5
            progress.tell(done, 20, "images", part=True)
            told = progress.read(tmp_path / progress.FILE)
            assert told is not None and (told.done, told.left) == (done, None)
        counter = progress.Counter(4, "networks")
        for _ in range(2):
            clock[0] += 5
            progress.tell(7, 20, "images", part=True)
            counter.one()
        told = progress.read(tmp_path / progress.FILE)
        assert told is not None and (told.unit, told.done, told.left) == ("networks", 2, 10.0)


def test_items_are_counted_as_they_are_done(tmp_path: Path, clock: list[float]) -> None:
    seen = []
    with progress.of_job(tmp_path, tmp_path):
        for item in progress.through("abc", "files"):
            told = progress.read(tmp_path / progress.FILE)
            assert told is not None
            seen.append((item, told.done, told.of))
            clock[0] += 2
    assert seen == [("a", 0, 3), ("b", 1, 3), ("c", 2, 3)]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"done": 1}', '{"done": "x", "of": 2, "unit": "steps"}'])
def test_what_is_no_progress_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / progress.FILE).write_text(text)
    assert progress.read(tmp_path / progress.FILE) is None


def test_a_folder_that_takes_no_file_stops_no_job(tmp_path: Path) -> None:
    with progress.of_job(tmp_path / "absent", tmp_path):
        progress.tell(1, 2, "steps")
    assert json.dumps([str(path) for path in tmp_path.iterdir()]) == "[]"


def test_what_another_process_removes_stays(tmp_path: Path) -> None:
    with progress.of_job(tmp_path, tmp_path / "shown", keep=True):
        progress.tell(1, 2, "steps")
    assert progress.read(tmp_path / progress.FILE) is not None and progress.pictures() is None

"""The user's own files are compared, cheaply, with what `fetch` and `weights` read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pixelwise import artifacts
from pixelwise.data import fetch, own, weights
from pixelwise.data.kinds.cityscapes import ROOT
from pixelwise.planning import staleness
from pixelwise.planning.jobs import Job
from pixelwise.settings.data import Dataset, FetchSettings, WeightsSettings
from tests.data.builders import cityscapes, custom


@pytest.fixture(autouse=True)
def _in_tmp(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(ROOT, raising=False)


def done(job: Job) -> Job:
    """The job, after it was planned and has run."""
    assert staleness.prepare([job], own.noticed([job])) == [job.id]
    out, step = Path(job.out), {"fetch": fetch, "weights": weights}[job.step]
    artifacts.empty(out)
    step.run(job.settings, {}, out, Path("work") / out / "state")
    artifacts.write_manifest(out, job.description(), {})
    assert staleness.prepare([job], own.noticed([job])) == []
    return job


def mine(root: Path, **changes) -> Job:
    dataset = Dataset(**{"kind": "custom", "root": str(root), "num_labels": 4, "val": 1} | changes)
    out, file = "data/run/mine/raw", "results/run/jobs/fetch/mine.json"
    return Job("fetch/mine", "fetch", FetchSettings(name="mine", dataset=dataset), out, file)


def keep_times(path: Path, content: bytes) -> None:
    """Other bytes, of the same size if `content` has it, at the same modification time."""
    before = path.stat().st_mtime_ns
    path.write_bytes(content)
    os.utime(path, ns=(before, before))


def flipped(path: Path) -> bytes:
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    return bytes(content)


def test_what_changes_in_a_folder(tmp_path, capsys):
    root = custom(tmp_path / "mine", ["a", "b", "c"])
    job = done(mine(root))
    picture = root / "images" / "b.png"
    original = picture.read_bytes()

    def noticed(line: str) -> None:
        assert own.changed([job]) == {job.id: f"fetch/mine: {line} since it was fetched"}
        assert staleness.prepare([job], own.noticed([job])) == [job.id]
        assert capsys.readouterr().err == f"pixelwise: fetch/mine: {line} since it was fetched\n"

    os.utime(picture)
    assert own.changed([job]) == {}
    picture.write_bytes(original)
    assert own.changed([job]) == {}
    picture.write_bytes(original + b"\0")
    noticed("images/b.png has changed")
    picture.write_bytes(flipped(picture))
    noticed("images/b.png has changed")
    keep_times(picture, flipped(picture))
    noticed("images/b.png has changed")
    picture.write_bytes(original)
    assert own.changed([job]) == {} and staleness.prepare([job], own.noticed([job])) == []
    custom(root, ["d"])
    noticed("images/d.png is new")
    for folder in ("images", "labels"):
        (root / folder / "d.png").unlink()
        (root / folder / "c.png").rename(tmp_path / f"{folder}.png")
    noticed("images/c.png is gone")
    (tmp_path / "images.png").rename(root / "images" / "c.png")
    assert "images/c.png is gone" in own.changed([job])[job.id]
    (tmp_path / "labels.png").rename(root / "labels" / "c.png")
    assert own.changed([job]) == {}
    root.rename(tmp_path / "elsewhere")
    assert own.changed([job]) == {}, "a clone that has the results but not the user's files keeps the results"


def test_another_folder_in_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv(ROOT, str(cityscapes(tmp_path / "one")))
    settings = FetchSettings(name="city", dataset=Dataset(kind="cityscapes"))
    job = done(Job("fetch/city", "fetch", settings, "data/run/city/raw", "results/run/jobs/fetch/city.json"))
    monkeypatch.setenv(ROOT, str(cityscapes(tmp_path / "copy")))
    assert own.changed([job]) == {}
    monkeypatch.setenv(ROOT, str(cityscapes(tmp_path / "other", train=4)))
    assert " is new since it was fetched" in own.changed([job])[job.id]


def test_the_users_checkpoint(tmp_path):
    file = tmp_path / "net.pth"
    file.write_bytes(b"weights" * 100)
    settings = WeightsSettings(name="net", file="net.pth")
    job = done(Job("weights/net", "weights", settings, "data/run/weights/net", "results/run/jobs/weights/net.json"))
    keep_times(file, flipped(file))
    assert own.changed([job]) == {job.id: "weights/net: net.pth has changed since it was fetched"}
    file.unlink()
    assert own.changed([job]) == {}


def test_lists_do_not_depend_on_times_and_lost_notes_are_made_anew(tmp_path):
    root = custom(tmp_path / "mine", ["a", "b", "c"])
    job = done(mine(root))
    first = (Path(job.out) / own.FILES).read_bytes()
    os.utime(root / "images" / "a.png")
    fetch.record(job.settings.dataset, tmp_path / "again", tmp_path)
    assert (tmp_path / "again" / own.FILES).read_bytes() == first
    note = Path("work") / job.out / own.SEEN
    for damage in (lambda: note.unlink(), lambda: note.write_text("[1]"), lambda: note.write_text('{"a": 3}')):
        damage()
        assert own.changed([job]) == {} and note.read_text().startswith('{"')
    (Path(job.out) / own.FILES).write_text("nonsense")
    assert own.changed([job]) == {job.id: "fetch/mine: images/a.png is new since it was fetched"}


def test_drawn_data_and_downloads_cost_nothing(monkeypatch):
    monkeypatch.setattr(own, "_present", None)
    streets = FetchSettings(name="s", dataset=Dataset(kind="streets", height=32, width=64, train=1, val=1))
    all_jobs = [Job("f", "fetch", streets, "o", "f"), Job("w", "weights", WeightsSettings(name="vgg19"), "o", "f")]
    assert own.changed(all_jobs) == {} and own.digest(all_jobs) == {}


@pytest.mark.slow
def test_of_five_thousand_known_files_none_is_opened(tmp_path):
    root, opened = tmp_path / "mine", list[str]()
    for folder in ("images", "labels"):
        (root / folder).mkdir(parents=True)
        for number in range(2500):
            (root / folder / f"{number}.png").write_bytes(b"%d" % number)
    job, listening = done(mine(root)), True

    def heard(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and listening and str(arguments[0]).startswith(str(root)):
            opened.append(str(arguments[0]))

    sys.addaudithook(heard)  # there is no way to take it away
    assert own.changed([job]) == {} and opened == []
    (root / "labels" / "7.png").write_bytes(b"another")
    opened.clear()
    assert job.id in own.changed([job]) and opened == [str(root / "labels" / "7.png")]
    listening = False


def test_a_dead_link_in_place_of_a_file(tmp_path):
    root = custom(tmp_path / "mine", ["a", "b", "c"])
    job = done(mine(root))
    (root / "labels" / "a.png").unlink()
    (root / "labels" / "a.png").symlink_to(tmp_path / "nowhere")
    assert job.id in own.changed([job])

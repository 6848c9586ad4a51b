"""Folders of the user's own data: every entry is counted or named, whatever it is and whatever it is called."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelwise import artifacts
from pixelwise.planning import jobs, staleness
from pixelwise.settings.data import Dataset, FetchSettings, PrepareSettings
from tests.fuzz import oracle
from tests.fuzz.conftest import cases
from tests.fuzz.sandbox import OUTPUTS, Sandbox
from tests.fuzz.test_names import filled, pieces, placed
from tests.fuzz.test_pictures import OWN

KINDS = [
    "pair",
    "pair",
    "image",
    "label",
    "folder",
    "hidden folder",
    "dead link",
    "loop",
    "link",
    "pipe",
    "empty",
    "text",
]
"""What an entry of a data folder can be."""


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return Sandbox(tmp_path_factory.mktemp("folders"), filled)


@cases(20)
@given(
    st.lists(st.tuples(pieces(), st.sampled_from(KINDS)), min_size=1, max_size=5),
    st.sampled_from(["check", "fetch"]),
)
def test_data_folders(box: Sandbox, made: list[tuple[bytes, str]], how: str) -> None:
    """Every entry is counted or named; nothing is followed in a circle, nothing is dropped."""
    box.reset()
    labels, images = box.clone / "own" / "labels", box.clone / "own" / "images"
    for folder in (labels, images):
        folder.mkdir(parents=True)
        for number in (1, 2):
            shutil.copyfile(box.clone / ("in.png" if folder == labels else "colour.png"), folder / f"good{number}.png")
    for name, what in made:
        build(box.clone, labels, images, name, what)
    if how == "check":
        done = oracle.call(box, "data", "check", "own", allowed=OUTPUTS)
        oracle.check(done, "own", case=made)
        if done.status in (0, 2) and any(ord(letter) < 32 and letter != "\n" for letter in done.out):
            oracle.fail(f"UNPRINTABLE: {done.out[-600:]!r}\ncase: {made!r}")
        if done.status == 0 and (
            left_out := [name for name, what in made if what in REFUSED and placed_at(box, name, what)]
        ):
            oracle.fail(f"DROPPED: {left_out!r}\ncase: {made!r}")
        return
    fetched(box, made)


REFUSED = ("hidden folder", "dead link", "loop")
"""What must be named, since it can be neither counted nor left out."""


def placed_at(box: Sandbox, name: bytes, what: str) -> bool:
    """Whether the disk took such an entry."""
    folder = os.fsencode(box.clone / "own" / "images") + b"/"
    return os.path.lexists(folder + {"hidden folder": b"." + name, "loop": name}.get(what, name + b".png"))


def fetched(box: Sandbox, made: object) -> None:
    """The two jobs of a data set of the user's own."""
    dataset = Dataset(**OWN)  # type: ignore[arg-type]
    raw, packed = "data/micro/own/raw", "data/micro/own/prepared"
    steps = [
        jobs.Job(
            "fetch/own", "fetch", FetchSettings(name="own", dataset=dataset), raw, "results/micro/jobs/fetch/own.json"
        ),
        jobs.Job(
            *("prepare/own", "prepare", PrepareSettings(name="own", dataset=dataset), packed),
            *("results/micro/jobs/prepare/own.json", {"raw": raw}),
        ),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(box.clone)
        staleness.prepare(steps)
    for job in steps:
        done = oracle.call(box, job.step, job.file)
        oracle.check(done, "own", case=made)
        if done.status != 0:
            return
    if problems := [line for job in steps for line in artifacts.verify_manifest(box.clone / job.manifest)]:
        oracle.fail(f"NOT AS MADE: {problems}\ncase: {made!r}")


def build(clone: Path, labels: Path, images: Path, name: bytes, what: str) -> None:
    """Put one entry into the data folder."""
    both = ((labels, clone / "in.png"), (images, clone / "colour.png"))
    raw = os.fsencode(images) + b"/" + (name if name not in (b".", b"..") else b"_")
    try:
        if what in ("pair", "image", "label"):
            for folder, source in both:
                if what == "pair" or (what == "image") == (folder == images):
                    placed(folder, name, source, b".png")
        elif what in ("folder", "hidden folder"):
            for folder, source in both:
                inner = os.fsencode(folder) + b"/" + (b"." if what == "hidden folder" else b"d") + name
                os.makedirs(inner, exist_ok=True)
                shutil.copyfile(os.fsencode(source), inner + b"/inside.png")
        elif what == "pipe":
            os.mkfifo(raw + b".png")
        elif what in ("empty", "text"):
            Path(os.fsdecode(raw + b".png")).write_bytes(b"" if what == "empty" else b"no picture")
        else:
            target = {"dead link": b"nowhere", "loop": b".", "link": b"good1.png"}[what]
            os.symlink(target, raw + (b"" if what == "loop" else b".png"))
    except OSError:
        return

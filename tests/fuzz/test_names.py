"""Names of files and folders: any bytes that a disk takes, as arguments and inside data folders."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.fuzz import oracle, weights
from tests.fuzz.conftest import cases
from tests.fuzz.mutate import NAMES
from tests.fuzz.sandbox import OUTPUTS, Sandbox
from tests.fuzz.test_pictures import OWN
from tests.pipeline.micro import PARAMS

RAW = (
    *(
        b"\xff\xfe",
        b"caf\xe9",
        b"\xed\xa0\x80",
        b"a\nb",
        b"a\rb",
        b"a\tb",
        b"\x1b[2J",
        b"\x1b]0;x\x07",
        b"\x7f",
        b"\x85",
    ),
    *(
        "\u202e".encode(),
        "\u2028".encode(),
        "é".encode(),
        "e\u0301".encode(),
        "ß".encode(),
        "İ".encode(),
        "名前".encode(),
    ),
    *(
        b"-",
        b"--",
        b"--help",
        b"-x",
        b" ",
        b"  ",
        b".",
        b"..",
        b"...",
        b"~",
        b"a ",
        b"\\",
        b"%s",
        b"{}",
        b"[x]",
        b"*",
        b"?",
    ),
    *(
        b"x" * 200,
        b"x" * 255,
        b"#",
        b"a#b",
        b";",
        b"'",
        b'"',
        b"$HOME",
        b"$(touch STARTED)",
        b"a,b",
        b"a=b",
        b"a:b",
        b"&",
    ),
    *(b"file:in", b"http:", b"s3:", b"0", b"-1", b"nan", b"None", b"con", b"a.png", b".png", b".hidden"),
)


def pieces() -> st.SearchStrategy[bytes]:
    """One name: bytes without a slash or zero, at most 250."""
    sane = [name.encode() for name in NAMES if "/" not in name and "\0" not in name and 0 < len(name.encode()) < 250]
    random = st.binary(min_size=1, max_size=12).map(lambda b: b.replace(b"/", b"_").replace(b"\0", b"_"))
    return st.one_of(st.sampled_from(RAW), st.sampled_from(sane), random)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    def fill(folder: Path) -> None:
        weights.write(folder)
        rng = np.random.default_rng(0)
        Image.fromarray(rng.integers(0, 5, (16, 16), dtype=np.uint8)).save(folder / "in.png")
        Image.fromarray(rng.integers(0, 5, (16, 16, 3), dtype=np.uint8)).save(folder / "colour.png")
        micro = {**PARAMS["profiles"]["micro"], "datasets": {"own": OWN}, "train": {}, "restore": {}}  # type: ignore[index]
        (folder / "params.yaml").write_text(yaml.safe_dump({**PARAMS, "profiles": {"micro": micro}}))

    return Sandbox(tmp_path_factory.mktemp("names"), fill)


def placed(folder: Path, name: bytes, source: Path, suffix: bytes) -> str | None:
    """A copy of a file under this name; its path as an argument, or None if the disk refuses the name."""
    path = os.fsencode(folder) + b"/" + (name + suffix if name not in (b".", b"..") else b"_" + suffix)
    try:
        shutil.copyfile(os.fsencode(source), path)
    except OSError:
        return None
    return os.fsdecode(os.path.relpath(path, os.fsencode(folder)))


def shown(name: str) -> str:
    """A part of the name that an error must hold, whatever it escapes: its longest plain piece."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in name)
    return max(plain.split(), key=len, default="")


@cases(25)
@given(
    pieces(), st.sampled_from([b".png", b".tif", b"", b".jpg"]), st.sampled_from(["in", "out", "checkpoint", "both"])
)
def test_denoise(box: Sandbox, name: bytes, suffix: bytes, which: str) -> None:
    box.reset()
    where = box.clone / "deeper"
    where.mkdir()
    source, target, network = "in.png", "out.png", "denoiser.safetensors"
    if which in ("in", "both"):
        source = placed(box.clone, name, box.clone / "in.png", suffix) or source
    if which in ("out", "both"):
        target = "deeper/" + os.fsdecode(name) + "x" + os.fsdecode(suffix)
    if which == "checkpoint":
        network = placed(box.clone, name, box.clone / network, b".safetensors") or network
    done = oracle.call(box, "denoise", f"--checkpoint={network}", "--", source, target, allowed=["deeper", "out.png"])
    oracle.check(done, shown(source), shown(target), shown(network), case=(name, suffix, which))
    if done.status == 0 and not (box.clone / target).is_file():
        oracle.fail(f"NOTHING WRITTEN\ncase: {(name, suffix, which)!r}")


@cases(15)
@given(
    pieces(),
    st.sampled_from(
        [
            "claims --metrics",
            "claims --explain",
            "claims --verdict",
            "table",
            "readme",
            "convert",
            "verify --config",
            "verify --profile",
            "data check",
            "fetch",
            "judge",
            "report",
        ]
    ),
)
def test_other_arguments(box: Sandbox, name: bytes, command: str) -> None:
    box.reset()
    words, text = command.split(), os.fsdecode(name)
    if words[-1].startswith("--"):
        words[-1] += f"={text}"
        done = oracle.call(box, *words)
    else:
        done = oracle.call(box, *words, *(["--model=dncnn"] if command == "convert" else []), "--", text)
    oracle.check(done, shown(text), "--", "params.yaml", "argument", case=(name, command))


@cases(20)
@given(
    st.lists(
        st.tuples(
            pieces(),
            st.sampled_from(
                [
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
            ),
        ),
        min_size=1,
        max_size=5,
    ),
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
    from pixelwise import graph, jobs
    from pixelwise.settings.data import Dataset, FetchSettings, PrepareSettings

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
    assert graph
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(box.clone)
        jobs.prepare(steps)
    for job in steps:
        done = oracle.call(box, job.step, job.file)
        oracle.check(done, "own", case=made)
        if done.status != 0:
            return
    if problems := [line for job in steps for line in jobs.artifacts.verify_manifest(box.clone / job.manifest)]:
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

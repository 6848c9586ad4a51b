"""Pictures: whatever a file holds, it is read whole or refused in one line, never cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.fuzz import oracle, weights
from tests.fuzz.conftest import cases
from tests.fuzz.pictures import HEIGHT, KINDS, SUFFIXES, WIDTH, Kind
from tests.fuzz.sandbox import OUTPUTS, Sandbox
from tests.pipeline.micro import PARAMS

MADE: dict[str, bytes | None] = {}
OWN = {"kind": "custom", "root": "own", "num_labels": 5, "dontcare": True, "val": 1}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    def fill(folder: Path) -> None:
        weights.write(folder)
        rng = np.random.default_rng(0)
        for name in ("labels", "images", "instances"):
            (folder / "own" / name).mkdir(parents=True)
            for number in range(2):
                shape = (HEIGHT, WIDTH, 3) if name == "images" else (HEIGHT, WIDTH)
                picture = Image.fromarray(rng.integers(0, 4, shape, dtype=np.uint8))
                picture.save(folder / "own" / name / f"{number}.png")
        document = {**PARAMS, "profiles": {"micro": {**PARAMS["profiles"]["micro"], "datasets": {"own": OWN}}}}  # type: ignore[index]
        document["profiles"]["micro"] |= {"train": {}, "restore": {}, "time": {}}
        (folder / "params.yaml").write_text(yaml.safe_dump(document))
        Image.fromarray(rng.integers(0, 5, (HEIGHT, WIDTH), dtype=np.uint8)).save(folder / "labels.png")

    return Sandbox(tmp_path_factory.mktemp("pictures"), fill)


def content(name: str) -> bytes | None:
    """The bytes of one kind of file; None where this machine's libraries cannot write it."""
    if name not in MADE:
        try:
            MADE[name] = KINDS[name].make()
        except (OSError, KeyError, ValueError, RuntimeError):
            MADE[name] = None
    return MADE[name]


def denoised(box: Sandbox, data: bytes, suffix: str, kind: Kind | None, case: object) -> None:
    """One picture under `denoise`; a whole file's result has its size, depth and channels."""
    box.reset()
    (box.clone / f"in{suffix}").write_bytes(data)
    done = oracle.call(
        box, "denoise", f"in{suffix}", "out.png", "--checkpoint", "denoiser.safetensors", allowed=["out.png"]
    )
    oracle.check(done, f"in{suffix}", case=case)
    if done.status != 0:
        return
    made = (box.clone / "out.png").read_bytes()
    with Image.open(box.clone / "out.png") as image:
        image.load()
        size = (image.height, image.width)
    if kind is not None and not kind.whole:
        oracle.fail(f"CUT: {kind.format} of {kind.bits} bits, {kind.frames} frames was taken\ncase: {case!r}")
    if kind is not None and (made[24] != kind.bits or (size != (HEIGHT, WIDTH) and "1x1" not in str(case))):
        oracle.fail(f"CUT: {made[24]} bits of {kind.bits}, size {size}\ncase: {case!r}")


@pytest.mark.parametrize("name", KINDS)
def test_denoise_takes_a_picture_whole(box: Sandbox, name: str) -> None:
    kind, data = KINDS[name], content(name)
    if data is None:
        pytest.skip("no library here writes it")
    denoised(box, data, ".png", kind, name)


@cases(30)
@given(st.sampled_from(sorted(KINDS)), st.sampled_from(SUFFIXES), st.data())
def test_denoise_damaged(box: Sandbox, name: str, suffix: str, data: st.DataObject) -> None:
    if (whole := content(name)) is not None:
        denoised(box, data.draw(broken(whole)), suffix, None, (name, suffix))


@st.composite
def broken(draw: st.DrawFn, whole: bytes) -> bytes:
    """A file's bytes, most often with one thing wrong."""
    how = draw(st.sampled_from(("cut", "flip", "flip", "insert", "head", "grow", "whole")))
    first = draw(st.booleans())  # most of what decides stands at the beginning
    place = draw(st.integers(0, max(0, min(len(whole) - 1, 80) if first else len(whole) - 1)))
    piece = draw(st.binary(min_size=1, max_size=4))
    if how == "cut":
        return whole[:place]
    if how == "flip":
        return whole[:place] + piece + whole[place + len(piece) :]
    if how == "insert":
        return whole[:place] + piece + whole[place:]
    if how == "head":
        return (
            draw(st.sampled_from([b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"II+\0", b"\xff\xd8\xff\xe0", b"BM"]))
            + whole[4:]
        )
    return whole + piece * 50 if how == "grow" else whole


@cases(30)
@given(st.sampled_from(sorted(KINDS)), st.sampled_from(SUFFIXES), st.booleans(), st.booleans(), st.data())
def test_translate(box: Sandbox, name: str, suffix: str, instances: bool, damage: bool, data: st.DataObject) -> None:
    if (whole := content(name)) is None:
        return
    box.reset()
    (box.clone / f"in{suffix}").write_bytes(data.draw(broken(whole)) if damage else whole)
    command = ["translate", "labels.png", "out.png", "--instances", f"in{suffix}"]
    command = command if instances else ["translate", f"in{suffix}", "out.png"]
    done = oracle.call(box, *command, "--checkpoint", "generator.safetensors", allowed=["out.png"])
    oracle.check(done, f"in{suffix}", case=(name, suffix, instances, damage))
    if done.status == 0:
        with Image.open(box.clone / "out.png") as made:
            if made.mode != "RGB" or made.size != (WIDTH, HEIGHT):
                oracle.fail(f"WRONG PICTURE: {made.mode} {made.size}\ncase: {name!r}")


@cases(20)
@given(
    st.sampled_from(sorted(KINDS)),
    st.sampled_from(SUFFIXES),
    st.sampled_from(["labels", "images", "instances"]),
    st.data(),
)
def test_data_check(box: Sandbox, name: str, suffix: str, role: str, data: st.DataObject) -> None:
    if (whole := content(name)) is None:
        return
    box.reset()
    (box.clone / "own" / role / "1.png").unlink()
    (box.clone / "own" / role / f"1{suffix}").write_bytes(
        data.draw(broken(whole)) if data.draw(st.booleans()) else whole
    )
    done = oracle.call(box, "data", "check", "own", allowed=OUTPUTS)
    oracle.check(done, "own", case=(name, suffix, role))
    if done.status == 2 and f"1{suffix}" not in done.out + done.err and "1.png" not in done.out:
        oracle.fail(f"NAMELESS: {done.out[-500:]!r}\ncase: {(name, suffix, role)!r}")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_written_in_the_format_that_the_ending_says(box: Sandbox, suffix: str) -> None:
    for name in ("png L", "png RGBA", "png 16 bits, colour type 2"):
        box.reset()
        data: Any = content(name)
        (box.clone / "in.png").write_bytes(data)
        target = f"out{suffix}"
        done = oracle.call(box, "denoise", "in.png", target, "--checkpoint", "denoiser.safetensors", allowed=[target])
        oracle.check(done, target, case=(name, suffix))
        if done.status == 0:
            with Image.open(box.clone / target) as made:
                assert made.size == (WIDTH, HEIGHT)

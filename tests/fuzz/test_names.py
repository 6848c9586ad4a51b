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
from tests.fuzz.sandbox import Sandbox
from tests.fuzz.test_pictures import OWN
from tests.pipeline.micro import PARAMS

TEXTS = (
    "a\nb,a\rb,a\tb,\x1b[2J,\x1b]0;x\x07,\x7f,\x85,\u202e,\u2028,é,e\u0301"
    ",ß,İ,名前,-,--,--help,-x, ,  ,.,..,...,~,a ,\\,%s,{}"
    ",[x],*,?,#,a#b,;,',\",$HOME,$(touch STARTED),a=b,a:b,&,file:in,http:,s3:,0,-1,nan,None,con,a.png,.png,.hidden"
)
RAW = (b"\xff\xfe", b"caf\xe9", b"\xed\xa0\x80", b"x" * 200, b"x" * 255, b"a,b", *map(str.encode, TEXTS.split(",")))
"""Names that a disk takes."""


def pieces() -> st.SearchStrategy[bytes]:
    """One name: bytes without a slash or zero, at most 250."""
    sane = [name.encode() for name in NAMES if "/" not in name and "\0" not in name and 0 < len(name.encode()) < 250]
    random = st.binary(min_size=1, max_size=12).map(lambda b: b.replace(b"/", b"_").replace(b"\0", b"_"))
    return st.one_of(st.sampled_from(RAW), st.sampled_from(sane), random)


def filled(folder: Path) -> None:
    """Pictures, weights, and a configuration with a data set of the user's own."""
    weights.write(folder)
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 5, (16, 16), dtype=np.uint8)).save(folder / "in.png")
    Image.fromarray(rng.integers(0, 5, (16, 16, 3), dtype=np.uint8)).save(folder / "colour.png")
    micro = {**PARAMS["profiles"]["micro"], "datasets": {"own": OWN}, "train": {}, "restore": {}, "time": {}}  # type: ignore[index]
    (folder / "params.yaml").write_text(yaml.safe_dump({**PARAMS, "profiles": {"micro": micro}}))


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return Sandbox(tmp_path_factory.mktemp("names"), filled)


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

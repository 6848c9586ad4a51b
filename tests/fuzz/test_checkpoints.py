"""Checkpoints: a file of weights gives a picture or a converted file of finite numbers, or one line."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.fuzz import oracle, weights
from tests.fuzz.conftest import cases
from tests.fuzz.mutate import changed, json_text, leaves
from tests.fuzz.sandbox import Sandbox

FILES = ("denoiser.safetensors", "generator.safetensors")
COMMANDS = {
    "denoiser.safetensors": ("denoise", "gray.png", "out.png"),
    "generator.safetensors": ("translate", "labels.png", "out.png"),
}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    def fill(folder: Path) -> None:
        weights.write(folder)
        rng = np.random.default_rng(0)
        Image.fromarray(rng.integers(0, 256, (12, 16), dtype=np.uint8)).save(folder / "gray.png")
        Image.fromarray(rng.integers(0, 5, (16, 16), dtype=np.uint8)).save(folder / "labels.png")

    return Sandbox(tmp_path_factory.mktemp("checkpoints"), fill)


def judged(box: Sandbox, file: str, content: bytes, case: object) -> None:
    """One checkpoint under a command that uses it."""
    box.reset()
    (box.clone / file).write_bytes(content)
    command, source, target = COMMANDS[file]
    done = oracle.call(box, command, source, target, "--checkpoint", file, allowed=(target,))
    oracle.check(done, file, "gray.png", "labels.png", case=case)
    if done.status == 0:
        with Image.open(box.clone / target) as made, Image.open(box.clone / source) as given_:
            if made.size != given_.size:
                oracle.fail(f"WRONG PICTURE: {made.size} for {given_.size}\ncase: {case!r:.1000}")
        if not weights.finite(content):
            oracle.fail(f"NOT FINITE: accepted\ncase: {case!r:.1000}")


@cases(30)
@given(st.sampled_from(FILES), st.data())
def test_what_a_checkpoint_says_of_itself(box: Sandbox, file: str, data: st.DataObject) -> None:
    content = (box.kept / "clone" / file).read_bytes()
    document = data.draw(changed(weights.information(content)))
    judged(box, file, weights.informed(content, json_text(document)), document)


@cases(25)
@given(st.sampled_from(FILES), st.data())
def test_headers(box: Sandbox, file: str, data: st.DataObject) -> None:
    header, body = weights.parts((box.kept / "clone" / file).read_bytes())
    document = data.draw(changed(header))
    judged(box, file, weights.joined(document, body), document)


@cases(12)
@given(
    *(st.sampled_from(FILES), st.sampled_from([float("nan"), float("inf"), -float("inf"), 3.4e38, 1e30, 0.0])),
    *(st.integers(0, 20), st.booleans()),
)
def test_values(box: Sandbox, file: str, number: float, which: int, whole: bool) -> None:
    content = weights.values((box.kept / "clone" / file).read_bytes(), number, which, whole)
    judged(box, file, content, (file, number, which, whole))


@pytest.mark.parametrize("dtype", weights.SIZES)
@pytest.mark.parametrize("file", FILES)
def test_number_types(box: Sandbox, file: str, dtype: str) -> None:
    judged(box, file, weights.recast((box.kept / "clone" / file).read_bytes(), dtype), (file, dtype))


@cases(15)
@given(
    st.sampled_from(FILES),
    st.integers(0, 2000),
    st.sampled_from(["cut", "flip", "grow", "length"]),
    st.binary(max_size=8),
)
def test_damaged_bytes(box: Sandbox, file: str, place: int, how: str, piece: bytes) -> None:
    content = (box.kept / "clone" / file).read_bytes()
    if how == "cut":
        content = content[:place]
    elif how == "flip":
        content = content[:place] + piece + content[place + len(piece) :]
    elif how == "grow":
        content = content + piece * 100
    else:
        content = (piece + bytes(8))[:8] + content[8:]
    box.reset()
    (box.clone / file).write_bytes(content)
    command, source, target = COMMANDS[file]
    oracle.check(
        oracle.call(box, command, source, target, "--checkpoint", file, allowed=(target,)),
        file,
        case=(file, place, how, piece),
    )


class Harm:
    """What a pickle could run."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch STARTED",)


def documents() -> dict[str, Any]:
    """What a .pth file could hold."""
    good = weights.official()
    first = next(iter(good))
    cyclic: dict[str, Any] = dict(good)
    cyclic["state_dict"] = cyclic
    nested: Any = good
    for _ in range(50):
        nested = {"state_dict": nested}
    return {
        **{"good": good, "module": {f"module.{key}": value for key, value in good.items()}, "empty": {}, "none": None},
        **{"list": list(good.values()), "tensor": good[first], "text": "x", "cyclic": cyclic, "nested": nested},
        **{"ordered": OrderedDict(good), "wrapped": {"epoch": 3, "state_dict": good}, "numbered": {1: good[first]}},
        **{f"cast {dtype}": {key: value.to(dtype) for key, value in good.items()} for dtype in _DTYPES},
        **{"nan": good | {first: good[first] * float("nan")}, "inf": good | {first: good[first] / 0}},
        **{"scalar": good | {first: torch.tensor(1.0)}, "lacks": {k: v for k, v in good.items() if k != first}},
        **{"more": good | {"x.weight": good[first]}, "sparse": good | {first: good[first].to_sparse()}},
        **{"view": {key: value.expand(2, *value.shape)[0] for key, value in good.items()}},
        **{"stretched": good | {first: torch.zeros(1).expand(10**6, 10**6, 3, 3)}},
        **{"meta": good | {first: good[first].to("meta")}, "number": good | {"epoch": 3}, "void": good | {first: None}},
        **{"turned": good | {first: good[first].transpose(0, 1)}, "3-d": good | {first: good[first][0]}},
        **{"zero": good | {first: good[first][:0]}, "parameter": {k: torch.nn.Parameter(v) for k, v in good.items()}},
        **{"quantised": good | {first: torch.quantize_per_tensor(good[first], 0.1, 0, torch.qint8)}},
        **{"deep": {f"model.{2 * i}.weight": torch.zeros(4, 4, 3, 3) for i in range(3000)}},
        **{"path": {"../../x.weight": good[first]}, "control": {"\x1b[31m\n.weight": good[first]}},
    }


_DTYPES = (torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.uint8, torch.bool, torch.complex64)


@pytest.mark.parametrize("name", documents())
@pytest.mark.parametrize("model", ["dncnn", "asapnet"])
def test_saved_by_torch(box: Sandbox, name: str, model: str) -> None:
    buffer = io.BytesIO()
    torch.save(documents()[name], buffer)
    converted(box, buffer.getvalue(), "x.pth", model, name)


def converted(box: Sandbox, content: bytes, file: str, model: str, case: object, *options: str) -> None:
    """One file under `convert`: what it writes holds finite float32 numbers alone."""
    box.reset()
    (box.clone / file).write_bytes(content)
    more = [word for option in options for word in ("--option", option)]
    done = oracle.call(
        box, "convert", file, "--model", model, "--out", "new.safetensors", *more, allowed=["new.safetensors"]
    )
    oracle.check(done, file, model, "option", case=case)
    if done.status == 0:
        header, _ = weights.parts(made := (box.clone / "new.safetensors").read_bytes())
        dtypes = {entry["dtype"] for key, entry in header.items() if key != "__metadata__"}
        if not dtypes <= {"F32", "I64"} or not weights.finite(made):
            oracle.fail(f"CONVERTED: {dtypes}, finite: {weights.finite(made)}\ncase: {case!r:.1000}")


def test_pickles_run_nothing(box: Sandbox) -> None:
    archive = io.BytesIO()
    torch.save(weights.official(), archive)
    with zipfile.ZipFile(archive) as former, zipfile.ZipFile(harmful := io.BytesIO(), "w") as zipped:
        for info in former.infolist():
            harm = info.filename.endswith("data.pkl")
            zipped.writestr(info.filename, pickle.dumps(Harm()) if harm else former.read(info))
    for content in (pickle.dumps(Harm()), harmful.getvalue(), pickle.dumps({"model.0.weight": Harm()}, 2)):
        for file in ("x.pth", "x.pt", "x.bin", "x.mat", "x.safetensors", "x"):
            converted(box, content, file, "dncnn", file)


@cases(20)
@given(st.integers(0, 4000), st.sampled_from(["cut", "flip", "legacy"]), st.binary(min_size=1, max_size=4))
def test_damaged_archives(box: Sandbox, place: int, how: str, piece: bytes) -> None:
    buffer = io.BytesIO()
    torch.save(weights.official(), buffer, _use_new_zipfile_serialization=how != "legacy")
    content = buffer.getvalue()
    content = content[:place] if how == "cut" else content[:place] + piece + content[place + len(piece) :]
    converted(box, content, "x.pth", "dncnn", (place, how, piece))


@cases(20)
@given(
    st.sampled_from(["depth", "width", "channels", "variant", "num_labels", "tile", "max_width", "residual", "x", ""]),
    leaves,
    st.sampled_from(["dncnn", "asapnet", "pix2pixhd_global", "segmenter", "drn_d_22", "x", "../x", ""]),
)
def test_options(box: Sandbox, option: str, value: object, model: str) -> None:
    text = f"{option}={json_text(value)}"
    if "\0" not in text:
        content = (box.kept / "clone" / "official.pth").read_bytes()
        converted(box, content, "official.pth", model, (model, text), text)

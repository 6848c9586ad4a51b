"""Files of weights that somebody else wrote: every fault is one line that names the file, at once, without memory."""

from __future__ import annotations

import collections
import inspect
import io
import json
import pickle
import struct
import time
import zipfile
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from pixelwise.data import inception
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation.features import load_inception
from pixelwise.files import pickled, tensors
from pixelwise.models import build, checkpoint, registry
from pixelwise.models.official.convert import convert
from pixelwise.models.official.official_checkpoints import load_official, read
from pixelwise.models.official.official_keys import official_keys
from tests.models.matlab import write_matlab

OPTIONS = {"width": 4, "depth": 4}


def official(**options):
    module = build("dncnn", **OPTIONS | {"variant": "kair"} | options)
    keys = official_keys(module)
    return {keys[key]: tensor.clone() for key, tensor in module.state_dict().items()}


def write(path: Path, state) -> Path:
    (save_file if path.suffix == ".safetensors" else torch.save)(state, path)
    return path


def refused(call, *parts: str) -> None:
    """The call ends within seconds in one line that holds all the parts."""
    started = time.monotonic()
    with pytest.raises(PixelwiseError) as error:
        call()
    assert time.monotonic() - started < 5
    line = str(error.value)
    assert "\n" not in line and len(line) < 700
    for part in parts:
        assert part in line, line


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["net.pth", "net.safetensors"])
def test_values_that_are_not_finite(tmp_path, name, value):
    state = official()
    state["model.2.weight"][1, 2, 0, 1] = value
    state["model.5.weight"][0, 0, 0, 0] = value
    path = write(tmp_path / name, state)
    line = "model.2.weight holds a value that is not finite"
    refused(partial(convert, path, "dncnn", tmp_path / "out.safetensors"), str(path), line)
    assert not (tmp_path / "out.safetensors").exists()


def test_our_own_checkpoint_with_nan_or_a_negative_variance(tmp_path):
    path = tmp_path / "model.safetensors"
    for key, value, line in (
        ("convs.1.weight", float("nan"), "convs.1.weight holds a value that is not finite"),
        ("norms.0.running_var", -1.0, "norms.0.running_var holds -1; a variance is 0 or more"),
    ):
        module = build("dncnn", **OPTIONS)
        module.state_dict()[key].flatten()[0] = value
        checkpoint.save(path, module, "dncnn", OPTIONS)
        refused(partial(checkpoint.load, path), str(path), line)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("name", ["net.pth", "net.safetensors"])
def test_other_types_become_float32_without_loss(tmp_path, name, dtype):
    state = {key: t.to(torch.bfloat16).to(torch.float16).to(dtype) if t.is_floating_point() else t
             for key, t in official().items()}  # fmt: skip
    convert(write(tmp_path / name, state), "dncnn", tmp_path / "out.safetensors")
    module, _ = checkpoint.load(tmp_path / "out.safetensors")
    found = module.state_dict()
    for key, given in official_keys(module).items():
        assert found[key].dtype == (torch.int64 if key.endswith("tracked") else torch.float32)
        assert torch.equal(found[key].double(), state[given].double())
    assert module(torch.rand(1, 1, 8, 8)).dtype == torch.float32


def test_types_that_lose_something_are_refused(tmp_path):
    for change, line in (
        (lambda t: t.double() + 1e-12, "model.0.weight is of type float64 with values that float32 can't hold"),
        (lambda t: t.to(torch.complex64), "holds torch.ComplexFloatStorage; allowed are tensors and plain values"),
        (lambda t: t.to(torch.int32), "of type torch.int32; the model needs torch.float32"),
        (lambda t: t.to_sparse(), "not readable as plain weights"),
        (lambda t: torch.quantize_per_tensor(t, 0.1, 0, torch.qint8), "not readable as plain weights"),
        (lambda t: t.to("meta"), "not readable as plain weights"),
    ):
        state = official()
        state["model.0.weight"] = change(state["model.0.weight"])
        path = write(tmp_path / "net.pth", state)
        refused(partial(load_official, build("dncnn", **OPTIONS, variant="kair"), path), str(path), line)
    module = build("dncnn", **OPTIONS)
    state = {key: t.half() if t.is_floating_point() else t.int() for key, t in module.state_dict().items()}
    save_file(state, tmp_path / "x.safetensors", {"pixelwise": metadata()})
    refused(partial(checkpoint.load, tmp_path / "x.safetensors"), "norms.0.num_batches_tracked is of type torch.int32")


def metadata(**changes) -> str:
    return json.dumps({"format": 1, "name": "dncnn", "options": OPTIONS, "extra": {}} | changes)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (None, "not a checkpoint of this program"),
        ("{", "not a checkpoint of this program"),
        ("[" * 100_000, "not a checkpoint of this program"),
        ("null", "checkpoint format None; allowed is 1"),
        (metadata(format=2), "checkpoint format 2; allowed is 1"),
        (metadata(format=True), "checkpoint format True; allowed is 1"),
        (metadata(format="1"), "checkpoint format '1'; allowed is 1"),
        (metadata(name=3), "pixelwise.name: Input should be a valid string"),
        (metadata(name="unet"), "model 'unet'; allowed are asapnet"),
        (metadata(options=[1]), "pixelwise.options: Input should be a valid dictionary"),
        (metadata(extra=None), "pixelwise.extra"),
        (metadata(extra={"patch": "x"}), "pixelwise.extra.patch: Input should be a valid integer"),
        (metadata(extra={"patch": 0}), "pixelwise.extra.patch: Input should be greater than or equal to 1"),
        (metadata(extra={"sigma": [1]}), "pixelwise.extra.sigma"),
        (metadata(extra={"dontcare": "no"}), "pixelwise.extra.dontcare"),
        (metadata(more=1), "pixelwise.more: no such parameter"),
        (metadata(options={"size": 3}), "option 'size'; allowed are channels"),
        (metadata(options={"width": 4.0}), "width 4.0; Input should be a valid integer"),
        (metadata(options={"width": None}), "width None; Input should be a valid integer"),
        (metadata(options={"width": "4"}), "width '4'; Input should be a valid integer"),
        (metadata(options={"width": -4}), "width -4; allowed are whole numbers from 0 to 4096"),
        (metadata(options={"width": 0}), "its options make a layer without weights"),
        (metadata(options={"depth": 1_000_000}), "depth 1000000; allowed are whole numbers from 0 to 4096"),
        (metadata(options={"depth": 10**12}), "depth 1000000000000; allowed"),
        (metadata(options={"width": 10**6}), "width 1000000; allowed"),
        (metadata(options={"width": 4096, "depth": 4096}), "ask for more than 4096 tensors or 4294967296 bytes"),
        (metadata(options={"variant": "other"}), "dncnn: variant 'other'; allowed are saoyan, kair, merged"),
        (metadata(options={"variant": ["kair"]}), "variant ('kair',); Input should be 'saoyan', 'kair' or 'merged'"),
    ],
)
def test_metadata(tmp_path, text, line):
    path = tmp_path / "model.safetensors"
    save_file(build("dncnn", **OPTIONS).state_dict(), path, None if text is None else {"pixelwise": text})
    refused(partial(checkpoint.load, path), str(path), line)


def header(path: Path, entries: dict, size: int = 0) -> Path:
    text = json.dumps(entries).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text)
    with open(path, "r+b") as stream:
        stream.truncate(8 + len(text) + size)  # a sparse file: no disk is used
    return path


def test_safetensors_sizes(tmp_path):
    path = tmp_path / "net.safetensors"
    huge = {"a": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}}
    refused(partial(read, header(path, huge)), str(path), "not readable as safetensors")
    refused(partial(read, header(path, huge, 4 * 10**12)), str(path), "bytes; at most 4294967296 are allowed")
    refused(partial(checkpoint.load, path), str(path), "bytes; at most 4294967296 are allowed")
    path.write_bytes(struct.pack("<Q", 10**12) + b"{}")
    refused(partial(read, path), str(path), "a header of 1000000000000 bytes")
    strange = {"a": {"dtype": "F8_E4M3", "shape": [2], "data_offsets": [0, 2]}}
    refused(partial(read, header(path, strange, 2)), "a is of type float8_e4m3fn; allowed are float16")
    for content in (b"", b"\0" * 7, b"\xff" * 64):
        path.write_bytes(content)
        refused(partial(read, path), str(path), "not readable as safetensors")


class Pickled:
    """An object whose pickle calls a function of torch with the given arguments."""

    def __init__(self, function, *arguments):
        self.parts = function, arguments

    def __reduce__(self):
        return self.parts


def with_document(path: Path, document: bytes, compress: int = zipfile.ZIP_STORED, size: int = 16) -> Path:
    """A file of torch.save's present format with this pickle and one storage."""
    with zipfile.ZipFile(path, "w", compress) as archive:
        for name, content in (("data.pkl", document), ("byteorder", b"little"), ("version", b"3\n")):
            archive.writestr(f"archive/{name}", content)
        archive.writestr("archive/data/0", b"\0" * size)
    return path


def document(count: int, shape: tuple, stride: tuple, offset: int = 0) -> bytes:
    """The pickle of {"a": tensor} as torch.save writes it, its sizes free."""

    class Writer(pickle._Pickler):
        def persistent_id(self, obj):
            return ("storage", torch.FloatStorage, "0", "cpu", count) if obj == "STORAGE" else None

    stream = io.BytesIO()
    order = collections.OrderedDict()
    rebuilt = Pickled(torch._utils._rebuild_tensor_v2, "STORAGE", offset, shape, stride, False, order)
    Writer(stream, 2).dump({"a": rebuilt})
    return stream.getvalue()


@pytest.mark.parametrize(
    ("pickle_of", "line"),
    [
        (document(10**12, (10**12,), (1,)), "record 0 does not hold the 1000000000000 values"),
        (document(4, (10**12,), (0,)), "tensors of 4000000000000 bytes; at most 4294967296 are allowed"),
        (document(4, (10**6, 10**6), (0, 0)), "at most 4294967296 are allowed"),
        (document(4, (8,), (1,)), "a tensor of shape (8,) in a storage of 4 values"),
        (document(4, (4,), (1,), offset=2), "a tensor of shape (4,) in a storage of 4 values"),
        (document(4, (-4,), (1,)), "-4 in place of a size"),
        (document(4, ("4",), (1,)), "'4' in place of a size"),
        (pickle.dumps({"a": Pickled(bytearray, 10**11)}, 2), "bytearray; allowed are tensors and plain values"),
        (pickle.dumps({"a": Pickled(eval, "1")}, 2), "eval; allowed are tensors and plain values"),
        (pickle.dumps({"a": Pickled(torch.zeros, 10**12)}, 2), "allowed are tensors and plain values"),
        (b"\x80\x02" + b"(" * 1000, "not readable as plain weights"),
        (b"", "not readable as plain weights"),
    ],
)
def test_sizes_and_calls_in_a_pickle(tmp_path, pickle_of, line):
    path = with_document(tmp_path / "net.pth", pickle_of)
    for reader in (read, inception.read_state):
        refused(partial(reader, path), str(path), line)


def test_a_good_document_of_the_same_builder_is_read(tmp_path):
    path = with_document(tmp_path / "net.pth", document(4, (2, 2), (2, 1)))
    assert read(path)["a"].tolist() == [[0, 0], [0, 0]]


def test_compressed_records_and_files_of_the_old_format(tmp_path):
    bomb = with_document(tmp_path / "a.pth", document(2**28, (2**28,), (1,)), zipfile.ZIP_DEFLATED, 2**20)
    refused(partial(read, bomb), "compressed records")
    state, old = official(), tmp_path / "old.pth"
    torch.save({"epoch": 1, "state_dict": state}, old, _use_new_zipfile_serialization=False)
    assert all(torch.equal(found, state[key]) for key, found in read(old).items())
    torch.save({"a": torch.zeros(4)}, old, _use_new_zipfile_serialization=False)
    content = old.read_bytes()
    for number in (2**31 - 1, 5):
        lying = content.replace(b"K\x04N", b"J" + struct.pack("<i", number) + b"N")
        assert lying != content
        old.write_bytes(lying)
        if number > 5:
            refused(partial(read, old), "its tensors need more")
        else:
            refused(partial(read, old), "not readable as plain weights")


def test_entries_that_are_no_tensors(tmp_path):
    for state, line in (
        ({"a": 3}, "a is int; a state dict of tensors is needed"),
        ({3: torch.zeros(1)}, "3 in place of a tensor's name"),
        ([torch.zeros(1)], "holds list; a state dict of tensors is needed"),
    ):
        path = write(tmp_path / "net.pth", state)
        refused(partial(read, path), str(path), line)
    state = official()
    state["model.0.weight"] = torch.zeros(100_000, 1, 1, 1)  # whose width would make a network of terabytes
    path = write(tmp_path / "net.pth", state)
    refused(partial(convert, path, "dncnn", tmp_path / "o.safetensors", ["variant=merged"]), "width 100000; allowed")
    options = ["variant=merged", "width=4", "depth=4"]
    refused(partial(convert, path, "dncnn", tmp_path / "o.safetensors", options), "net.pth: model.0.weight is (100000,")
    for wrong in (torch.zeros(9), torch.zeros(4, dtype=torch.int8)):
        path = write(tmp_path / "net.pth", official() | {"model.3.running_mean": wrong})
        line = f"net.pth: model.3.running_mean is {tuple(wrong.shape)}, {wrong.dtype}; the model needs (4,)"
        refused(partial(convert, path, "dncnn", tmp_path / "o.safetensors", options), line)
    cyclic: dict = {}
    cyclic["state_dict"] = cyclic
    path = write(tmp_path / "net.pth", cyclic)
    refused(partial(read, path), "state_dict is dict; a state dict of tensors is needed")


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("depth=1000000", "depth 1000000; allowed are whole numbers from 0 to 4096"),
        ("width=1000000000000", "width 1000000000000; allowed are"),
        ("depth=" + "9" * 5000, "Input should be a valid integer"),
        ("depth=" + "[" * 50_000, "Input should be a valid integer"),
        ("depth=true", "depth True; Input should be a valid integer"),
        ("depth=NaN", "depth nan; Input should be a valid integer"),
    ],
)
def test_options_given_to_convert(tmp_path, option, line):
    path = write(tmp_path / "net.pth", official())
    refused(partial(convert, path, "dncnn", tmp_path / "out.safetensors", [option]), line)


def test_options_in_params_are_bounded_while_planning():
    """Without torch, in the settings of every step that builds a network."""
    from pydantic import ValidationError

    from pixelwise.settings.evaluation import TimedModel
    from pixelwise.settings.models import ConvertSettings

    for make in (ConvertSettings, TimedModel):
        assert make(architecture="dncnn", options={"depth": 17}).options == {"depth": 17}
        for value in (10**6, 10**12, -1, [8, 10**9]):
            with pytest.raises(ValidationError, match="allowed are whole numbers from 0 to 4096"):
                make(architecture="dncnn", options={"depth": value})


@pytest.mark.parametrize("name", registry.NAMES)
def test_every_architecture_is_bounded(name):
    """Every option alone, at values that ask for too much, is refused or builds a network within the bound."""
    for option, parameter in inspect.signature(registry.factory(name)).parameters.items():
        for value in (10**6, 10**12, -1, "x", None, [10**12] * 8):
            started = time.monotonic()
            try:
                module = registry.skeleton(name, **{option: value})
            except PixelwiseError as error:
                assert "\n" not in str(error)
            else:  # a switch or a choice that takes this value
                assert value is None and parameter.default is None
                assert 4 * sum(p.numel() for p in module.parameters()) <= tensors.MOST_BYTES
            assert time.monotonic() - started < 3, (option, value)


def test_the_check_changes_no_weights():
    """`build` draws what the architecture draws, although it was counted before."""
    for name, options in (
        ("asapnet", {"width": 4, "max_width": 8}),
        ("spade_pix2pixhd", {"width": 2, "spectral": True}),
    ):
        torch.manual_seed(0)
        first = build(name, **options).state_dict()
        torch.manual_seed(0)
        second = registry.factory(name)(**options).state_dict()
        assert all(torch.equal(first[key], second[key]) for key in second)


def test_matlab_sizes_and_values(tmp_path):
    path = tmp_path / "net.mat"
    good = [
        ("conv", [np.zeros((3, 3, 1, 4)), np.zeros(4)]),
        ("relu", []),
        ("conv", [np.ones((3, 3, 4, 1)), np.zeros(1)]),
    ]
    write_matlab(path, good)
    assert read(path)["model.2.weight"].shape == (1, 4, 3, 3)
    norm = ("bnorm", [np.ones(4), np.zeros(4), np.zeros((4, 2))])
    write_matlab(path, [good[0], norm, *good[1:]])
    refused(partial(read, path), str(path), "model.0.weight holds a value that is not finite")
    write_matlab(path, [("conv", []), *good[1:]])
    refused(partial(read, path), str(path), "not a MATLAB v7.3 file")
    write_matlab(path, good)
    with h5py.File(path, "r+") as file:
        first = file[file["net"]["layers"][()].reshape(-1)[0]]
        huge = file.create_dataset("huge", (10**12,), dtype="f8", chunks=(1024,))
        cells = first["weights"][()]
        cells.reshape(-1)[0] = huge.ref
        first["weights"][...] = cells
    refused(partial(read, path), str(path), "not a MATLAB v7.3 file")


def test_inception_with_nan(tmp_path):
    save_file({"Conv2d_1a_3x3.conv.weight": torch.full((2,), float("nan"))}, tmp_path / "inception.safetensors")
    refused(partial(load_inception, tmp_path), "Conv2d_1a_3x3.conv.weight holds a value that is not finite")


def test_measure_agrees_with_torch(tmp_path, mirror):
    path = mirror / "cszn/KAIR/raw/fc1732f4a4514e42ce15e5b3a1e18c828af47a1e/model_zoo/dncnn_25.pth"
    assert pickled.measure(path) == sum(4 * t.numel() for t in read(path).values())

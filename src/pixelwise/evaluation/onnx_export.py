"""A network as an ONNX file for other runtimes, compared with the network itself: what `pixelwise export` does."""

from __future__ import annotations

import contextlib
import copy
import importlib.util
import json
import logging
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from pixelwise.data.onehot import instance_edges
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import scopes
from pixelwise.evaluation.apply.denoise import check_no_oracle
from pixelwise.evaluation.apply.translate import size_of
from pixelwise.evaluation.apply.windows import legal_size
from pixelwise.files import outputs
from pixelwise.models import checkpoint, declarations, random_weights, registry
from pixelwise.models.declaration import GENERATING
from pixelwise.models.official.convert import option
from pixelwise.models.onnx_form import OnnxForm

PACKAGES = ("onnx", "onnxscript", "onnxruntime")
LARGEST, MEAN = 5e-3, 1e-4
"""Greatest and mean difference that is allowed; a picture reaches from -1 to 1."""
OPSET = 18
FREE = 64
"""Pixels along the shorter side of the pictures by which a file of free size is checked, as far as it takes them."""
RESULT = "result"
Size = tuple[int, int]


class Difference(NamedTuple):
    """Greatest and mean absolute difference of two pictures."""

    largest: float
    mean: float

    def __str__(self) -> str:
        return f"largest {self.largest:.2e}, mean {self.mean:.2e}"


def export(
    out: Path,
    source: Path | None = None,
    model: str | None = None,
    options: Sequence[str] = (),
    size: str | None = None,
    force: bool = False,
) -> Iterator[str]:
    """Write an ONNX file, if onnxruntime makes of it what the network makes.

    Args:
        out: File to write.
        source: Checkpoint of a generator or denoiser; None for an architecture with random weights.
        model: That architecture.
        options: Its options, as texts NAME=VALUE.
        size: Height and width, such as "256x512", that the file is for; None leaves the size free.
        force: Whether a file that stands at `out` may be replaced.

    Yields:
        Lines that say what was compared and written.

    Raises:
        PixelwiseError: If a package is missing, a file or size does not fit, or the pictures differ by more than
            `LARGEST` or `MEAN`; nothing is written then.
    """
    _needed()
    if (source is None) == (model is None) or (options and model is None):
        raise PixelwiseError("export: give either --checkpoint FILE, or --model NAME with --option as needed")
    wanted = None if size is None else size_of(size)
    inputs = [] if source is None else [source]
    outputs.check(out, inputs, force)
    form, about = _loaded(source, model, options)
    sizes = free_sizes(form) if wanted is None else [_legal(form, wanted)]
    with outputs.written(out, inputs, force) as temporary:
        write(form, temporary, wanted, about)
        for one in sizes:
            yield check(form, temporary, one, out)
        megabytes = temporary.stat().st_size / 1e6
    name = json.loads(about)["name"]
    yield f"{out}: {name}, {megabytes:.1f} MB, opset {OPSET}; {_words(form, wanted)}"


def _needed() -> None:
    for name in PACKAGES:
        if importlib.util.find_spec(name) is None:
            raise PixelwiseError(f"export: the package {name} is missing; 'make install-onnx' installs it")


def _loaded(source: Path | None, model: str | None, texts: Sequence[str]) -> tuple[OnnxForm, str]:
    """The form for export, and name and options of the network as JSON."""
    if source is not None:
        module, info = checkpoint.load(source)
        name, options = info["name"], info["options"]
        check_no_oracle(source, info["extra"])
    else:
        assert model is not None
        name, options = model, dict(option(text) for text in texts)
        module = random_weights.drawn(name, options)
    if not set(declarations.model(name).tasks) & set(GENERATING):
        raise PixelwiseError(f"{source or name}: {name} makes no pictures; export takes generators and denoisers")
    complete = registry.full_options(name, options)
    return OnnxForm(module, complete), json.dumps({"name": name, "options": complete}, sort_keys=True)


def _legal(form: OnnxForm, size: Size) -> Size:
    """A size that the network takes.

    Raises:
        PixelwiseError: If it is none; the message has the next one that is.
    """
    fitting = legal_size(*size, form.legal)
    if fitting != size:
        multiple, smallest = form.legal.multiple, form.legal.smallest
        raise PixelwiseError(
            f"--size: {size[0]}x{size[1]}; {form.legal.name} takes multiples of {multiple}, at least {smallest}, such "
            f"as {fitting[0]}x{fitting[1]}"
        )
    return size


def free_sizes(form: OnnxForm) -> list[Size]:
    """Two small sizes that the network takes."""
    multiple = form.legal.multiple  # a side of one multiple would be taken for a fixed one
    short = -(-max(FREE, 2 * multiple, form.legal.smallest) // multiple) * multiple
    return [(short, 2 * short), (2 * short, short)]


def _words(form: OnnxForm, size: Size | None) -> str:
    """Inputs and result in words."""
    height, width = ("H", "W") if size is None else map(str, size)
    shapes = {"labels": f"[1, {height}, {width}]", "edge": f"[1, 1, {height}, {width}] uint8"}
    shapes["labels"] += " uint8" if form.num_labels <= 256 else " int32"
    shapes["image"] = f"[1, {form.legal.channels}, {height}, {width}] float32"
    multiple, smallest = form.legal.multiple, form.legal.smallest
    free = f"; H and W any multiples of {multiple}" if size is None and multiple > 1 else ""
    free += f" from {smallest} on" if free and smallest > multiple else ""
    return "takes " + " and ".join(f"{name} {shapes[name]}" for name in form.names) + free


def drawn(form: OnnxForm, size: Size, seed: int = 0) -> tuple[Tensor, ...]:
    """Random inputs of the form: label ids and perhaps edges, or an image."""
    made = scopes.draw(1, size, min(form.num_labels, 256) or 1, form.legal.channels, seed)
    if not form.num_labels:
        return (made.images,)
    ids = made.labels if form.num_labels <= 256 else made.labels.int()
    return (ids, instance_edges(made.instances).to(torch.uint8)) if form.edge else (ids,)


@torch.no_grad()
def write(form: OnnxForm, path: Path, size: Size | None, about: str = "") -> None:
    """Write the form as one ONNX file.

    Args:
        form: In float32 on the CPU.
        path: File to write.
        size: Height and width; None leaves both free.
        about: Text for the file's metadata.
    """
    inputs = drawn(form, size or free_sizes(form)[0])
    form(*inputs)  # what is computed once and kept must not be a part of the trace
    shapes = None
    if size is None:
        multiple = form.legal.multiple
        names = ("height", "width") if multiple == 1 else ("rows", "columns")
        sides = [multiple * torch.export.Dim(name) if multiple > 1 else torch.export.Dim(name) for name in names]
        shapes = tuple(dict(zip(range(value.dim() - 2, value.dim()), sides, strict=True)) for value in inputs)
    with _quiet():
        program = torch.onnx.export(
            form,
            inputs,
            dynamo=True,
            opset_version=OPSET,
            input_names=list(form.names),
            output_names=[RESULT],
            dynamic_shapes=shapes,
            verbose=False,
        )
        assert program is not None
        program.model.metadata_props["pixelwise"] = about
        program.save(str(path), external_data=False)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporter tells its developers."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def session(path: Path, threads: int = 0, providers: Sequence[Any] = ("CPUExecutionProvider",)) -> Any:
    """An onnxruntime session of a file; with 0 threads, as many as the machine has cores."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=list(providers))


@torch.no_grad()
def check(form: OnnxForm, path: Path, size: Size, out: Path) -> str:
    """Compare onnxruntime's picture with the network's, and the network's with that of float64.

    Raises:
        PixelwiseError: If onnxruntime's differs too much.
    """
    inputs = drawn(form, size, seed=1)
    feeds = {name: value.numpy() for name, value in zip(form.names, inputs, strict=True)}
    (made,) = session(path).run(None, feeds)
    wanted = form(*inputs)
    found = difference(made, wanted.numpy())
    if not (found.largest <= LARGEST and found.mean <= MEAN):
        limits = f"allowed are {LARGEST:g} and {MEAN:g}"
        raise PixelwiseError(f"{out}: not written: onnxruntime's picture differs: {found}; {limits}")
    exact = copy.deepcopy(form).double()(*(value.double() if value.is_floating_point() else value for value in inputs))
    own = difference(wanted.numpy(), exact.numpy())
    return f"{size[0]}x{size[1]}: onnxruntime against PyTorch: {found}; PyTorch's fp32 against fp64: {own}"


def difference(a: Any, b: Any) -> Difference:
    """Of two arrays, computed in float64."""
    apart = np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64))
    return Difference(float(apart.max()), float(apart.mean()))

"""The runtimes that a user would pick instead: each takes the network's form for export and gives a call."""

from __future__ import annotations

import copy
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.subjects import Call
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import onnx_export
from pixelwise.evaluation.hardware import set_tf32
from pixelwise.models.onnx_form import OnnxForm


@dataclass
class Given:
    """What a runtime is given.

    Attributes:
        form: The network, on the device.
        inputs: What it takes, on the device.
        precision: "fp32", "tf32" or "bf16".
        threads: Threads on a CPU.
        folder: For the ONNX file, which is written when it is first asked for, as `pixelwise export --size` does.
    """

    form: OnnxForm
    inputs: tuple[Tensor, ...]
    precision: str
    threads: int
    folder: Path

    @property
    def gpu(self) -> bool:
        """Whether it computes on a GPU."""
        return self.inputs[0].device.type == "cuda"

    def file(self) -> Path:
        """The ONNX file."""
        path = self.folder / "network.onnx"
        if not path.is_file():
            height, width = self.inputs[0].shape[-2:]
            onnx_export.write(copy.deepcopy(self.form).cpu(), path, (height, width))
        return path


def in_precision(call: Call, precision: str) -> Call:
    """The call with TF32 allowed or forbidden, and in bfloat16 where that is asked for."""

    def run() -> Tensor:
        set_tf32(precision != "fp32")
        with torch.autocast("cuda", torch.bfloat16, enabled=precision == "bf16"):
            return call()

    return run


def compiled(given: Given) -> Call:
    """`torch.compile`: on a GPU with every search that it has, on a CPU with its weights frozen."""
    if given.gpu:
        program = torch.compile(given.form, mode="max-autotune", fullgraph=True, dynamic=False)
    else:
        program = torch.compile(given.form, fullgraph=True, dynamic=False, options={"freezing": True})
    return in_precision(lambda: program(*given.inputs), given.precision)


def onnxruntime(given: Given) -> Call:
    """onnxruntime on the CPU, or by cuDNN on a GPU."""
    if given.gpu:
        tf32 = str(int(given.precision == "tf32"))
        return _bound(given, ("CUDAExecutionProvider", {"use_tf32": tf32, "cudnn_conv_use_max_workspace": "1"}))
    session = onnx_export.session(given.file(), given.threads)
    feeds = {name: value.numpy() for name, value in zip(given.form.names, given.inputs, strict=True)}
    return lambda: torch.from_numpy(session.run(None, feeds)[0])


def tensorrt(given: Given) -> Call:
    """TensorRT by onnxruntime; its fp32 is TF32 where the card has it."""
    return _bound(given, ("TensorrtExecutionProvider", {"trt_max_workspace_size": str(2**33)}))


def _bound(given: Given, provider: tuple[str, dict[str, str]]) -> Call:
    """A session whose inputs and result stay on the GPU."""
    card = given.inputs[0].device.index or 0
    provider[1]["device_id"] = str(card)
    session = onnx_export.session(given.file(), providers=[provider])
    if session.get_providers()[0] != provider[0]:
        raise PixelwiseError(f"{provider[0]} does not start here")
    height, width = given.inputs[0].shape[-2:]
    channels = session.get_outputs()[0].shape[1]
    result = torch.empty(1, channels, height, width, device=given.inputs[0].device)
    binding = session.io_binding()
    for name, value in zip(given.form.names, given.inputs, strict=True):
        kind = {torch.uint8: "uint8", torch.float32: "float32"}[value.dtype]
        binding.bind_input(name, "cuda", card, kind, list(value.shape), value.data_ptr())
    binding.bind_output(onnx_export.RESULT, "cuda", card, "float32", list(result.shape), result.data_ptr())

    def run() -> Tensor:
        session.run_with_iobinding(binding)
        binding.synchronize_outputs()
        return result

    return run


def openvino(given: Given) -> Call:
    """OpenVINO on the CPU, for the least time of a single picture."""
    import openvino

    hints: dict[str, Any] = {"INFERENCE_NUM_THREADS": given.threads, "INFERENCE_PRECISION_HINT": "f32"}
    hints |= {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1}
    request = openvino.Core().compile_model(str(given.file()), "CPU", hints).create_infer_request()
    feeds = {name: value.numpy() for name, value in zip(given.form.names, given.inputs, strict=True)}

    def run() -> Tensor:
        request.infer(feeds, share_inputs=True)
        return torch.from_numpy(request.get_output_tensor(0).data)

    return run


Make = Callable[[Given], Call]


def here(gpu: bool, precision: str) -> Iterator[tuple[str, Make | str]]:
    """Every runtime for a device and precision: its name, and what prepares it or why it is left out."""
    yield "torch.compile", compiled
    missing = next((name for name in onnx_export.PACKAGES if importlib.util.find_spec(name) is None), None)
    absent = f"the package {missing} is missing; 'make install-bench' installs it"
    if not gpu:
        yield "onnxruntime", absent if missing else onnxruntime
        yield "openvino", openvino if importlib.util.find_spec("openvino") and not missing else absent
        return
    if missing:
        yield "onnxruntime", absent
        return
    import onnxruntime as package

    providers = package.get_available_providers()
    for name, make, provider, able in (
        ("onnxruntime", onnxruntime, "CUDAExecutionProvider", ("fp32", "tf32")),
        ("tensorrt", tensorrt, "TensorrtExecutionProvider", ("tf32",)),
    ):
        if precision in able:
            yield name, make if provider in providers else f"onnxruntime has no {provider} here"

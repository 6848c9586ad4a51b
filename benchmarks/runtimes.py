"""The runtimes that a user would pick instead: each takes the network's form for export and gives a call."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.subjects import Call
from pixelwise.evaluation.hardware import set_tf32
from pixelwise.models.onnx_form import OnnxForm

Make = Callable[[OnnxForm, tuple[Tensor, ...], str, int], Call]


def in_precision(call: Call, precision: str) -> Call:
    """The call with TF32 allowed or forbidden, and in bfloat16 where that is asked for."""

    def run() -> Tensor:
        set_tf32(precision != "fp32")
        with torch.autocast("cuda", torch.bfloat16, enabled=precision == "bf16"):
            return call()

    return run


def compiled(form: OnnxForm, inputs: tuple[Tensor, ...], precision: str, threads: int) -> Call:
    """`torch.compile`: on a GPU with every search that it has, on a CPU with its weights frozen."""
    if inputs[0].device.type == "cuda":
        program = torch.compile(form, mode="max-autotune", fullgraph=True, dynamic=False)
    else:
        program = torch.compile(form, fullgraph=True, dynamic=False, options={"freezing": True})
    return in_precision(lambda: program(*inputs), precision)


PEERS: dict[str, Make] = {"torch.compile": compiled}
"""Name -> what prepares it from (form, inputs, precision, threads)."""

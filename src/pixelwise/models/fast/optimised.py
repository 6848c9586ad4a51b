"""The same generators, faster: equal results within rounding, for inference with the weights as they are when prepared.

On a CPU: float32, the first convolution (or the tent filter before it) from label ids, Winograd for wide convolutions,
the channels last around it, products by oneDNN, folded batch norms. On a GPU: fused kernels, channels-last convolutions
in float32, TF32 or bfloat16 (the pixelwise stream: float32 or TF32), and a CUDA graph for every input size. The same is
done for ASAP-Net and for the networks it is compared with.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn

from pixelwise.errors import PixelwiseError
from pixelwise.models import declarations, registry
from pixelwise.models.fast.engine import Engine, Inputs
from pixelwise.models.fast.engine_cpu import CpuEngine
from pixelwise.models.fast.kernel_choice import obstacle
from pixelwise.models.fast.prepared import Forward, Prepared, unchanged
from pixelwise.models.label_ids import exact_labels
from pixelwise.models.layers import InputShape

Precision = Literal["fp32", "tf32", "bf16"]


class Optimised:
    """A generator prepared for inference; made by `optimise`.

    Attributes:
        notes: Which kernels this device does not run and why, a line each; complete after the first call.
    """

    def __init__(
        self,
        forward: Forward,
        legal: InputShape | None,
        labels: int | None,
        edge: bool | None,
        precision: Precision,
        graphs: bool,
        notes: list[str],
    ) -> None:
        self.forward, self.legal, self.precision, self.graphs = forward, legal, precision, graphs
        self.notes = notes
        self.labels, self.edge = labels, edge  # number of labels (0: any, None: takes none); whether an edge follows
        # One pool for the memory of all graphs: they run in turn, and their results are cloned.
        self.pool = torch.cuda.graph_pool_handle() if graphs else None
        self.captured: dict[tuple[object, ...], tuple[Inputs, Tensor, torch.cuda.CUDAGraph]] = {}

    @torch.inference_mode()
    def __call__(self, image: Tensor, edge: Tensor | None = None) -> Tensor:
        """Make an image.

        Args:
            image: What the module takes, [N, C, H, W] floating point; one-hot labels are found and used as ids, which
                costs a synchronisation. Or label ids [N, H, W] uint8.
            edge: With label ids: the instance edge [N, 1, H, W], 0 or 1, if the generator uses it.

        Returns:
            [N, output channels, H, W] float32; a new tensor.

        Raises:
            PixelwiseError: If label ids are given to a network that takes none, a shape is not legal, a label is out of
                range, or an edge is missing, superfluous or (on the CPU, where no synchronisation is spent) not 0 or 1.
        """
        inputs = self._inputs(image, edge)
        with torch.cuda.device_of(image), _arithmetic(self.precision):  # type: ignore[no-untyped-call]
            return self._replay(inputs) if self.graphs else self.forward(inputs)

    def _inputs(self, image: Tensor, edge: Tensor | None) -> Inputs:
        if image.dtype == torch.uint8 and image.dim() == 3:
            if self.labels is None or self.edge not in (None, edge is not None):
                found = "label ids" if edge is None else "label ids and an instance edge"
                raise PixelwiseError(f"{found} given to a network that takes other inputs; allowed is [N, C, H, W]")
            if self.legal is not None:
                has_edge = edge is not None if self.edge is None else self.edge
                self.legal.check_ids(image, edge, has_edge)
            if edge is not None and edge.device.type == "cpu" and not bool(((edge == 0) | (edge == 1)).all()):
                raise PixelwiseError("instance edge with other values than 0 and 1")
            return Inputs(image.contiguous(), None if edge is None else edge.to(torch.uint8).contiguous(), None)
        if not image.is_floating_point():
            raise PixelwiseError(f"input in {image.dtype}; allowed are floating point planes and uint8 label ids")
        if self.legal is not None:
            self.legal.check(image.shape)
        for count in () if self.labels is None else {image.shape[1], image.shape[1] - 1}:
            if self.labels not in (0, count) or count < 2:
                continue
            ids, rest = exact_labels(image[:, :count]), image[:, count:]
            if ids is not None and ids.dtype == torch.uint8 and bool(((rest == 0) | (rest == 1)).all()):
                return Inputs(ids, rest.to(torch.uint8).contiguous() if rest.shape[1] else None, None)
        return Inputs(None, None, image.float())

    def _replay(self, inputs: Inputs) -> Tensor:
        key = tuple(None if value is None else tuple(value.shape) for value in inputs)
        if key not in self.captured:
            self.captured[key] = self._capture(inputs)
        static, result, graph = self.captured[key]
        for target, source in zip(static, inputs, strict=True):
            if target is not None and source is not None:
                target.copy_(source)
        graph.replay()
        return result.clone()

    def _capture(self, inputs: Inputs) -> tuple[Inputs, Tensor, torch.cuda.CUDAGraph]:
        static = Inputs(*(None if value is None else value.clone() for value in inputs))
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):  # compiles kernels and lets cuDNN choose its algorithms
                self.forward(static)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self.pool):
            result = self.forward(static)
        return static, result, graph


@contextmanager
def _arithmetic(precision: Precision) -> Iterator[None]:
    """Allow TF32 and cuDNN's search for the fastest algorithm inside the block."""
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic
    matmul.allow_tf32 = cudnn.allow_tf32 = precision != "fp32"
    cudnn.benchmark, cudnn.deterministic = True, False
    try:
        yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic = before


@torch.no_grad()
def optimise(module: nn.Module, precision: Precision = "fp32", cuda_graph: bool = True) -> Optimised:
    """Prepare a network for fast inference.

    Args:
        module: Any network of this package in evaluation mode, on the device where it will run. It gets the form that
            its model's declaration names; a network without one runs as it is, in the precision wanted.
        precision: "fp32"; on CUDA also "tf32" and "bf16".
        cuda_graph: On CUDA, record a graph for each input size and replay it.

    Raises:
        PixelwiseError: If the precision is not one of the device's.
    """
    device = next(module.parameters()).device
    if precision != "fp32" and device.type != "cuda":
        raise PixelwiseError(f"precision {precision} on {device.type}; allowed is fp32")
    if other := {value.dtype for value in module.parameters()} - {torch.float32}:
        raise PixelwiseError(f"weights in {other.pop()}; only float32 can be prepared")
    module = copy.deepcopy(module)  # engines keep views of what they need not rearrange
    cuda, notes = device.type == "cuda", list[str]()
    prepared: Prepared | None = None
    if (make := _form(module)) and (cuda or device.type == "cpu"):
        engine: Engine = CpuEngine()
        if cuda:
            from pixelwise.models.fast.engine_cuda import CudaEngine  # with Triton, which nothing else needs

            engine = CudaEngine(precision, obstacle(device))
            notes = engine.notes
        prepared = make(module, engine)
    if prepared is None:
        plain = unchanged(module, device, torch.bfloat16 if precision == "bf16" else torch.float32)
        prepared = Prepared(plain, None)
    return Optimised(*prepared, precision, cuda_graph and cuda, notes)


def _form(module: nn.Module) -> Callable[[nn.Module, Engine], Prepared | None] | None:
    """What makes the form that the network's model declares, or None."""
    models = declarations.files().get(type(module).__module__, ())
    return next((make for model in models if (make := registry.function(model.name, "optimised"))), None)

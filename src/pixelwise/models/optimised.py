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
from typing import Literal, cast

import torch
from torch import Tensor, nn

from pixelwise.errors import PixelwiseError
from pixelwise.models.asapnet import AsapNet, ConvNormReLU, exact_labels
from pixelwise.models.dncnn import DnCNN, fold
from pixelwise.models.engine import Engine, First, Inputs, Layer, border
from pixelwise.models.engine_cpu import CpuEngine
from pixelwise.models.engine_cuda import CudaEngine
from pixelwise.models.pix2pixhd import Pix2PixHD, ResidualBlock
from pixelwise.models.pixelwise_stream import position_channels
from pixelwise.models.pixelwise_triton import available

Precision = Literal["fp32", "tf32", "bf16"]
Forward = Callable[[Inputs], Tensor]


def asapnet(module: AsapNet, engine: Engine) -> Forward:
    """ASAP-Net on an engine."""
    stack = [cast(ConvNormReLU, layer) for layer in module.lowres.layers]
    first = engine.first(stack[0].conv, stack[0].norm, module.tile // module.learned_factor)
    layers = [engine.layer(layer.conv, layer.norm) for layer in stack[1:]]
    stream = engine.stream(module.lowres.head)
    pads = [border(layer.conv)[1] for layer in stack[1:]] + [0]
    channels = module.form.widths[0] - (position_channels(module.tile) if module.form.position_code else 0)

    def forward(inputs: Inputs) -> Tensor:
        image = first(inputs, pad=pads[0])
        for layer, pad in zip(layers, pads[1:], strict=True):
            image = layer(image, pad=pad)
        labels, form, dense = inputs.labels, module.form, inputs.dense
        if labels is not None:
            form, dense = form._replace(num_labels=module.num_labels), inputs.edge
        kept = channels - form.num_labels
        further = dense[:, :kept].float() if dense is not None and kept else None
        result = stream(image, labels, further, form)
        return result + dense[:, : module.output_channels] if module.residual and dense is not None else result

    return forward


def pix2pixhd(module: Pix2PixHD, engine: Engine) -> Forward:
    """pix2pixHD's global generator, in NVIDIA's or the SPADE repository's form, on an engine."""
    trunk = module.trunk
    first: First = engine.first(trunk.first, None, 1)
    down = [engine.layer(cast(nn.Conv2d, conv), None) for conv in trunk.down]
    pairs = [cast(ResidualBlock, block) for block in trunk.blocks]
    blocks: list[tuple[Layer, Layer]] = [(engine.layer(b.first, None), engine.layer(b.second, None)) for b in pairs]
    up = [engine.layer(cast(nn.ConvTranspose2d, conv), None) for conv in trunk.up]
    last = engine.last(module.last)
    pad, end = border(pairs[0].first)[1] if pairs else 0, border(module.last)[1]

    def forward(inputs: Inputs) -> Tensor:
        image = first(inputs, pad=0 if down else pad)
        for index, layer in enumerate(down):
            image = layer(image, pad=pad if index == len(down) - 1 else 0)
        for index, (one, two) in enumerate(blocks):
            inside = image[:, :, pad : image.shape[2] - pad, pad : image.shape[3] - pad]
            image = two(one(image, pad=pad), relu=False, shortcut=inside, pad=pad if index < len(blocks) - 1 else 0)
        for index, layer in enumerate(up):
            image = layer(image, pad=end if index == len(up) - 1 else 0)
        return last(image).float().tanh()

    return forward


def dncnn(module: DnCNN, engine: Engine) -> Forward:
    """DnCNN with its batch norms folded, on an engine."""
    convs = [cast(nn.Conv2d, conv) for conv in fold(module).convs]
    layers = [engine.last(conv, relu=index < len(convs) - 1) for index, conv in enumerate(convs)]

    def forward(inputs: Inputs) -> Tensor:
        assert inputs.dense is not None
        image = inputs.dense
        for layer in layers:
            image = layer(image)
        return inputs.dense - image

    return forward


def _any(module: nn.Module, device: torch.device, dtype: torch.dtype) -> Forward:
    """Any other network as it is, channels last on a GPU, in an evaluation copy."""
    network = copy.deepcopy(module).eval()
    if device.type == "cuda":
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(inputs: Inputs) -> Tensor:
        assert inputs.dense is not None
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
            return cast(Tensor, network(inputs.dense)).float()

    return forward


class Optimised:
    """A generator prepared for inference; made by `optimise`."""

    def __init__(
        self, forward: Forward, labels: int | None, edge: bool | None, precision: Precision, graphs: bool
    ) -> None:
        self.forward, self.precision, self.graphs = forward, precision, graphs
        self.labels, self.edge = (
            labels,
            edge,
        )  # number of labels (0: any, None: takes none), and whether an edge follows
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
            PixelwiseError: If label ids are given to a network that takes none, or an edge is missing or superfluous.
        """
        inputs = self._inputs(image, edge)
        with _arithmetic(self.precision):
            return self._replay(inputs) if self.graphs else self.forward(inputs)

    def _inputs(self, image: Tensor, edge: Tensor | None) -> Inputs:
        if image.dtype == torch.uint8 and image.dim() == 3:
            if self.labels is None or self.edge not in (None, edge is not None):
                found = "label ids" if edge is None else "label ids and an instance edge"
                raise PixelwiseError(f"{found} given to a network that takes other inputs; allowed is [N, C, H, W]")
            return Inputs(image.contiguous(), None if edge is None else edge.to(torch.uint8).contiguous(), None)
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
        with torch.cuda.graph(graph):
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
        module: Any network of this package in evaluation mode, on the device where it will run. ASAP-Net, pix2pixHD's
            global generators and DnCNN get the treatment above; others run as they are, in the precision wanted.
        precision: "fp32"; on CUDA also "tf32" and "bf16".
        cuda_graph: On CUDA, record a graph for each input size and replay it.

    Raises:
        PixelwiseError: If the precision is not one of the device's.
    """
    device = next(module.parameters()).device
    if precision != "fp32" and device.type != "cuda":
        raise PixelwiseError(f"precision {precision} on {device.type}; allowed is fp32")
    fused = device.type == "cuda" and available(device)
    labels: int | None = None
    edge: bool | None = None
    if isinstance(module, AsapNet | Pix2PixHD | DnCNN) and (fused or device.type == "cpu"):
        engine: Engine = CudaEngine(precision) if fused else CpuEngine()
        if isinstance(module, AsapNet):
            usable = module.num_labels and module.channels - module.drop_last >= module.num_labels
            forward, labels = asapnet(module, engine), module.num_labels if usable else None
            edge = module.channels > module.num_labels
        elif isinstance(module, Pix2PixHD):
            forward, labels = pix2pixhd(module, engine), 0
        else:
            forward = dncnn(module, engine)
    else:
        forward = _any(module, device, torch.bfloat16 if precision == "bf16" else torch.float32)
    return Optimised(forward, labels, edge, precision, cuda_graph and device.type == "cuda")

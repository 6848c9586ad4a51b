"""What is timed: generators as published and optimised, the pixelwise stream alone, a training step."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.data.onehot import instance_edges, semantics
from pixelwise.evaluation import hardware, scopes
from pixelwise.evaluation.hardware import set_tf32
from pixelwise.evaluation.subjects import built
from pixelwise.models import declarations, flops, registry
from pixelwise.models.architectures.asapnet import AsapNet
from pixelwise.models.asapnet_direct import DirectAsapNet, direct_stream
from pixelwise.models.fast.engine_cuda import GRID_ALIGNMENT
from pixelwise.models.fast.kernel_choice import available
from pixelwise.models.fast.optimised import Optimised, Precision, optimise
from pixelwise.models.fast.pixelwise_triton import Precision as Arithmetic
from pixelwise.models.fast.pixelwise_triton import pixelwise_mlp_triton, program
from pixelwise.models.fast.products import linear
from pixelwise.models.network_options import for_images
from pixelwise.models.pixelwise_stream import pixelwise_mlp
from pixelwise.record import Run

Call = Callable[[], Tensor]
LABELS = 35
WORDS = {"ieee": "fp32", "tf32x3": "tf32"}
"""Arithmetic of the pixelwise kernel -> the precision whose units it needs, where it has another name."""
NARROW: dict[str, dict[str, Any]] = {name: dict(model.small) for name, model in declarations.models().items()}
"""Options of the smoke test: everything runs, nothing takes long."""


@dataclass(frozen=True)
class Condition:
    """Size, batch and device; `narrow` shrinks the networks for a smoke test, `threads` stand where they differ."""

    height: int
    width: int
    batch: int
    device: torch.device
    narrow: bool = False
    threads: int = 0

    @property
    def tile(self) -> int:
        """Side of a tile: 16 rows of tiles whatever the size, as the official options give it.

        Source: docs/reference/models.md, "ASAP-Net options".
        """
        return max(16, self.height // 16)


@dataclass
class Subject:
    """One timed call.

    Attributes:
        name: Model and form.
        precision: Arithmetic of the low-res stream or the whole network.
        call: What is timed.
        flop: Useful arithmetic of one call: that of the published form, whichever form runs.
        run: What is run, where it is a network and not a part of one.
        eager: The same without a CUDA graph, whose memory can be measured; None where it is `call` itself.
        distance: Greatest and mean difference from a reference, where that was compared.
        counted: Whether memory and operations can be counted: PyTorch sees all that is done.
    """

    name: str
    precision: str
    call: Call
    flop: float
    eager: Call | None = field(default=None)
    run: Run | None = None
    distance: tuple[float, float] | None = None
    counted: bool = True


def options_of(name: str, condition: Condition) -> dict[str, Any]:
    """Options of a generator under a condition."""
    narrow = NARROW[name] if condition.narrow else {}
    return {"num_labels": LABELS} | narrow | ({"tile": condition.tile} if name == "asapnet" else {})


def build(name: str, condition: Condition, drawn_on: torch.device | None = None) -> nn.Module:
    """A generator with seeded random weights in evaluation mode on the device, or on the one that draws them."""
    torch.manual_seed(0)
    with drawn_on or condition.device:
        module = registry.build(name, **options_of(name, condition)).eval()
    if isinstance(module, AsapNet):
        with torch.no_grad():
            module.lowres.head.weight.mul_(0.4)  # per-pixel networks that do not saturate, like trained ones
    return module


def label_map(condition: Condition, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Seeded label ids [N, H, W] uint8, instance edge [N, 1, H, W] float32 and the semantics made of them."""
    drawn = scopes.draw(condition.batch, (condition.height, condition.width), LABELS, 3, seed)
    labels, instances = drawn.labels.to(condition.device), drawn.instances.to(condition.device)
    return labels, instance_edges(instances), semantics(labels, instances, LABELS)


def strict(call: Call) -> Call:
    """The call in strict float32, whatever ran before it."""

    def run() -> Tensor:
        set_tf32(False)
        return call()

    return run


def _optimised(
    name: str, module: nn.Module, inputs: tuple[Tensor, ...], precision: Precision, flop: float, run: Run
) -> Subject:
    fast, plain = optimise(module, precision), optimise(module, precision, cuda_graph=False)

    def of(form: Optimised) -> Call:
        return lambda: form(*inputs)

    return Subject(f"{name} optimised", precision, of(fast), flop, of(plain), _treated(run, "optimised"))


def _treated(run: Run, treatment: str) -> Run:
    return run.model_copy(update={"treatment": treatment})


def generators(condition: Condition, flop: dict[str, float], precisions: list[Precision]) -> Iterator[Subject]:
    """ASAP-Net and pix2pixHD: as published, ASAP-Net as this package trains it, and both optimised."""
    labels, edge, planes = label_map(condition)
    for name in ("asapnet", "spade_pix2pixhd"):
        module, run = build(name, condition), built(name, options_of(name, condition))
        ours = isinstance(module, AsapNet)  # whose stream in this package is another one than the published
        if ours:
            direct = strict(partial(DirectAsapNet(module), planes))
            yield Subject(f"{name} direct", "fp32", direct, flop[name], run=_treated(run, "published"))
        plain = _treated(run, "eager" if ours else "published")
        yield Subject(name, "fp32", strict(lambda net=module: net(planes)), flop[name], run=plain)
        for precision in precisions:
            yield _optimised(name, module, (labels, edge), precision, flop[name], run)


def _seeded(name: str, options: dict[str, Any], condition: Condition) -> nn.Module:
    with condition.device:
        return registry.build(name, **options).eval()


def _flop(name: str, options: dict[str, Any], inputs: Tensor) -> float:
    with torch.device("meta"):
        return float(flops.count(registry.build(name, **options), torch.empty(inputs.shape)))


def denoisers(condition: Condition, precisions: list[Precision]) -> Iterator[Subject]:
    """DnCNN and ASAP-Net as gray denoisers: as published, as this package trains them and optimised."""
    torch.manual_seed(0)
    noisy = torch.rand(condition.batch, 1, condition.height, condition.width).to(condition.device)
    gray = for_images("asapnet", 1) | {"tile": condition.tile} | (NARROW["asapnet"] if condition.narrow else {})
    asap = gray | {"output": "linear", "residual": True}
    published = _seeded("asapnet", gray, condition)
    assert isinstance(published, AsapNet)
    run = _treated(built("asapnet", gray), "published")
    direct = strict(partial(DirectAsapNet(published), noisy))
    yield Subject("asapnet denoiser direct", "fp32", direct, _flop("asapnet", gray, noisy), run=run)
    for name, given in (("asapnet", asap), ("dncnn", NARROW["dncnn"] if condition.narrow else {})):
        module, flop, run = _seeded(name, given, condition), _flop(name, given, noisy), built(name, given)
        plain = _treated(run, "eager" if name == "asapnet" else "published")
        yield Subject(f"{name} denoiser", "fp32", strict(partial(module, noisy)), flop, run=plain)
        for precision in precisions:
            yield _optimised(f"{name} denoiser", module, (noisy,), precision, flop, run)


def streams(condition: Condition) -> Iterator[Subject]:
    """The pixelwise stream alone: the direct form, PyTorch's and, where it runs, Triton's."""
    net = build("asapnet", condition)
    assert isinstance(net, AsapNet)
    labels, _, planes = label_map(condition)
    form, seen = net.form, planes[:, :LABELS]
    by_label = form._replace(num_labels=LABELS)
    grid = net.parameter_grid(planes).detach()
    predicted = grid.permute(0, 3, 1, 2).contiguous()
    pixels = condition.batch * condition.height * condition.width
    flop = 2.0 * pixels * sum(a * b for a, b in zip(form.widths[:-1], form.widths[1:], strict=True))
    yield Subject("pixelwise direct", "fp32", strict(lambda: direct_stream(predicted, seen, form)), flop)
    yield Subject("pixelwise", "fp32", strict(lambda: pixelwise_mlp(grid, labels, None, by_label)), flop)
    if condition.device.type == "cuda" and available(condition.device):
        for precision in (p for p in get_args(Arithmetic) if not hardware.lacking(WORDS.get(p, p), condition.device)):
            if program(aligned(grid), labels, None, by_label, precision):
                call = _kernel(aligned(grid), labels, by_label, precision)
                yield Subject("pixelwise kernel", precision, call, flop)


def aligned(grid: Tensor) -> Tensor:
    """The same parameters in rows of the length that the optimised form gives them."""
    return F.pad(grid, [0, -grid.shape[-1] % GRID_ALIGNMENT])[..., : grid.shape[-1]]


def _kernel(grid: Tensor, labels: Tensor, form: Any, precision: Any) -> Call:
    return lambda: pixelwise_mlp_triton(grid, labels, None, form, precision)


def step_forms(net: AsapNet) -> dict[str, nn.Module]:
    """The same weights in the direct form and in this package's."""
    return {"training step direct": DirectAsapNet(net), "training step": net}


def training_steps(condition: Condition, flop: dict[str, float]) -> tuple[AsapNet, list[Subject]]:
    """Forward pass, L1 loss and backward pass of ASAP-Net's generator, in the direct form and in this package's."""
    net = build("asapnet", condition)
    assert isinstance(net, AsapNet)
    _, _, planes = label_map(condition)

    def step(module: nn.Module, tf32: bool) -> Call:
        def run() -> Tensor:
            set_tf32(tf32)
            net.zero_grad(set_to_none=True)
            with torch.enable_grad():
                loss = l1_loss(module, planes)
                loss.backward()
            set_tf32(False)
            return loss.detach()

        return run

    precisions = [p for p in hardware.precisions(condition.device) if p != "bf16"]
    flop_step, forms = 3 * flop["asapnet"], step_forms(net)
    return net, [Subject(n, p, step(m, p == "tf32"), flop_step) for p in precisions for n, m in forms.items()]


def l1_loss(module: nn.Module, planes: Tensor) -> Tensor:
    """Mean distance of the image made from a fixed pattern."""
    image = module(planes)
    pattern = torch.linspace(-1, 1, image.shape[-1], dtype=image.dtype, device=image.device)
    return F.l1_loss(image, pattern.expand_as(image))


def gradient_distances(net: AsapNet, condition: Condition) -> dict[str, float]:
    """Relative distance, over all parameters at once, of each form's float32 gradient from the float64 gradient."""
    _, _, planes = label_map(condition)

    def gradient(module: nn.Module, planes: Tensor) -> list[Tensor]:
        loss = l1_loss(module, planes)
        return [value.double() for value in torch.autograd.grad(loss, list(module.parameters()))]

    def norm(values: list[Tensor]) -> float:
        return math.sqrt(sum(float(value.square().sum()) for value in values))

    exact = gradient(copy.deepcopy(net).double(), planes.double())
    return {
        name: norm([a - b for a, b in zip(gradient(form, planes), exact, strict=True)]) / norm(exact)
        for name, form in step_forms(net).items()
    }


def copied(device: torch.device) -> int:
    """Numbers of the copy: far beyond any cache, and at most an eighth of a card's memory for both sides together."""
    if device.type != "cuda":
        return 2**25
    return int(min(2**29, torch.cuda.get_device_properties(device).total_memory // 64))


def machine(device: torch.device, quick: bool) -> list[Subject]:
    """A matrix product in each precision and a copy: what the device can do, run beside everything else."""
    side = 256 if quick else 8192 if device.type == "cuda" else 1024
    a, b = torch.randn(2, side, side, device=device)
    source = torch.zeros(2**20 if quick else copied(device), device=device)
    target = torch.empty_like(source)
    half = a.bfloat16(), b.bfloat16()

    def product(tf32: bool) -> Call:
        def run() -> Tensor:
            set_tf32(tf32)
            return linear(a, b)  # on a CPU the faster of PyTorch's two libraries

        return run

    flop = 2.0 * side**3
    calls = {"fp32": product(False), "tf32": product(True), "bf16": lambda: half[0] @ half[1]}
    made = [Subject("matrix product", p, calls[p], flop) for p in hardware.precisions(device)]
    return [*made, Subject("copy", "fp32", lambda: target.copy_(source), 0.0)]

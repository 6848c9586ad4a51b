"""Tensors that say they lie on a CUDA device, while their values lie on the processor.

Values are real, so whole jobs run and results can be compared with the processor's. As on a graphics card: operations
on tensors of two devices, `.numpy()`, and a synchronisation while a graph is captured are refused; products are
rounded to TF32 where that is allowed; each device has random numbers of its own. What makes the host wait is noted with
the function of this project that caused it.
"""

from __future__ import annotations

import sys
from collections import Counter
from types import SimpleNamespace
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

aten = torch.ops.aten
ROOT = __file__.rsplit("/tests/", 1)[0]
WAITS = {
    aten._local_scalar_dense.default: "item",
    aten.nonzero.default: "nonzero",
    aten.equal.default: "equal",
    aten.is_nonzero.default: "is_nonzero",
    aten.masked_select.default: "masked_select",
    aten._unique2.default: "unique",
    aten.repeat_interleave.Tensor: "repeat_interleave",
}
"""Operations whose result's value or size the host needs."""
COPIES = {aten._to_copy.default: 0, aten.copy_.default: 1, aten.copy.default: 1}
"""Place of the source among the arguments."""
# Position of the summand that tensor cores do not round, for products that have one.
PRODUCTS = {aten.mm.default: None, aten.bmm.default: None, aten.addmm.default: 0, aten.baddbmm.default: 0}
PRODUCTS |= {aten.baddbmm_.default: 0, aten.mv.default: None, aten.dot.default: None}
CONVOLUTIONS = {aten.convolution.default, aten.convolution_backward.default}


class State(SimpleNamespace):
    """What the emulated machine knows: current device, random states, the graph being captured, what made it wait."""


state = State(current=0, devices=1, random={}, captured=None, truncated=False, log=Counter(), rounded=Counter())


class CardTensor(torch.Tensor):
    """A tensor on an emulated device; `inner` has its values."""

    inner: torch.Tensor

    @staticmethod
    def __new__(cls, inner: torch.Tensor, device: torch.device, requires_grad: bool = False) -> CardTensor:
        made = torch.Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls,
            inner.shape,
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            device=device,
            requires_grad=requires_grad,
        )
        made.inner = inner
        return made

    def __repr__(self) -> str:
        return f"CardTensor({self.inner!r}, {self.device})"

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.inner.detach().__reduce_ex__(protocol)

    def __deepcopy__(self, memo: dict[int, Any]) -> CardTensor:
        if id(self) not in memo:
            made = CardTensor(self.inner.detach().clone(), self.device, self.requires_grad)
            if getattr(self, "_is_param", False):
                made._is_param = True
            memo[id(self)] = made
        return memo[id(self)]

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in (torch.Tensor.numpy, torch.Tensor.__array__):
            raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first.")
        if func is torch.Tensor.tolist:
            waited("tolist")
            return args[0].inner.tolist()
        if func is torch.Tensor.data_ptr:
            return args[0].inner.data_ptr()
        if func in (torch.Tensor.pin_memory,):
            return args[0]
        with torch._C.DisableTorchFunctionSubclass():
            return func(*args, **(kwargs or {}))

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return run(func, args, kwargs or {})


def waited(kind: str) -> None:
    """Note that the host waits for the device; an error while a graph is captured."""
    where = place()
    state.log[kind, where] += 1
    if state.captured is not None:
        raise RuntimeError(f"CUDA error: operation not permitted when stream is capturing: {kind} at {where}")


def place() -> str:
    """The innermost line of this project outside these tests, as file:function."""
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith((f"{ROOT}/src/pixelwise/", f"{ROOT}/benchmarks/")):
            return f"{name.removeprefix(f'{ROOT}/').removeprefix('src/pixelwise/')}:{frame.f_code.co_name}"
        frame = frame.f_back  # type: ignore[assignment]
    return "outside"


def on_card(device: Any) -> bool:
    """Whether a device, or its name, is CUDA."""
    return device is not None and torch.device(device).type == "cuda"


def numbered(device: Any) -> torch.device:
    """The device with its number: "cuda" is the current one."""
    device = torch.device(device)
    return torch.device("cuda", state.current if device.index is None else device.index)


def bare(value: Any) -> Any:
    """An argument as the processor takes it."""
    if isinstance(value, CardTensor):
        return value.inner
    if isinstance(value, torch.device) and value.type == "cuda":
        return torch.device("cpu")
    return value


def tf32(x: Any, truncated: bool | None = None) -> Any:
    """Float32 with TF32's ten bits of mantissa: to nearest, or cut off as tensor cores do with what they are given."""
    if not isinstance(x, torch.Tensor) or x.dtype != torch.float32:
        return x
    added = 0 if (state.truncated if truncated is None else truncated) else 0x1000
    made = torch.empty_like(x).copy_(x)
    made.view(torch.int32).add_(added).bitwise_and_(~0x1FFF)
    return made


def compute(func: Any, args: Any, kwargs: Any) -> Any:
    """An operation as tensor cores do it: operands rounded where that is allowed, sums in float32."""
    product, convolution = func in PRODUCTS, func in CONVOLUTIONS
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    if (product and matmul.allow_tf32) or (convolution and cudnn.allow_tf32):
        kept = PRODUCTS.get(func)
        args = tuple(x if index == kept else tf32(x) for index, x in enumerate(args))
        state.rounded[place()] += 1
    if func is aten.affine_grid_generator.default and matmul.allow_tf32:
        return _affine_grid(*args)
    low = [x for x in args if isinstance(x, torch.Tensor) and x.dtype == torch.bfloat16]
    if (product or convolution) and low and not func._schema.is_mutable:
        wide = tree_map(lambda x: x.float() if isinstance(x, torch.Tensor) else x, args)
        return tree_map(lambda x: x.bfloat16() if isinstance(x, torch.Tensor) else x, func(*wide, **kwargs))
    return func(*args, **kwargs)


def _affine_grid(theta: torch.Tensor, size: list[int], align_corners: bool) -> torch.Tensor:
    """`affine_grid` of two dimensions, whose kernel is a product."""
    assert not align_corners
    state.rounded[place()] += 1
    x, y = ((2 * torch.arange(side) + 1) / side - 1 for side in (size[3], size[2]))
    base = torch.stack([x.expand(size[2], -1), y[:, None].expand(-1, size[3]), torch.ones(size[2], size[3])], -1)
    return (tf32(base.reshape(-1, 3)) @ tf32(theta).transpose(1, 2)).view(size[0], size[2], size[3], 2)


def drawn(device: torch.device, draw: Any) -> Any:
    """The result of `draw()` by the random numbers of a device, the processor's being as before."""
    host = torch.get_rng_state()
    torch.set_rng_state(state.random.setdefault(device.index, torch.Generator().manual_seed(0).get_state()))
    try:
        return draw()
    finally:
        state.random[device.index] = torch.get_rng_state()
        torch.set_rng_state(host)


def run(func: Any, args: Any, kwargs: Any) -> Any:
    """One operation with at least one tensor or device of a card among its arguments."""
    leaves = tree_leaves((args, kwargs))
    cards = [x for x in leaves if isinstance(x, CardTensor)]
    host = [x for x in leaves if isinstance(x, torch.Tensor) and not isinstance(x, CardTensor)]
    device = kwargs.get("device")
    target = cards[0].device if cards else None
    if func in COPIES:
        target = _copied(func, args, kwargs)
    else:
        _check_devices(func, cards, host)
        if device is not None:
            target = numbered(device) if on_card(device) else None
    if func in WAITS and cards:
        waited(WAITS[func])
    call_args, call_kwargs = tree_map(bare, (args, kwargs))
    call_kwargs.pop("pin_memory", None)

    def call() -> Any:
        return compute(func, call_args, call_kwargs)

    random = torch.Tag.nondeterministic_seeded in func.tags and kwargs.get("generator") is None
    out = drawn(target, call) if random and target is not None else call()
    if state.captured is not None and (cards or target is not None):
        state.captured.append((func, call_args, call_kwargs, out))
    if target is None:
        return out
    if func._schema.is_mutable and not isinstance(out, list | tuple):  # in place or out=: the tensor that was given
        given = kwargs.get("out", args[0] if args else None)
        return given if isinstance(given, CardTensor) else out
    return tree_map(lambda x: CardTensor(x, target) if type(x) is torch.Tensor else x, out)


def _check_devices(func: Any, cards: list[CardTensor], host: list[torch.Tensor]) -> None:
    """Refuse an operation on tensors of several devices; numbers as tensors without dimensions are allowed."""
    devices = {x.device for x in cards} | {x.device for x in host if x.dim() > 0}
    if cards and len(devices) > 1 and func is not aten.index.Tensor and func is not aten.index_put_.default:
        raise RuntimeError(f"Expected all tensors to be on the same device, but {func} got {sorted(map(str, devices))}")
    if cards and host and func in (aten.index.Tensor, aten.index_put_.default):
        waited("index from host")


def _copied(func: Any, args: Any, kwargs: Any) -> torch.device | None:
    """Note a copy between host and device; returns where the result lies, None for the host."""
    source = args[COPIES[func]]
    device = kwargs.get("device")
    if func is aten._to_copy.default:
        target = (numbered(device) if on_card(device) else None) if device is not None else _device(source)
    else:
        target = _device(args[0])
    if isinstance(source, CardTensor) and target is None:
        waited("copy to host")
    elif not isinstance(source, CardTensor) and target is not None:
        asynchronous = kwargs.get("non_blocking") or (func is aten.copy_.default and len(args) > 2 and args[2])
        kind = "copy from host" + ("" if asynchronous or source.dim() == 0 else ", waiting")
        if state.captured is not None:
            waited(kind)
        state.log[kind, place()] += 1
    return target


def _device(tensor: torch.Tensor) -> torch.device | None:
    return tensor.device if isinstance(tensor, CardTensor) else None


class Card(TorchDispatchMode):
    """Takes every operation that names an emulated device or has a tensor on one."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        leaves = tree_leaves((args, kwargs))
        if not any(isinstance(x, CardTensor) or (isinstance(x, torch.device) and on_card(x)) for x in leaves):
            kwargs.pop("pin_memory", None)
            return func(*args, **kwargs)
        if func._can_decompose() and func is not aten.dropout.default:
            with self:
                made = func.decompose(*args, **kwargs)
            if made is not NotImplemented:
                return made
        return run(func, args, kwargs)

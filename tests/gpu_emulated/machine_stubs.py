"""`torch.cuda` as a machine with emulated cards answers it."""

from __future__ import annotations

import contextlib
import functools
import time
import unittest.mock
from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from tests.gpu_emulated import card
from tests.gpu_emulated.card import Card, CardTensor, compute, drawn, on_card, place, state

KIB, GIB = 2**10, 2**30
HostGenerator = torch.Generator


def properties(name: str, capability: tuple[int, int], shared_kib: int, memory_gib: float) -> SimpleNamespace:
    """What torch says of a card."""
    return SimpleNamespace(
        name=name,
        major=capability[0],
        minor=capability[1],
        total_memory=int(memory_gib * GIB),
        shared_memory_per_block_optin=shared_kib * KIB,
        multi_processor_count=132,
    )


def _uuid(index: int) -> str:
    """What tells the cards of one name apart."""
    return f"{index}f0f0f0f-1111-2222-3333-444444444444"


CARDS = {
    "GTX 1080 Ti": properties("NVIDIA GeForce GTX 1080 Ti", (6, 1), 48, 10.9),
    "T4": properties("Tesla T4", (7, 5), 64, 14.6),
    "RTX 3060": properties("NVIDIA GeForce RTX 3060", (8, 6), 99, 11.8),
    "A100": properties("NVIDIA A100-SXM4-40GB", (8, 0), 163, 39.4),
    "H100": properties("NVIDIA H100 80GB HBM3", (9, 0), 227, 79.2),
}


class Generator:
    """A generator of random numbers on an emulated card, in the place of torch's, which needs the card."""

    def __new__(cls, device: Any = "cpu") -> Any:
        return super().__new__(cls) if on_card(device) else HostGenerator(device=device)

    def __init__(self, device: Any = "cpu") -> None:
        self.inner, self.device = HostGenerator(), card.numbered(device)

    def manual_seed(self, seed: int) -> Generator:
        self.inner.manual_seed(seed)
        return self

    def initial_seed(self) -> int:
        return self.inner.initial_seed()


def _drawing(function: Any) -> Any:
    """A factory of random numbers that also takes a `Generator` of this file."""

    @functools.wraps(function)
    def draw(*args: Any, generator: Any = None, device: Any = None, **kwargs: Any) -> Any:
        if not isinstance(generator, Generator):
            return function(*args, generator=generator, device=device, **kwargs)
        if not on_card(device) or card.numbered(device) != generator.device:
            raise RuntimeError(f"Expected a '{device}' device type for generator but found '{generator.device}'")
        return CardTensor(function(*args, generator=generator.inner, **kwargs), generator.device)

    return draw


def _tensor(function: Any) -> Any:
    """`torch.tensor`, which fills its values in below the level of dispatch."""

    @functools.wraps(function)
    def make(*args: Any, device: Any = None, **kwargs: Any) -> Any:
        made = function(*args, **kwargs)
        return made if device is None else made.to(device)

    return make


class Graph:
    """A CUDA graph: the operations of its capture, done again on the same tensors."""

    def __init__(self) -> None:
        self.steps: list[Any] = []

    def replay(self) -> None:
        state.log["graph", place()] += 1
        for func, args, kwargs, out in self.steps:
            again = compute(func, args, kwargs)
            for old, new in zip(tree_leaves(out), tree_leaves(again), strict=True):
                if isinstance(old, torch.Tensor) and old.data_ptr() != new.data_ptr():
                    old.copy_(new)


@contextlib.contextmanager
def _capture(graph: Graph, pool: Any = None, stream: Any = None, capture_error_mode: str = "") -> Iterator[None]:
    assert state.captured is None
    state.captured = []
    try:
        yield
        graph.steps = state.captured
    finally:
        state.captured = None


class Event:
    """An event on an emulated stream, which is never behind the host."""

    def __init__(self, enable_timing: bool = False) -> None:
        self.at = 0.0

    def record(self, stream: Any = None) -> None:
        self.at = time.perf_counter()

    def elapsed_time(self, other: Event) -> float:
        return (other.at - self.at) * 1e3

    def synchronize(self) -> None:
        state.log["synchronise", place()] += 1


class Stream:
    """A stream on an emulated card."""

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

    def wait_stream(self, other: Stream) -> None: ...

    def synchronize(self) -> None:
        state.log["synchronise", place()] += 1


@contextlib.contextmanager
def _nothing(*args: Any, **kwargs: Any) -> Iterator[None]:
    yield


def _index(device: Any) -> int:
    if device is None:
        return state.current
    return device if isinstance(device, int) else card.numbered(device).index


def _seed_all(seed: int) -> None:
    for index in range(state.devices):
        state.random[index] = HostGenerator().manual_seed(seed).get_state()


def _synchronise(device: Any = None) -> None:
    state.log["synchronise", place()] += 1


def stubs(facts: SimpleNamespace) -> dict[str, Any]:
    """Name in `torch.cuda` -> what stands there."""
    return {
        "is_available": lambda: state.devices > 0,
        "device_count": lambda: state.devices,
        "current_device": lambda: state.current,
        "set_device": lambda device: setattr(state, "current", _index(device)),
        "is_initialized": lambda: True,
        "_lazy_init": lambda: None,
        "synchronize": _synchronise,
        "get_device_properties": lambda device=None: SimpleNamespace(**vars(facts) | {"uuid": _uuid(_index(device))}),
        "get_device_capability": lambda device=None: (facts.major, facts.minor),
        "get_device_name": lambda device=None: facts.name,
        "mem_get_info": lambda device=None: (facts.total_memory - GIB, facts.total_memory),
        "memory_allocated": lambda device=None: 10**6,
        "max_memory_allocated": lambda device=None: 10**8,
        "reset_peak_memory_stats": lambda device=None: None,
        "empty_cache": lambda: None,
        "manual_seed_all": _seed_all,
        "manual_seed": _seed_all,
        "get_rng_state": lambda device=None: drawn(card.numbered("cuda"), torch.get_rng_state),
        "Event": Event,
        "Stream": Stream,
        "current_stream": lambda device=None: Stream(),
        "stream": _nothing,
        "device_of": _nothing,
        "device": _nothing,
        "CUDAGraph": Graph,
        "graph": _capture,
        "graph_pool_handle": lambda: (0, 1),
        "is_bf16_supported": lambda including_emulation=True: including_emulation or facts.major >= 8,
        "is_current_stream_capturing": lambda: state.captured is not None,
        "get_arch_list": lambda: ["sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120"],
    }


@contextlib.contextmanager
def emulated(name: str = "H100", devices: int = 1) -> Iterator[Counter[tuple[str, str]]]:
    """Everything inside sees `devices` cards of one name; yields the counts of what made the host wait."""
    state.__dict__.update(current=0, devices=devices, random={}, captured=None, log=Counter(), rounded=Counter())
    with contextlib.ExitStack() as stack:

        def patch(where: Any, what: str, value: Any) -> None:
            stack.enter_context(unittest.mock.patch.object(where, what, value))

        for what, value in stubs(CARDS[name]).items():
            patch(torch.cuda, what, value)
        patch(torch, "Generator", Generator)
        patch(torch, "tensor", _tensor(torch.tensor))
        for what in ("randn", "rand", "randint"):
            patch(torch, what, _drawing(getattr(torch, what)))
        patch(torch.backends.cudnn, "version", lambda: 91900)
        enabled, torch.backends.cudnn.enabled = torch.backends.cudnn.enabled, False
        stack.callback(setattr, torch.backends.cudnn, "enabled", enabled)
        overwrite = torch.__future__.get_overwrite_module_params_on_conversion()
        torch.__future__.set_overwrite_module_params_on_conversion(True)  # a parameter cannot change its class in place
        stack.callback(torch.__future__.set_overwrite_module_params_on_conversion, overwrite)
        if devices:
            stack.enter_context(Card())
        yield state.log

"""Choice of the device, and what the numbers were computed on."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import platform
from collections.abc import Iterator
from pathlib import Path

import torch

from pixelwise.cards import found, selecting
from pixelwise.cards.found import Card
from pixelwise.record import Scalar


def select_device(name: str, threads: int, *, lease: bool = True) -> torch.device:
    """Set the number of threads and return the device; a GPU computes in strict fp32, by deterministic algorithms.

    Args:
        name: "auto" (a card where one is there), "cpu" or "cuda".
        threads: Threads within one operation on the CPU.
        lease: Whether the card is leased where there are several (`cards.selecting`).

    Raises:
        PixelwiseError: If CUDA is asked for and absent, or a card is there and PyTorch cannot use it.
    """
    torch.set_num_threads(threads)
    device = selecting.select(name, lease=lease)
    set_tf32(False)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    return device


def set_tf32(enabled: bool) -> None:
    """Allow or forbid TF32 in CUDA's matrix products and convolutions."""
    torch.backends.cuda.matmul.allow_tf32 = enabled
    torch.backends.cudnn.allow_tf32 = enabled


def precisions(device: torch.device) -> list[str]:
    """Precisions in which the optimised forms can be timed on a device, the exact one first."""
    known = ("fp32", "tf32", "bf16") if device.type == "cuda" else ("fp32",)
    return [precision for precision in known if not lacking(precision, device)]


def lacking(precision: str, device: torch.device) -> str | None:
    """Why a device has no units for "tf32" or "bf16"; None if it has. What a card emulates it has not.

    `torch.cuda.is_bf16_supported` counts emulation.
    """
    if precision == "fp32" or (precision == "bf16" and device.type != "cuda"):
        return None
    if device.type != "cuda":
        return "TF32 exists on CUDA devices only"
    name = "TF32" if precision == "tf32" else "bfloat16"
    return f"this GPU has no {name} units" if torch.cuda.get_device_capability(device) < found.UNITS else None


def describe(device: torch.device | str, threads: int) -> dict[str, Scalar]:
    """Processor, cores, threads, accelerator and versions; the same on every call on one machine: no clocks, no power.

    Args:
        device: Device that computed.
        threads: Threads that it was allowed.
    """
    device = torch.device(device)
    facts: dict[str, Scalar] = {
        "device": device.type,
        "cpu": processor_name(),
        "cores": os.cpu_count(),
        "threads": threads,
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        facts["gpu"] = properties.name
        facts["gpu_memory_gib"] = round(properties.total_memory / 2**30, 1)
        facts["cuda"] = torch.version.cuda
        facts["driver"] = card_of(device).driver
        facts["cudnn"] = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
    return facts


def place(device: torch.device) -> dict[str, Scalar]:
    """Which machine and card it is, among others of the same kind: times of two are not put together."""
    return {"node": platform.node(), "uuid": card_of(device).uuid if device.type == "cuda" else None}


def card_of(device: torch.device) -> Card:
    """The card that a CUDA device is, by its UUID; without `nvidia-smi` only what PyTorch and the kernel know of it."""
    index = torch.cuda.current_device() if device.index is None else device.index
    here = selecting.card(index)
    known = next((card for card in found.once() if card.uuid == here.uuid), None)
    return known or dataclasses.replace(here, driver=found.driver())


def processor_name() -> str:
    """Model name of the CPU, by /proc/cpuinfo where the system has it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


@contextlib.contextmanager
def precision(name: str, device: torch.device) -> Iterator[None]:
    """Compute in "fp32" (strict), "tf32" (CUDA only) or "bf16" (autocast) inside the block, strict fp32 after it."""
    set_tf32(name == "tf32")
    try:
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=name == "bf16"):
            yield
    finally:
        set_tf32(False)

"""Choice of the device, and what the numbers were computed on."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import torch

from pixelwise.cards.selecting import select
from pixelwise.record import Scalar

GPU_QUERY = {
    "driver": "driver_version",
    "power_limit_w": "power.limit",
    "clock_sm_mhz": "clocks.sm",
    "clock_sm_max_mhz": "clocks.max.sm",
    "clock_memory_mhz": "clocks.mem",
    "persistence": "persistence_mode",
}


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
    device = select(name, lease=lease)
    set_tf32(False)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    return device


def set_tf32(enabled: bool) -> None:
    """Allow or forbid TF32 in CUDA's matrix products and convolutions."""
    torch.backends.cuda.matmul.allow_tf32 = enabled
    torch.backends.cudnn.allow_tf32 = enabled


def describe(device: torch.device | str, threads: int) -> dict[str, Scalar]:
    """Processor, cores, threads, accelerator and versions; the same on every call on one machine.

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
        facts["cudnn"] = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
    return facts


def processor_name() -> str:
    """Model name of the CPU, by /proc/cpuinfo where the system has it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def clocks(device: torch.device) -> dict[str, Scalar]:
    """Driver, clocks and power limit of the GPU at this moment, by nvidia-smi; the largest clock of a CPU.

    A quantity that the machine does not tell is None.
    """
    if device.type != "cuda":
        return {"cpu_max_mhz": _cpu_max_mhz()}
    unknown: dict[str, Scalar] = dict.fromkeys(GPU_QUERY)
    if shutil.which("nvidia-smi") is None:
        return unknown
    uuid = str(torch.cuda.get_device_properties(device).uuid)
    gpu = uuid if uuid.startswith("GPU-") else f"GPU-{uuid}"
    command = [
        "nvidia-smi",
        f"--id={gpu}",
        f"--query-gpu={','.join(GPU_QUERY.values())}",
        "--format=csv,noheader,nounits",
    ]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    values = [value.strip() for value in answer.stdout.strip().split(",")]
    if answer.returncode != 0 or len(values) != len(GPU_QUERY):
        return unknown
    return {name: _number(value) for name, value in zip(GPU_QUERY, values, strict=True)}


def _cpu_max_mhz() -> float | None:
    import psutil

    with contextlib.suppress(OSError, NotImplementedError):
        frequency = psutil.cpu_freq()
        if frequency is not None:
            return round(frequency.max or frequency.current, 1)
    return None


def _number(text: str) -> Scalar:
    try:
        return float(text)
    except ValueError:
        return None if text.startswith("[") else text


@contextlib.contextmanager
def precision(name: str, device: torch.device) -> Iterator[None]:
    """Compute in "fp32" (strict), "tf32" (CUDA only) or "bf16" (autocast) inside the block, strict fp32 after it."""
    set_tf32(name == "tf32")
    try:
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=name == "bf16"):
            yield
    finally:
        set_tf32(False)

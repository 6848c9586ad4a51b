"""The graphics cards of this machine, as files and `nvidia-smi` show them, without PyTorch."""

from __future__ import annotations

import functools
import os
import re
from dataclasses import dataclass
from pathlib import Path

from pixelwise.cards import smi

DEV, DRIVER = Path("/dev"), Path("/proc/driver/nvidia/version")
VISIBLE = "CUDA_VISIBLE_DEVICES"
FIELDS = ("index", "name", "uuid", "driver_version", "memory.total", "memory.free", "compute_cap")
MIB = 2**20
UNITS = (8, 0)
"""First compute capability with units for TF32 and bfloat16: CUDA C++ Programming Guide, "Technical Specifications"."""


@dataclass(frozen=True)
class Card:
    """What is known of a card; None is unknown, such as the memory of cards that share the processor's.

    Attributes:
        name: As the driver calls it.
        uuid: The same in every container and under every `CUDA_VISIBLE_DEVICES`.
        driver: Version of the driver, as text.
        capability: Compute capability, such as (9, 0).
        memory: Bytes in all.
        free: Bytes that nobody uses.
    """

    index: int
    name: str
    uuid: str | None = None
    driver: str | None = None
    capability: tuple[int, int] | None = None
    memory: float | None = None
    free: float | None = None


def files(dev: Path = DEV) -> list[int]:
    """Numbers of the cards that have a device file here; a container may have card 1 alone."""
    found = (re.fullmatch(r"nvidia(\d+)", path.name) for path in dev.glob("nvidia*"))
    return sorted(int(match[1]) for match in found if match)


def chosen() -> list[str] | None:
    """The entries of `CUDA_VISIBLE_DEVICES` that CUDA would take, or None where all cards are visible."""
    given = os.environ.get(VISIBLE)
    if given is None:
        return None
    entries: list[str] = []
    for entry in map(str.strip, given.split(",")):  # CUDA stops at the first entry that is none, such as -1
        if not re.fullmatch(r"\d+|(GPU|MIG)-[0-9A-Za-z/-]+", entry):
            break
        entries.append(entry)
    return entries


def _capability(text: str | None) -> tuple[int, int] | None:
    match = re.fullmatch(r"(\d+)\.(\d+)", text or "")
    return (int(match[1]), int(match[2])) if match else None


def _mib(text: str | None) -> float | None:
    value = smi.number(text)
    return None if value is None else value * MIB


def driver(file: Path = DRIVER) -> str | None:
    """Version of the loaded driver by the kernel's own file; None without one."""
    try:
        match = re.search(r"Kernel Module.*?\s(\d+\.\d[\d.]*)", file.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None
    return match[1] if match else None


def _asked() -> list[Card] | None:
    """All cards by `nvidia-smi`; one of old drivers knows no `compute_cap`."""
    answers = smi.query(FIELDS) or smi.query(FIELDS[:-1])
    if not answers:
        return None
    return [
        Card(
            int(smi.number(answer["index"]) or 0),
            answer["name"] or "graphics card",
            answer["uuid"],
            answer["driver_version"],
            _capability(answer.get("compute_cap")),
            _mib(answer["memory.total"]),
            _mib(answer["memory.free"]),
        )
        for answer in answers
    ]


def cards(dev: Path = DEV) -> list[Card]:
    """Every card that CUDA would be offered: those of `nvidia-smi`, else those that have a device file.

    `/dev/dxg` is the card of Windows' Linux (WSL2), which has no file for each.
    """
    if chosen() == []:
        return []
    found = _asked()
    if found is None:
        numbers = files(dev) or ([0] if (dev / "dxg").exists() else [])
        found = [Card(number, f"graphics card {number}", driver=driver()) for number in numbers]
    return _visible(found)


def _visible(found: list[Card]) -> list[Card]:
    entries = chosen()
    if entries is None:
        return found
    taken: list[Card] = []
    for entry in entries:
        same = [c for c in found if entry == str(c.index) or (c.uuid or "").startswith(entry)]
        taken += same[:1] or (found[:1] if entry.startswith("MIG") else [])
    return taken


def count(dev: Path = DEV) -> int:
    """Number of cards that CUDA would be offered, from files alone where they show it: asked at every planning."""
    entries = chosen()
    if entries is not None and not entries:
        return 0
    numbers = files(dev)
    if not numbers:
        return len(cards(dev)) if (dev / "dxg").exists() else 0
    return len(numbers) if entries is None else min(len(entries), len(numbers))


@functools.cache
def once() -> tuple[Card, ...]:
    """`cards`, asked once in this process."""
    return tuple(cards())

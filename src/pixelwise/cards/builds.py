"""Whether the installed build of PyTorch can use a card with its driver, and which other build could."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pixelwise.cards.found import Card


@dataclass(frozen=True)
class Build:
    """One CUDA build of PyTorch: the oldest driver, and the first and the last compute capability."""

    name: str
    driver: int
    first: tuple[int, int]
    last: tuple[int, int]


# Drivers: NVIDIA, "CUDA Compatibility", minor version compatibility, table 1. Cards: release notes of PyTorch 2.11,
# "CUDA Support Matrix" (the CUDA 13 build holds PTX for cards to come). The newest first.
BUILDS = (
    Build("cu130", 580, (7, 5), (99, 0)),
    Build("cu128", 525, (7, 5), (12, 9)),
    Build("cu126", 525, (5, 0), (9, 9)),
)
DRIVERS = {13: 580, 12: 525, 11: 450}
"""CUDA's first number -> oldest driver."""
PACKAGES = ("torch", "torchvision")
PROCESSOR = "to compute on the processor, set compute: {device: cpu} in the profile"


@dataclass(frozen=True)
class Installed:
    """The PyTorch of this environment, read from its files: its version, and its CUDA or None."""

    version: str
    cuda: str | None


def installed() -> Installed | None:
    """The installed PyTorch, without importing it; None without one."""
    try:
        spec = importlib.util.find_spec("torch")
        text = (Path(str(spec and spec.origin)).parent / "version.py").read_text(encoding="utf-8")
    except (OSError, ValueError, ImportError):
        return None
    found = {name: re.search(rf"^{name}\b[^=]*= *'([^']*)'", text, re.M) for name in ("__version__", "cuda")}
    version, cuda = found["__version__"], found["cuda"]
    return Installed(version[1] if version else "?", cuda[1] if cuda else None)


def _driver(card: Card) -> int | None:
    match = re.match(r"\d+", card.driver or "")
    return int(match[0]) if match else None


def fits(build: Build, card: Card) -> bool:
    """Whether a build runs on a card with its driver; what is unknown does not speak against it."""
    driver, capability = _driver(card), card.capability
    return (driver is None or driver >= build.driver) and (
        capability is None or build.first <= capability <= build.last
    )


def _version(package: str) -> str:
    return importlib.metadata.version(package).partition("+")[0]


def install(build: str) -> str:
    """The line that puts another build of the same version into this environment.

    `uv` comes with the pinned environment and knows where the builds of PyTorch are.
    """
    python = sys.executable
    uv = Path(python).with_name("uv")
    wanted = [f"{package}=={_version(package)}" for package in PACKAGES]
    words = [str(uv) if uv.exists() else "uv", "pip", "install", "--python", python, f"--torch-backend={build}"]
    return shlex.join([*words, *(f"--reinstall-package={package}" for package in PACKAGES), *wanted])


def _remedy(cards: Sequence[Card]) -> str:
    """What would make one of these cards usable."""
    usable = [build for build in BUILDS if any(fits(build, card) for card in cards)]
    if usable:
        return f"install another build: {install(usable[0].name)}"
    drivers = [b.driver for b in BUILDS for card in cards if fits(b, replace(card, driver=None))]
    return f"update the driver to {min(drivers)} or newer" if drivers else "no build of this PyTorch has code for it"


def unfit(card: Card, torch: Installed | None) -> str | None:
    """Why PyTorch cannot use a card, or None if nothing known speaks against it."""
    if torch is None:
        return "PyTorch is not installed"
    if torch.cuda is None:
        return f"torch {torch.version} is built without CUDA"
    major, driver = int(torch.cuda.partition(".")[0]), _driver(card)
    oldest = DRIVERS.get(major)
    if driver is not None and oldest is not None and driver < oldest:
        return f"driver {card.driver} is too old for CUDA {torch.cuda} of torch {torch.version}, which needs {oldest}"
    named = f"cu{torch.cuda.replace('.', '')}"
    build = next((build for build in BUILDS if build.name == named), None)
    if build and card.capability and not build.first <= card.capability <= build.last:
        sm, first = (f"sm_{a}{b}" for a, b in (card.capability, build.first))
        return f"{card.name} ({sm}) is no card for CUDA {torch.cuda} of torch {torch.version}, which needs {first}"
    return None


def problem(cards: Sequence[Card], torch: Installed | None = None) -> str | None:
    """One line if there are cards and PyTorch can use none of them, with the way out; else None."""
    torch = torch or installed()
    reasons = [unfit(card, torch) for card in cards]
    if not cards or None in reasons:
        return None
    return f"{cards[0].name} is there, but {reasons[0]}; {_remedy(cards)}"

"""`pixelwise doctor`: what this machine has, what would be chosen here, and what is missing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pixelwise.cards import builds, found, leases
from pixelwise.cards.found import Card
from pixelwise.errors import PixelwiseError

GB = 1e9
DAY = 24.0
"""Hours above which the processor is no way to run a profile."""


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, what was found, and whether it is in the way."""

    subject: str
    said: str
    wrong: bool = False


def compiler() -> Finding:
    """Whether C can be compiled against this Python, which Triton's kernels and `compile: true` do at run time."""
    chosen = os.environ.get("CC") or next((name for name in ("gcc", "clang") if shutil.which(name)), None)
    headers = Path(sysconfig.get_path("include")) / "Python.h"
    needed = "; only the kernels for GPUs and 'compile: true' need it"
    if chosen is None or shutil.which(chosen) is None:
        return Finding("compiler", f"no C compiler on the PATH (install gcc){needed}", True)
    if not headers.is_file():
        return Finding("compiler", f"{chosen}, but no {headers} (install python3-dev){needed}", True)
    try:
        done = subprocess.run([chosen, "--version"], capture_output=True, text=True, timeout=15, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return Finding("compiler", f"{chosen} does not answer{needed}", True)
    version = (done.stdout.splitlines() or [chosen])[0]
    return Finding("compiler", f"{version}, with Python's headers", done.returncode != 0)


def torch() -> Finding:
    """The installed PyTorch and its CUDA."""
    there = builds.installed()
    if there is None:
        return Finding("PyTorch", "not installed; run 'make install'", True)
    return Finding("PyTorch", f"{there.version}, " + (f"CUDA {there.cuda}" if there.cuda else "for the CPU alone"))


def _gb(size: float | None) -> str:
    return "an unknown amount of memory" if size is None else f"{size / GB:.0f} GB"


def cards(there: list[Card]) -> Iterator[Finding]:
    """Every card, and who holds it."""
    if not there:
        hidden = os.environ.get(found.VISIBLE)
        reason = f" ({found.VISIBLE}={hidden})" if hidden is not None else ""
        yield Finding("GPU", f"none{reason}; 'device: auto' computes on the CPU")
        return
    yield Finding("driver", there[0].driver or "version unknown")
    for card in there:
        name = card.name if card.capability is None else f"{card.name}, sm_{card.capability[0]}{card.capability[1]}"
        why = builds.unfit(card, builds.installed())
        text = f"{name}, {_gb(card.memory)}, {_gb(card.free)} free"
        yield Finding(f"GPU {card.index}", f"{text}; {why}" if why else text, bool(why))
    if line := builds.problem(there):
        yield Finding("way out", f"{line}; {builds.PROCESSOR}", True)


def device(there: list[Card]) -> Iterator[Finding]:
    """What `device: auto` would take, by PyTorch itself, and the kernels that would be used on it."""
    from pixelwise.cards.selecting import select
    from pixelwise.models.fast.kernel_choice import obstacle, shared_memory

    try:
        chosen = select("auto", lease=False)
    except PixelwiseError as error:
        yield Finding("device", str(error), True)
        return
    text = "the CPU" if chosen.type == "cpu" else str(chosen)
    if chosen.type == "cuda" and len(there) > 1:
        text += f"; each job leases one of {len(there)} GPUs ({leases.FOLDER}/)"
    yield Finding("device", f"'device: auto' takes {text}")
    if chosen.type == "cpu":
        yield Finding("kernels", "oneDNN, and this package's own for CPUs")
    elif reason := obstacle(chosen):
        yield Finding("kernels", f"PyTorch's own: {reason}", True)
    else:
        limit = (shared_memory(chosen) or 0) // 1024
        yield Finding("kernels", f"Triton's, where they fit into {limit} KiB of shared memory, with CUDA graphs")


def _hours(hours: float) -> str:
    return f"{hours:.1f}" if hours < 100 else f"{hours:,.0f}"


def profiles(config: Path, there: list[Card]) -> Iterator[Finding]:
    """Whether each profile's largest training fits on the best card, and its data on the disk, by the planner."""
    from pixelwise.claims import peaks
    from pixelwise.claims.plan import survey
    from pixelwise.planning.configuration import read
    from pixelwise.planning.graph import plan

    usable = [card for card in there if builds.unfit(card, builds.installed()) is None]
    most = max((card.memory or float("inf") for card in usable), default=0.0) / GB
    try:
        names = list(read(config, {})["profiles"])
    except (PixelwiseError, LookupError, TypeError) as error:
        yield Finding("profiles", str(error), True)
        return
    for name in names:
        try:
            planned = survey(plan(config, name, False))
        except PixelwiseError as error:
            yield Finding(f"profile {name}", str(error), True)
            continue
        peak = max((entry["gpu_memory_gb"] or 0.0 for entry in planned["jobs"]), default=0.0)
        disk = sum(entry["disk_gb"] for entry in planned["data"])
        hours = sum(entry["hours"] or 0.0 for entry in planned["jobs"])
        wrong = [f"{disk:.0f} GB of disk"] if disk > planned["machine"]["free_disk_gb"] else []
        if peak and peaks.needed_gb(peak) > most and (usable or hours > DAY):
            wrong.append(f"a GPU with {peaks.needed_gb(peak):.0f} GB")
        wrong += [f"the data set {entry['name']}" for entry in planned["data"] if not entry["have"]]
        needs = [
            f"{peaks.needed_gb(peak):.0f} GB of GPU memory" if peak else "no GPU",
            f"{max(disk, 1):.0f} GB of disk",
        ]
        text = f"needs {', '.join(wrong)}" if wrong else f"fits; needs {', '.join(needs)}"
        text += f"; about {_hours(hours)} h" + (" on this CPU" if peak and not usable else "")
        yield Finding(f"profile {name}", text, bool(wrong))


def examine(config: Path) -> Iterator[Finding]:
    """Everything, the cheap first; PyTorch is imported for `device` alone.

    Args:
        config: The configuration, whose profiles are tried.
    """
    there = found.cards()
    yield Finding("Python", f"{platform.python_version()} ({sys.executable})")
    yield compiler()
    yield torch()
    yield from cards(there)
    yield Finding("disk", f"{shutil.disk_usage(Path.cwd()).free / GB:.0f} GB free in {Path.cwd()}")
    yield from profiles(config, there) if config.is_file() else [Finding("profiles", f"no {config} here", True)]
    yield from device(there)


def show(config: Path) -> None:
    """Print everything, a line each as it is found."""
    from pixelwise.terminal.screen import show as line

    for finding in examine(config):
        line(f"{'!' if finding.wrong else ' '} {finding.subject:<18} {finding.said}")
    line("  Lines with ! name what is missing. docs/gpu.md and 'pixelwise plan --profile NAME' say how to mend it.")

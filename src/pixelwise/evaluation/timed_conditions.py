"""What one process of a timing does: every condition, all models of the group interleaved in it."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import card_state, hardware, latency, scopes, timed_baselines
from pixelwise.evaluation.device_limits import device_limit, device_lost, in_one_line
from pixelwise.evaluation.finished_conditions import Finished, Results
from pixelwise.evaluation.latency import Facts
from pixelwise.evaluation.stopwatch import Call, peak_memory
from pixelwise.models import declarations, registry
from pixelwise.models.fast.optimised import Optimised, optimise
from pixelwise.settings.evaluation import Mode, Precision, Scope, TimedModel, TimeSettings
from pixelwise.terminal import progress


@dataclass(frozen=True)
class Condition:
    """What is held fixed while the models of a group are compared."""

    size: tuple[int, int]
    batch: int
    precision: Precision
    mode: Mode
    scope: Scope

    def facts(self, settings: TimeSettings, device: torch.device) -> Facts:
        """The condition as a record holds it."""
        facts: Facts = {"height": self.size[0], "width": self.size[1], "batch": self.batch}
        facts |= {"precision": self.precision, "mode": self.mode, "scope": self.scope, "device": device.type}
        if device.type == "cuda":  # what else decides the kernels, the same for both sides of a ratio
            layout = "channels last" if self.mode == "optimised" else "contiguous"
            facts |= {"tf32": self.precision == "tf32", "cudnn_benchmark": True, "memory_format": layout}
        return facts | {"warmup": settings.warmup}


@dataclass(frozen=True)
class Part:
    """What one process measured.

    Attributes:
        machine: What the networks were computed on.
        processor: What the methods without a network were computed on.
        found: The facts of every condition, and what was found under it.
    """

    machine: Facts
    processor: Facts
    found: list[tuple[Facts, Results]]


def measure(settings: TimeSettings, work: Path, memory: bool = True) -> Part:
    """Time the group under every condition in this process.

    Args:
        settings: The models and the conditions.
        work: Keeps every finished condition of this process, so that a run that was stopped goes on where it was.
        memory: Whether to measure the memory of a call too.

    Raises:
        PixelwiseError: If a model or an option is unknown, a size is not legal for a model, or the device fails.
    """
    device = hardware.select_device(settings.device, settings.threads)
    torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = True, False
    machine = hardware.describe(device, settings.threads)
    processor = hardware.describe(torch.device("cpu"), settings.threads)
    finished, found = Finished(work, machine | hardware.place(device)), list[tuple[Facts, Results]]()
    count = len(list(conditions(settings)))
    for size, group in itertools.groupby(conditions(settings), lambda condition: condition.size):
        modules = functools.cache(functools.partial(_modules, settings, device))
        for condition in group:
            facts = condition.facts(settings, device)
            progress.tell(len(found), count, "conditions")
            made = functools.partial(_measure, settings, condition, modules, device, memory)
            found.append((facts, _once(finished, facts, made)))
        if settings.baselines:
            facts = timed_baselines.facts(size)
            found.append((facts, _once(finished, facts, functools.partial(timed_baselines.measure, settings, size))))
    return Part(machine, processor, found)


def _modules(settings: TimeSettings, device: torch.device) -> dict[str, nn.Module]:
    return {label: latency.build(settings, model).to(device) for label, model in settings.models.items()}


def _once(finished: Finished, facts: Facts, measure: Callable[[], Results]) -> Results:
    """What was kept of a condition, or what measuring it now gives, which is then kept.

    What the device cannot do for want of memory or a library's way leaves the condition out, with the reason.

    Raises:
        PixelwiseError: If the device itself fails: no later call of this process can use it. The next run leaves this
            condition out, with the reason.
    """
    if (known := finished.read(facts)) is not None:
        return known
    broken = ""
    try:
        made = measure()
    except Exception as error:
        limit = device_limit(error)
        if not limit and not device_lost(error):
            raise
        made, broken = Results(skipped=[facts | {"reason": in_one_line(error)}]), "" if limit else in_one_line(error)
    finished.keep(facts, made)
    if broken:
        place = ", ".join(str(value) for value in facts.values())
        raise PixelwiseError(f"{place}: {broken}; what was timed before is kept: run again to go on without it")
    return made


def conditions(settings: TimeSettings) -> Iterator[Condition]:
    """Every combination of the settings, by size first."""
    axes = (settings.sizes, settings.batches, settings.precisions, settings.modes, settings.scopes)
    return itertools.starmap(Condition, itertools.product(*axes))


def impossible(condition: Condition, device: torch.device) -> str | None:
    """Why a device cannot do this, or None if it can."""
    if reason := hardware.lacking(condition.precision, device):
        return reason
    if condition.mode == "published" and condition.precision != "fp32":
        return "the published form computes in fp32"
    if condition.mode == "optimised" and condition.precision != "fp32" and device.type != "cuda":
        return "the optimised form computes in fp32 on a CPU"
    return None


@torch.inference_mode()
def _measure(
    settings: TimeSettings,
    condition: Condition,
    modules: Callable[[], dict[str, nn.Module]],
    device: torch.device,
    with_memory: bool,
) -> Results:
    """Time every model under one condition."""
    facts = condition.facts(settings, device)
    if reason := impossible(condition, device):
        return Results(skipped=[facts | {"reason": reason}])
    calls: dict[str, Call] = {}
    memory: dict[str, float] = {}
    skipped: list[dict[str, Any]] = []
    if condition.mode == "compiled":
        torch._dynamo.reset()  # else a function that was compiled for many sizes is no longer compiled
    # The optimised form sets its own precision, layer by layer.
    with hardware.precision("fp32" if condition.mode == "optimised" else condition.precision, device):
        for label, module in modules().items():
            architecture = settings.models[label].architecture
            if condition.mode == "optimised" and not declarations.model(architecture).optimised:
                reason = f"not optimised: {architecture} declares no optimised form"
                skipped.append(facts | {"model": label, "reason": reason})
                continue
            try:
                made = functools.partial(_call, settings, condition, settings.models[label], module, device)
                graph = condition.mode == "optimised" and device.type == "cuda"
                if with_memory and graph:  # whose replay hides its memory, and which keeps it: so before it is there
                    memory[label] = peak_memory(made(cuda_graph=False)[0], device)
                call, notes = made()
                if with_memory and not graph:
                    memory[label] = peak_memory(call, device)
                calls[label] = call
                skipped += [facts | {"model": label, "note": note} for note in notes]
            except Exception as error:
                if not device_limit(error):
                    raise
                skipped.append(facts | {"model": label, "reason": device_limit(error)})
        times, state = card_state.timed(settings, calls, device)
    return Results(times=times, memory=memory, skipped=skipped, states=[facts | state])


def _call(
    settings: TimeSettings,
    condition: Condition,
    model: TimedModel,
    module: nn.Module,
    device: torch.device,
    cuda_graph: bool = True,
) -> tuple[Call, list[str]]:
    """The function to time, and what it does without; it has run once: compilation and lazy set-up are over."""
    network: nn.Module | Optimised = module
    if condition.mode == "published" and (published := registry.function(model.architecture, "published")):
        network = published(module)
    elif condition.mode == "compiled":
        network = cast(nn.Module, torch.compile(module, dynamic=False))
    elif condition.mode == "optimised":
        network = optimise(module, condition.precision, cuda_graph)
    channels = settings.channels if settings.task == "denoising" else 3
    drawn = scopes.draw(condition.batch, condition.size, settings.num_labels, channels, settings.seed)
    if settings.task == "denoising":
        call = scopes.denoising_call(condition.scope, network, drawn, device)
    else:
        labels, edge = latency.semantic_channels(settings, model)
        call = scopes.translation_call(condition.scope, network, drawn, labels, edge, device)
    call()
    return call, network.notes if isinstance(network, Optimised) else []

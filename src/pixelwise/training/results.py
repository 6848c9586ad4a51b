"""What a training leaves behind: the checkpoint, the loss curve and the facts about how it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from pixelwise.artifacts import write_json, write_text
from pixelwise.models import checkpoint
from pixelwise.settings.training import TrainingSettings, deviations
from pixelwise.training.curve import Curve
from pixelwise.training.machine import Machine

MODEL = "model.safetensors"


def plain(value: Any) -> Any:
    """Tuples as lists, so that a value is the same before and after JSON."""
    return [plain(item) for item in value] if isinstance(value, tuple | list) else value


def write(
    out: Path,
    module: nn.Module,
    settings: TrainingSettings,
    machine: Machine,
    curve: Curve,
    *,
    options: Mapping[str, Any],
    dataset: Mapping[str, Any],
    amount: Mapping[str, Any],
    extra: Mapping[str, Any],
    more_deviations: Sequence[tuple[str, Any, Any]] = (),
) -> None:
    """Write `model.safetensors`, `training.json` and `loss.csv`; nothing in them depends on the clock.

    Args:
        out: Folder of the outputs.
        module: The trained network.
        settings: How it was trained.
        machine: Where; only the kind of device is recorded.
        curve: The losses.
        options: Options with which `settings.architecture` was built.
        dataset: `dataset.json` of the training data.
        amount: Steps, presentations, epochs and whether the schedule was short.
        more_deviations: Deviations from the recipe that are not settings.
        extra: What users of the checkpoint need beside the architecture (classes, normalisation).
    """
    if machine.rank > 0:
        return
    recipe = settings.RECIPES[settings.recipe]
    losses = dict(zip(curve.names, curve.rows[-1][1], strict=True)) if curve.rows else {}
    document = {
        "architecture": settings.architecture,
        "options": dict(options),
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
        "recipe": settings.recipe,
        "recipe_source": recipe.source,
        "dataset": {key: dataset[key] for key in ("kind", "synthetic", "height", "width") if key in dataset},
        "seed": settings.seed,
        "precision": settings.precision,
        "device": machine.device.type,
        "processes": machine.world,
        "deterministic": machine.device.type == "cpu",  # on a GPU cudnn.benchmark and index_add_ change last bits
        "losses": losses,
        "deviations": [
            {"name": name, "published": plain(published), "here": plain(here)}
            for name, published, here in [*deviations(settings), *more_deviations]
        ],
        **amount,
    }
    write_json(out / "training.json", document)
    write_text(out / "loss.csv", curve.csv())
    facts = {"recipe": settings.recipe, "dataset": dataset.get("kind"), "short": amount["short"], **extra}
    checkpoint.save(out / MODEL, module, settings.architecture, options, facts)

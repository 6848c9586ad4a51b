"""Small prepared data, settings and networks for the checks on emulated cards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pixelwise.artifacts import write_json
from pixelwise.data.pack_writing import Item, write_pack
from pixelwise.settings.training import AdversarialSettings, DenoisingSettings, SegmentationSettings

LABELS, SIZE = 5, (64, 128)
ASAP = {"width": 4, "max_width": 8, "depth": 1, "mlp_width": 16}
OPTIONS: dict[str, dict[str, Any]] = {
    "asapnet": ASAP,
    "spade_pix2pixhd": {"width": 4, "blocks": 1},
    "spade": {"width": 4, "norm_hidden": 4},
    "pix2pixhd_global": {"width": 4, "blocks": 1},
    "pix2pixhd_local": {"width": 4, "blocks": 1, "local_blocks": 1},
}
"""Narrow networks."""


def streets(folder: Path) -> Path:
    """Eight labelled photographs of 64x128 pixels; the first two are those of validation too."""
    rng = np.random.default_rng(0)
    items = []
    for number in range(8):
        label = np.kron(rng.integers(0, LABELS, (4, 8)), np.ones((16, 16))).astype(np.uint8)
        image = rng.integers(0, 256, (*SIZE, 3), np.uint8)
        items.append(Item(f"scene{number}", image, label, label.astype(np.int32)))
    write_pack(folder, "train", items)
    write_pack(folder, "val", items[:2])
    facts = {"kind": "streets", "task": "translation", "synthetic": True, "num_labels": LABELS, "has_instances": True}
    facts |= {"eval_map": [255, 0, 1, 2, 2], "eval_names": ["a", "b", "c"], "dontcare": False, "channels": 3}
    write_json(folder / "dataset.json", facts | {"height": SIZE[0], "width": SIZE[1]})
    return folder


def photos(folder: Path) -> Path:
    """Three gray photographs; the first two are those of validation too."""
    rng = np.random.default_rng(1)
    items = [Item(f"photo{n}", rng.integers(0, 256, (64, 80), np.uint8)) for n in range(3)]
    write_pack(folder, "train", items)
    write_pack(folder, "val", items[:2])
    write_json(folder / "dataset.json", {"kind": "photos", "task": "restoration", "synthetic": False, "channels": 1})
    return folder


def adversarial(recipe: str, **changes: Any) -> AdversarialSettings:
    """A recipe with narrow networks and two images a step."""
    by_recipe = {"spade_code": "spade", "pix2pixhd": "pix2pixhd_global", "pix2pixhd_1024": "pix2pixhd_local"}
    by_recipe |= {"report_asapnet": "asapnet", "report_pix2pixhd": "spade_pix2pixhd"}
    name = by_recipe.get(recipe, recipe)
    discriminator = AdversarialSettings.RECIPES[recipe].values.get("discriminator_options", {})
    given = {"architecture": name, "recipe": recipe, "options": OPTIONS[name], "batch": 2, "perceptual": 0}
    given |= {
        "discriminator_options": discriminator | {"width": 4},
        "presentations": 8,
        "log_every": 2,
        "checkpoint_every": 2,
    }
    return AdversarialSettings.model_validate(given | changes)


def denoising(recipe: str, **changes: Any) -> DenoisingSettings:
    """A recipe with narrow networks and small patches."""
    given: dict[str, Any] = {"architecture": "dncnn", "options": {"depth": 4, "width": 8}, "recipe": recipe}
    if "asapnet" in recipe:
        given |= {"architecture": "asapnet", "options": ASAP | {"output": "linear", "residual": True}, "loss": "l2"}
    given |= {"batch": 2, "steps": 4, "patch": 32, "stride": 16, "scales": [1.0], "log_every": 2, "checkpoint_every": 2}
    return DenoisingSettings.model_validate(given | changes)


def segmentation(recipe: str, **changes: Any) -> SegmentationSettings:
    """A recipe with a small crop; the residual networks have no narrower form."""
    options = {"stages": 1, "width": 8} if recipe == "segmenter" else {}
    given = {"architecture": recipe, "recipe": recipe, "options": options, "batch": 2, "crop": 32}
    given |= {"presentations": 8, "log_every": 2, "checkpoint_every": 2}
    return SegmentationSettings.model_validate(given | changes)

"""The shrunk form of a profile: every code path on real input, in minutes. Its numbers mean nothing."""

from __future__ import annotations

from typing import Any

IMAGES = {"train": 6, "val": 4}
TRAINING: dict[str, dict[str, Any]] = {
    "translation": {"presentations": 2, "batch": 1, "accumulate": 1},
    "segmentation": {"presentations": 4, "batch": 2, "accumulate": 1},
    "denoising": {"steps": 3, "compile": False, "batch": 2, "accumulate": 1},
    "deblurring": {"steps": 3, "compile": False, "batch": 2, "accumulate": 1},
}


def _fewer(value: int | None, most: int) -> int:
    return most if value is None else min(value, most)


def shrink(profile: dict[str, Any]) -> dict[str, Any]:
    """A profile's plain values with a few images, a few steps, one seed and one size; architectures stay."""
    shrunk = dict(profile)
    shrunk["seeds"] = list(profile.get("seeds", [0]))[:1]
    shrunk["datasets"] = {
        name: dict(values)
        | {split: _fewer(values.get(split), most) for split, most in IMAGES.items()}
        | {"at_most": True}
        for name, values in profile.get("datasets", {}).items()
    }
    shrunk["train"] = {name: _training(values) for name, values in profile.get("train", {}).items()}
    shrunk["fid"] = profile.get("fid", {}) | {"resamples": 10}
    shrunk["segment"] = profile.get("segment", {}) | {"resamples": 20}
    shrunk["restore"] = {
        name: values
        | {"limit": 2, "bm3d_limit": 1}
        | ({"sigmas": [25]} if values.get("task", "denoising") == "denoising" else {})
        for name, values in profile.get("restore", {}).items()
    }
    shrunk["time"] = {
        name: values
        | {"warmup": 1, "calls": 3, "processes": 1, "batches": [1], "sizes": [[256, 512]], "scopes": ["generator"]}
        | {"precisions": ["fp32"], "modes": ["published", "optimised"]}
        for name, values in _one_of_each_task(profile.get("time", {})).items()
    }
    return shrunk


def _one_of_each_task(groups: dict[str, Any]) -> dict[str, Any]:
    """The first group of each task; the others differ in size alone."""
    firsts = {values.get("task"): name for name, values in reversed(groups.items())}
    return {name: values for name, values in groups.items() if name in firsts.values()}


def _training(values: dict[str, Any]) -> dict[str, Any]:
    """One entry of `train`. A published segmenter becomes a small trained one: its weights may be out of reach."""
    seeds = {"seeds": list(values["seeds"])[:1]} if values.get("seeds") else {}
    task = values.get("task", "")
    if values.get("checkpoint") and task != "segmentation":
        return values | seeds
    if values.get("checkpoint"):
        values = {"task": task, "dataset": values.get("dataset"), "architecture": "segmenter"}
    held = {"held_out": 1} if values.get("held_out") else {}
    return values | TRAINING.get(task, {}) | held | seeds

"""Planted records, and claims small enough to read."""

from __future__ import annotations

from typing import Any

from pixelwise.claims.evidence import Item
from pixelwise.claims.register_entries import Claim
from pixelwise.data.published_weights import WEIGHTS
from pixelwise.record import Record, Run, Value

# A program that runs beside the tests; importing it changes what torch sees of cards.
collect_ignore = ["emulated_peaks.py"]

DEFAULTS: dict[str, dict[str, Any]] = {
    "fid": {"task": "translation", "protocol": "pytorch-fid", "unit": "1", "n": 500},
    "segmentation": {"task": "translation", "protocol": "N", "unit": "%", "n": 500},
    "restoration": {"task": "denoising", "protocol": "bsd68", "unit": "dB", "n": 68},
    "latency": {"task": "translation", "protocol": "interleaved", "unit": "1", "n": 500},
    "architecture": {"task": "translation", "protocol": "counted on the built network", "unit": "1", "n": 1},
}
CONDITIONS: dict[str, dict[str, Any]] = {
    "fid": {"height": 256, "width": 512, "design": "pairs"},
    "segmentation": {"height": 256, "width": 512, "segmenter": "drn_d_105"},
    "restoration": {"sigma": 25},
    "latency": {
        **{"height": 256, "width": 512, "batch": 1, "precision": "fp32"},
        **{"mode": "published", "scope": "generator", "device": "cuda", "processes": 3},
    },
    "architecture": {},
}


RELEASED = WEIGHTS["dncnn_25"].sha256
GRAY = {"instance_edge": False, "dense_channels": 1, "output_channels": 1}
LIKE_DNCNN = {"architecture": "asapnet", "recipe": "asapnet_like_dncnn"}
RUNS: dict[str, dict[str, Any]] = {
    "asapnet": {"architecture": "asapnet"},
    "report_asapnet": {"architecture": "asapnet", "recipe": "report_asapnet"},
    "report_pix2pixhd": {"architecture": "spade_pix2pixhd", "recipe": "report_pix2pixhd"},
    "asapnet_s32": {"architecture": "asapnet", "options": {"tile": 32}},
    "asapnet_s64": {"architecture": "asapnet", "options": {"tile": 64}},
    "asapnet_s128": {"architecture": "asapnet", "options": {"tile": 128}},
    "asapnet_report": {"architecture": "asapnet", "recipe": "report_asapnet"},
    "asapnet_l2": LIKE_DNCNN | {"options": {"output": "linear"}},
    "asapnet_residual": LIKE_DNCNN | {"options": {"output": "linear", "residual": True}},
    "asapnet_denoise": {"architecture": "asapnet", "options": GRAY},
    "pix2pixhd": {"architecture": "pix2pixhd_global"},
    "spade_pix2pixhd": {"architecture": "spade_pix2pixhd"},
    "pix2pixhd_global": {"architecture": "pix2pixhd_global"},
    "spade": {"architecture": "spade"},
    "dncnn": {"architecture": "dncnn", "recipe": "dncnn_s"},
    "dncnn_s15": {"architecture": "dncnn", "recipe": "dncnn_s"},
    "dncnn_s50": {"architecture": "dncnn", "recipe": "dncnn_s"},
    "dncnn_b": {"architecture": "dncnn", "recipe": "dncnn_b", "options": {"depth": 20}},
    "dncnn_released": {"architecture": "dncnn", "options": {"variant": "merged"}, "weights_sha256": RELEASED},
    "real": {"method": "photographs"},
    "identity": {"method": "identity"},
}
RECIPES = {"asapnet": "asapnet", "pix2pixhd": "pix2pixhd", "spade_pix2pixhd": "spade_pix2pixhd", "spade": "spade"}
"""Of translation, where a name stands for the published training."""


def runs(kind: str, model: str, task: str, data: str = "cityscapes", **changes: Any) -> dict[str, Run]:
    """What a planted record's names stand for, as the published networks and trainings."""
    found = {}
    for side, name in zip(("subject", "rival"), model.split("/"), strict=False):
        facts = dict(RUNS.get(name, {"method": name}))
        if kind == "latency" and "architecture" in facts:
            facts |= {"treatment": "published", "recipe": None}
            facts |= {"options": GRAY} if task == "denoising" and facts["architecture"] == "asapnet" else {}
        elif kind in ("fid", "segmentation") and name in RECIPES:
            facts["recipe"] = RECIPES[name]
        if "recipe" in facts and kind in ("fid", "segmentation", "restoration"):
            own = "bsds500" if facts["recipe"] == "report_asapnet" else "train400"
            facts["data"] = own if kind == "restoration" else data
        found[side] = Run(**facts | changes)
    return found


def item(
    kind: str,
    model: str,
    name: str,
    value: float | None,
    half: float | None = None,
    *,
    dataset: str = "cityscapes",
    seed: int = 0,
    synthetic: bool = False,
    short: bool = False,
    condition: dict[str, Any] | None = None,
    **changes: Any,
) -> Item:
    """One planted record with the interval value -+ half."""
    facts = {**DEFAULTS[kind], **changes}
    unit = facts.pop("unit")
    data = "facades" if dataset == "facades" else "cityscapes"
    facts = {**runs(kind, model, facts["task"], data, **facts.pop("ran", {})), **facts}
    interval = {} if half is None else {"low": value - half, "high": value + half, "interval": "planted"}
    record = Record(
        kind=kind,
        model=model,
        dataset=dataset,
        condition={**CONDITIONS[kind], **(condition or {})},
        seed=seed,
        synthetic=synthetic,
        short=short,
        values={name: Value(value=value, unit=unit, **interval)},
        **facts,
    )
    return Item(record, f"{kind}/{dataset}/{model}/seed{seed}/metrics.json", "0" * 64, "pixelwise step job.json")


def claim(check: dict[str, Any], **changes: Any) -> Claim:
    """A claim around a check."""
    entry: dict[str, Any] = {"id": "T-1", "paraphrase": "words", "quantity": "quantity", "source": "S1"}
    entry |= {"place": "page 1", "subject": "speed", "weight": "detail"}
    return Claim.model_validate({**entry, "check": check, **changes})

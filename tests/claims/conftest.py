"""Planted records, and claims small enough to read."""

from __future__ import annotations

from typing import Any

from pixelwise.claims.evidence import Item
from pixelwise.claims.register_entries import Claim
from pixelwise.record import Record, Value

# Programs that run beside the tests; importing one changes what torch sees of cards.
collect_ignore = ["fake_driver.py", "emulated_peaks.py"]

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
        **{"mode": "eager", "scope": "generator", "device": "cuda"},
    },
    "architecture": {},
}


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

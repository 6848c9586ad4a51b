"""Published values for the figures, taken from the claims register, which alone holds the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pixelwise.claims.register_files import REGISTER, read
from pixelwise.reporting.naming import ORACLE

COLUMNS = [
    *("panel", "panel_kind", "dataset", "model", "height", "width", "megapixels", "sigma", "quantity"),
    *("value", "low", "high", "unit", "source", "claim"),
]


PAPER, REPORT = "Paper (GPU not stated)", "Students' report (GTX 1080 Ti)"


@dataclass(frozen=True)
class Panel:
    """Which claims of the register stand together in one panel.

    Attributes:
        title: Heading of the panel.
        kind: `quality` (against time), `resolution`, `denoising`, or `denoised` (by the students).
        sources: Sources of the claims, as the register calls them, the preferred one first.
        quantities: The register's name of a quantity -> its name here.
    """

    title: str
    kind: str
    sources: tuple[str, ...]
    quantities: dict[str, str]


PANELS = (
    Panel(
        PAPER,
        "quality",
        ("P1f",),
        {"inference time": "latency", "FID": "fid", "mean IoU": "miou", "pixel accuracy": "acc_all"},
    ),
    Panel(
        REPORT,
        "quality",
        ("S1",),
        {"inference time as plotted": "latency", "FID as plotted": "fid", "mean IoU as plotted": "miou"},
    ),
    Panel(PAPER, "resolution", ("P1v",), {"inference time": "latency"}),
    Panel("Students' report (final version)", "denoised", ("S2",), {"PSNR": "psnr"}),
    Panel("Published", "denoising", ("D1", "D3", "D2", "K"), {"PSNR": "psnr", "SSIM": "ssim"}),
)


def load(register: Path = REGISTER) -> pd.DataFrame:
    """Every published value, and every reference value of our own, that a figure shows.

    Args:
        register: The folder of the claims register.

    Returns:
        One row for each point, with the columns `COLUMNS`; `low` and `high` are value -+ reading error. Of several
        claims about one point, that of the preferred source, or the first in the register, stands.

    Raises:
        PixelwiseError: If a file of the register cannot be read.
    """
    document, _ = read(register)
    entries = [*document["claims"], *document["readings"], *document["references"]]
    table = pd.DataFrame([row for panel in PANELS for row in _rows(panel, entries)], columns=COLUMNS)
    point = ["panel_kind", "panel", "dataset", "model", "height", "width", "sigma", "quantity"]
    return table.drop_duplicates(point, keep="first").reset_index(drop=True)


def _rows(panel: Panel, entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for source in panel.sources:
        for claim in entries:
            value, quantity = claim.get("value"), panel.quantities.get(claim["quantity"])
            if claim["source"] != source or quantity is None or "model" not in claim:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            setting, error = claim.get("setting", {}), float(claim.get("reading_error") or 0.0)
            yield {
                **{"panel": panel.title, "panel_kind": panel.kind, "model": claim["model"], "quantity": quantity},
                **{name: setting.get(name) for name in ("dataset", "height", "width", "sigma")},
                "megapixels": setting.get("megapixels", _megapixels(setting)),
                **{"value": float(value), "low": value - error, "high": value + error, "unit": claim.get("unit", "")},
                **{"source": source, "claim": claim["id"]},
            }


def _megapixels(setting: dict[str, Any]) -> float | None:
    """Of the size that a claim names; where a figure shows a point elsewhere, the claim says so itself."""
    return setting["height"] * setting["width"] / 1e6 if {"height", "width"} <= set(setting) else None


def counterpart(model: str, known: Iterable[str], levels: int) -> str | None:
    """The published method that a model of a run replicates: the longest name that the model's own begins with.

    A plain DnCNN that was scored at one noise level is DnCNN-S, trained for that level; at several, the blind DnCNN-B.

    Args:
        model: Name in the run.
        known: Names of the published methods.
        levels: Number of noise levels at which the model was scored.

    >>> counterpart("bm3d", ["bm3d", "dncnn_b", "dncnn_s"], 3)
    'bm3d'
    >>> counterpart("dncnn", ["bm3d", "dncnn_b", "dncnn_s"], 1)
    'dncnn_s'
    >>> counterpart("dncnn_oracle", ["dncnn_b", "dncnn_s"], 1)
    """
    names = sorted(set(known))
    if model.endswith(ORACLE) and model not in names:
        return None
    found = max((name for name in names if model.startswith(name)), key=len, default=None)
    plain = "dncnn_s" if levels == 1 else "dncnn_b"
    return plain if found is None and model.startswith("dncnn") and plain in names else found

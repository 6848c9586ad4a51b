"""Denoising in one table, and the sentences that the table supports: how far a map that is fixed per tile can go."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from pixelwise.claims.shown_numbers import number
from pixelwise.quantities import shown
from pixelwise.reporting import page_tables, tidy_tables
from pixelwise.reporting.page_tables import Table
from pixelwise.reporting.pairs import plain
from pixelwise.reporting.same_network import of_network
from pixelwise.reporting.style import family, label
from pixelwise.reporting.tidy_tables import each

SIGMA = 25.0
WORDS = frozenset({"protocol", "method", "marks"})
FIRST_PROTOCOL = "bsd68"


def comparison(table: pd.DataFrame, protocol: str | None = None) -> Table:
    """Every method in every protocol: the metrics that declare `glance`, milliseconds, operations.

    The best by the first of these metrics stands first; methods without it have no row.

    Args:
        table: All rows of a summary.
        protocol: Only this one; None for all.
    """
    scored = table[table["kind"].eq("restoration") & table["task"].eq("denoising") & table["value"].notna()]
    scored = scored[scored["protocol"].eq(protocol)] if protocol else scored
    timed = plain(table[table["kind"].eq("latency") & table["task"].eq("denoising")])
    glance = shown("restoration", "glance")
    first, *_ = glance
    sign = 1 if glance[first].better == "lower" else -1
    found, size = [], ""
    for _, group in scored.groupby(["protocol", "sigma", "model", "seed"], sort=True):
        scores = {row.metric: row for row in each(group.drop_duplicates("metric"))}
        if first not in scores:
            continue
        row = scores[first]
        costs = {cost.metric: cost for cost in each(of_network(timed, row)[0].drop_duplicates("metric"))}
        size = next((tidy_tables.setting(cost) for cost in costs.values() if cost.mode), size)
        cells = [
            *(str(row.protocol), f"{row.sigma:g}", label(row.model), str(row.seed)),
            *(page_tables.estimate(scores[name], glance[name].places) if name in scores else "" for name in glance),
            str(row.n),
            page_tables.estimate(costs["median"]).replace(" ms", "") if "median" in costs else "",
            number(costs["gflop"].value) if "gflop" in costs else "",
            page_tables.marks(row),
        ]
        found.append((str(row.protocol), float(row.sigma), sign * float(row.value), cells))
    note = f"Means with 95 % intervals over images. Milliseconds and operations: {size}." if size else ""
    rows = [cells for *_, cells in sorted(found)]
    headings = [metric.heading for metric in glance.values()]
    columns = ["protocol", "sigma", "method", "seed", *headings, "images", "ms", "GFLOP", "marks"]
    return Table("table-comparison", "Denoising at a glance", columns, rows, note, WORDS)


def sentences(table: pd.DataFrame, differences: pd.DataFrame) -> list[str]:
    """What the tables say about ASAP-Net's generator as a denoiser; empty if the run has no such number.

    Args:
        table: All rows of a summary.
        differences: Paired differences.
    """
    rows = differences[differences["task"].eq("denoising") & differences["metric"].eq("psnr")]
    rows = rows[np.isfinite(rows["difference"])]
    if rows.empty:
        return []
    protocol = FIRST_PROTOCOL if FIRST_PROTOCOL in set(rows["protocol"]) else str(rows["protocol"].iloc[0])
    rows = rows[rows["protocol"].eq(protocol)]
    sigma = SIGMA if SIGMA in set(rows["sigma"]) else float(rows["sigma"].iloc[0])
    rows = rows[rows["sigma"].eq(sigma)].set_index("model", drop=False)
    ours = rows[rows["model"].map(family).eq("asapnet")].sort_values("difference")
    if ours.empty:
        return []
    best: Any = next(each(ours.iloc[[-1]]))
    marked = f", {page_tables.marks(best)} run" if page_tables.marks(best) else ""
    said = [
        f"Under protocol {protocol} at sigma {sigma:g}, the best form of ASAP-Net's generator is {label(best.model)}.",
        f"Its PSNR minus that of {label(best.reference)} is {best.difference:+.2f} dB [{best.low:+.2f}, "
        f"{best.high:+.2f}] (higher is better; {best.n} images{marked}).",
    ]
    tile = _tile(table, best.model)
    affine = f"an affine map per {tile}x{tile} tile, computed without the original"
    same = [
        name for name in ("tile_wiener", f"tile_wiener_s{tile}") if name in rows.index and _tile(table, name) == tile
    ]
    for floor, words in (*((name, affine) for name in same), ("identity", "the noisy input itself")):
        if floor in rows.index:
            gap = best.difference - float(rows.loc[[floor], "difference"].iloc[0])
            said.append(f"That is {abs(gap):.2f} dB {'above' if gap > 0 else 'below'} {words} ({label(floor)}).")
    return said + _tiles(table, protocol, sigma, best.model) + _time(table, best.reference, best.model)


def _tile(table: pd.DataFrame, model: str) -> int:
    """Side in pixels of a method's tiles, which is the period of its blockiness; 0 if its records do not say."""
    conditions = table[table["model"].eq(model) & table["metric"].eq("blockiness")]["condition"]
    return next((int(json.loads(text).get("period", 0)) for text in conditions), 0)


def _tiles(table: pd.DataFrame, protocol: str, sigma: float, model: str) -> list[str]:
    own = table[table["model"].eq(model) & table["protocol"].eq(protocol) & table["sigma"].eq(sigma)]
    means = own.groupby("metric")["value"].mean()
    if not {"blockiness", "blockiness_clean"} <= set(means.index):
        return []
    shown, clean = float(means["blockiness"]), float(means["blockiness_clean"])
    told = f"Steps across its tile borders are {shown:.2f} times the mean step (lower is better)"
    return [f"{told}; in clean images {clean:.2f} times."]


def _time(table: pd.DataFrame, reference: str, model: str) -> list[str]:
    timed = plain(table[table["kind"].eq("latency") & table["metric"].eq("ratio")])
    networks = table[table["kind"].eq("restoration")].groupby("model")["network"].first()
    slow, fast = (str(networks.get(name, "")) for name in (reference, model))
    known = timed[timed["network"].eq(slow) & timed["rival_network"].eq(fast)] if slow and fast else timed.head(0)
    for row in each(known.head(1)):
        return [
            f"{label(reference)} takes {page_tables.estimate(row)} times as long as it ({tidy_tables.setting(row)})."
        ]
    return []

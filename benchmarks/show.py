"""Tables on the terminal and the figure of a benchmark's records."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from rich.console import Console
from rich.table import Table

from pixelwise.record import Record
from pixelwise.reporting import published


def _condition(record: Record) -> str:
    facts = record.condition
    size = f"{facts['height']}x{facts['width']} batch {facts['batch']}" if facts["height"] else ""
    return " ".join(str(part) for part in (size, facts.get("precision", "")) if part)


def tables(records: list[Record]) -> None:
    """Print one table of ratios and one of all other records."""
    console = Console(width=150)
    ratios = Table("protocol", "ratio of times", "condition", "times [95 %]", "rounds", title="Ratios")
    others = Table("protocol", "model", "condition", "values", title="Times")
    for record in records:
        value = record.values.get("ratio")
        if value is not None:
            text = f"{value.value:.2f} [{value.low:.2f}, {value.high:.2f}]"
            ratios.add_row(record.protocol, record.model, _condition(record), text, str(record.n))
        else:
            text = ", ".join(f"{name} {v.value:.4g} {v.unit}" for name, v in record.values.items())
            others.add_row(record.protocol, record.model, _condition(record), text)
    console.print(others)
    console.print(ratios)


def plot(records: list[Record], folder: Path) -> None:
    """Latency against the number of pixels, batch 1, with the paper's curve; and the ratio of the two generators."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    told = published.load().query("quantity == 'latency' and panel_kind == 'resolution'")
    for name, points in told[told["model"].isin(("asapnet", "pix2pixhd"))].groupby("model"):
        tint = "0.6" if name == "asapnet" else "0.3"
        left.plot(points["megapixels"], points["value"], "--", color=tint, label=f"{name}, paper")
    for axis, protocols, metric in (
        (left, ("generator",), "median"),
        (right, ("as published", "both optimised", "against the direct form"), "ratio"),
    ):
        lines: dict[str, list[tuple[float, float, float, float]]] = {}
        for record in records:
            value = record.values.get(metric)
            if record.protocol not in protocols or value is None or record.condition["batch"] != 1:
                continue
            if record.model.startswith(("pixelwise", "training", "matrix", "copy")):
                continue
            pixels = float(record.condition["height"] or 0) * float(record.condition["width"] or 0) / 1e6
            name = f"{record.model} {record.condition['precision']}"
            name = name if metric == "median" else f"{record.protocol}: {name}"
            spread = (value.low or value.value or 0.0, value.high or value.value or 0.0)
            lines.setdefault(name, []).append((pixels, value.value or 0.0, *spread))
        for name, points in lines.items():
            x, y, low, high = zip(*sorted(points), strict=True)
            spreads = [
                [a - b for a, b in zip(y, low, strict=True)],
                [b - a for a, b in zip(y, high, strict=True)],
            ]
            axis.errorbar(x, y, spreads, marker="o", capsize=2, label=name)
        axis.set(xscale="log", yscale="log", xlabel="megapixels")
        if axis.has_data():
            axis.legend(fontsize=6)
    left.set(ylabel="milliseconds per image, batch 1")
    right.set(ylabel="ratio of times")
    for suffix in ("png", "svg"):
        figure.savefig(folder / f"bench.{suffix}", dpi=150, metadata={"Date": None} if suffix == "svg" else None)
    plt.close(figure)

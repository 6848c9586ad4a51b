"""Figures of inference time: bars, time against resolution, and the ratio, which alone crosses machines."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from pixelwise.reporting.machines import describe
from pixelwise.reporting.numbers import SIZE_256, Drawn, MissingNumbersError, Numbers, marks, over_seeds, whiskers
from pixelwise.reporting.records import each
from pixelwise.reporting.style import GRID, INK, MUTED, canvas, colour, digits, finish, label, log_axis, marker

PAIR = ("pix2pixhd", "asapnet")
RATIO_UNIT = "times"


def latencies(numbers: Numbers, task: str, metric: str = "median") -> pd.DataFrame:
    """Median times of the plain condition: batch 1, generator alone, single precision, eager, whatever else was timed.

    Returns:
        Columns model, height, width, value, low, high, seeds, n, unit, synthetic, short and megapixels.

    Raises:
        MissingNumbersError: If nothing was timed under it.
    """
    rows = plain(numbers.pick("latency", metric, task))
    if rows.empty:
        raise MissingNumbersError(f"no {task} model was timed at batch 1, fp32, eager, generator alone")
    joined = over_seeds(rows, ["model", "height", "width"])
    return joined.assign(megapixels=joined["height"] * joined["width"] / 1e6)


def plain(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the plain condition; one that a record does not name is not held against it."""
    wanted = {"batch": (1,), "precision": ("fp32", ""), "scope": ("generator", ""), "mode": ("eager", "")}
    for name, allowed in wanted.items():
        rows = rows[rows[name].isna() | rows[name].isin(allowed)]
    return rows


def hardware(rows: pd.DataFrame) -> str:
    """Words for the processor or accelerator that made `rows`."""
    return " / ".join(sorted({describe(text) for text in rows["hardware"]}))


def _bars(axes: Axes, models: list[str], rows: pd.DataFrame, title: str) -> None:
    for position, model in enumerate(models):
        row = rows[rows["model"] == model]
        height = float(row["value"].iloc[0])
        axes.bar(position, height, width=0.62, color=colour(model), edgecolor=INK, linewidth=0.6, zorder=2)
        axes.errorbar(position, height, yerr=whiskers(row), color=INK, capsize=4, linewidth=1.1, zorder=3)
        axes.annotate(
            f"{digits(height)} ms",
            (position, float(row["high"].iloc[0])),
            (0, 3),
            textcoords="offset points",
            ha="center",
        )
    axes.set_xticks(range(len(models)), [label(model) for model in models])
    axes.set_title(title)
    axes.set_ylim(0, float(rows["high"].max()) * 1.22)
    axes.grid(False, axis="x")


def inference_time(numbers: Numbers) -> Drawn:
    """Bars of inference time at 256x512: paper, report and this run, each on its own axis."""
    size = dict(zip(("height", "width"), SIZE_256, strict=True))
    mine = latencies(numbers, "translation")
    mine = mine[(mine["height"] == size["height"]) & (mine["width"] == size["width"])]
    if mine.empty:
        raise MissingNumbersError("no translation model was timed at 256x512")
    told = numbers.published.query(
        "panel_kind == 'quality' and quantity == 'latency' and height == @size['height'] and width == @size['width']"
    )
    panels = [(source, rows) for source, rows in told.groupby("panel", sort=False) if set(PAIR) <= set(rows["model"])]
    figure, axes = canvas(len(panels) + 1, height=3.7)
    words = []
    for panel, (source, rows) in zip(axes, [*panels, ("This run", mine)], strict=True):
        models = [name for name in reversed(PAIR) if name in set(rows["model"])]
        _bars(panel, models, rows[rows["model"].isin(models)].drop_duplicates("model"), str(source))
        times = {name: float(rows[rows["model"] == name]["value"].iloc[0]) for name in models}
        if len(models) == 2:
            ratio = times[PAIR[0]] / times[PAIR[1]]
            panel.set_xlabel(f"pix2pixHD takes {ratio:.2f} times as long", color=MUTED)
        words.append(f"{source!s}: " + ", ".join(f"{label(name)} {digits(value)} ms" for name, value in times.items()))
    axes[0].set_ylabel("time for one image, ms")
    title = "Inference time at 256x512"
    rows = plain(numbers.pick("latency", "median", "translation"))
    finish(figure, title, numbers.run, **marks(mine))
    caption = (
        "Each panel has its own axis, since milliseconds of different machines cannot be compared. This run: "
        f"{hardware(rows)}, batch 1, fp32, eager, generator alone; median with its 95 % interval. Published bars: "
        "reading error."
    )
    return Drawn("inference_time", title, caption, "; ".join(words), figure, **marks(mine))


def _curve(axes: Axes, rows: pd.DataFrame, title: str, unit: str) -> None:
    for model, group in sorted(rows.groupby("model"), key=lambda pair: -float(pair[1]["value"].max())):
        ordered = group.sort_values("megapixels")
        x, y = ordered["megapixels"], ordered["value"]
        axes.errorbar(
            x,
            y,
            yerr=whiskers(ordered),
            color=colour(str(model)),
            marker=marker(str(model)),
            capsize=3,
            markersize=5.5,
            label=label(str(model)),
            zorder=3,
        )
    log_axis(axes.xaxis)
    log_axis(axes.yaxis)
    axes.set(title=title, xlabel="image size, megapixels (log)", ylabel=unit)
    axes.legend(loc="best", ncols=2)
    axes.grid(True, which="minor", color=GRID, linewidth=0.3)


def resolution(numbers: Numbers) -> Drawn:
    """Inference time against image size: the paper's curve, this run's, and the ratio of the two models in both."""
    mine = latencies(numbers, "translation")
    told = numbers.published.query("quantity == 'latency' and panel_kind == 'resolution'")
    told = told.assign(megapixels=told["height"] * told["width"] / 1e6)
    figure, axes = canvas(3, width=11.5, height=4.1)
    rows = plain(numbers.pick("latency", "median", "translation"))
    _curve(axes[0], told, "Paper (GPU not stated)", "time for one image, ms (log)")
    _curve(axes[1], mine, "This run", "time for one image, ms (log)")
    lines = {"paper": ratios(told), "this run": measured_ratios(numbers)}
    for (source, points), (tint, shape) in zip(lines.items(), ((MUTED, "D"), (colour("asapnet"), "o")), strict=True):
        if len(points):
            axes[2].errorbar(
                points["megapixels"],
                points["value"],
                yerr=whiskers(points),
                label=source,
                color=tint,
                marker=shape,
                capsize=3,
            )
    log_axis(axes[2].xaxis)
    axes[2].set(title="Ratio: comparable across machines", xlabel="image size, megapixels (log)")
    axes[2].set_ylabel("time of pix2pixHD / time of ASAP-Net")
    axes[2].axhline(1, color=MUTED, linewidth=0.8, linestyle=":")
    axes[2].set_ylim(bottom=0)
    axes[2].legend()
    title = "Inference time against resolution"
    finish(figure, title, numbers.run, **marks(mine))
    caption = (
        "Left: the paper's vector figure, read exactly (+-0.3 ms). Middle: this run on "
        f"{hardware(rows)}, batch 1, fp32, eager, generator alone. Right: only the ratio may be compared; its bars are "
        "95 % intervals over timed rounds (this run) and reading errors (paper)."
    )
    words = [
        f"{source}: " + ", ".join(f"{p.value:.2f} at {p.megapixels:.2f} Mpx" for p in each(points))
        for source, points in lines.items()
    ]
    return Drawn(
        "runtime_resolution", title, caption, "Ratio pix2pixHD / ASAP-Net. " + "; ".join(words), figure, **marks(mine)
    )


def ratios(told: pd.DataFrame) -> pd.DataFrame:
    """Ratio of the published times of the pair at each size, with the reading errors carried through linearly."""
    slow, fast = (told[told["model"] == name].set_index("megapixels") for name in PAIR)
    sizes = sorted(set(slow.index) & set(fast.index))
    a, b = slow.loc[sizes], fast.loc[sizes]
    value = a["value"] / b["value"]
    return pd.DataFrame({"value": value, "low": a["low"] / b["high"], "high": a["high"] / b["low"]}).reset_index(
        names="megapixels"
    )


def measured_ratios(numbers: Numbers) -> pd.DataFrame:
    """Ratio records of this run in the plain condition, by image size."""
    rows = plain(numbers.pick("latency", "ratio", "translation"))
    rows = rows[rows["model"] == "/".join(PAIR)]
    joined = over_seeds(rows, ["height", "width"])
    return joined.assign(megapixels=joined["height"] * joined["width"] / 1e6)

"""Figures of image quality: FID and mean IoU against inference time, and the IoU of each class."""

from __future__ import annotations

from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from pixelwise.quantities import Metric, shown
from pixelwise.reporting.figure_numbers import (
    Drawn,
    MissingNumbersError,
    Numbers,
    Plot,
    marks,
    over_seeds,
    preferred,
    whiskers,
)
from pixelwise.reporting.pairs import plain
from pixelwise.reporting.plots.plots_speed import hardware, latencies
from pixelwise.reporting.same_network import of_network, told
from pixelwise.reporting.style import (
    INK,
    MUTED,
    canvas,
    colour,
    dashed,
    digits,
    family,
    finish,
    label,
    log_axis,
    marker,
)
from pixelwise.reporting.tidy_tables import each

BOUNDS = {"real": "real photographs", "shuffled": "shuffled labels"}


SEGMENTER = ("native", "N", "enlarged")
"""Protocols of a segmenter in the order in which figures prefer them."""


def scores(numbers: Numbers, kind: str, metric: Metric) -> tuple[pd.DataFrame, str]:
    """Rows of one metric, seeds joined, and the protocol they follow.

    Raises:
        MissingNumbersError: If the run has none.
    """
    rows = numbers.pick(kind, metric.name, "translation")
    if rows.empty:
        raise MissingNumbersError(f"no {metric.name} was measured in this run")
    protocol = preferred(rows["protocol"], *(metric.protocols or SEGMENTER))
    return over_seeds(rows[rows["protocol"] == protocol], ["dataset", "model"]), protocol


def _published_panel(axes: Axes, rows: pd.DataFrame, quantity: str, own: set[str]) -> list[str]:
    """Points of one published panel, those of the run's own families `own` larger; returns their words."""
    wide = rows[rows["quantity"].isin((quantity, "latency"))].set_index(["model", "quantity"])
    words = []
    for model in sorted({name for name, what in wide.index if what == quantity}):
        if (model, "latency") not in wide.index:
            continue
        x, y = wide.loc[(model, "latency")], wide.loc[(model, quantity)]
        fastest = x["value"] == wide.xs("latency", level="quantity")["value"].min()
        main = model in own
        axes.errorbar(
            x["value"],
            y["value"],
            xerr=[[x["value"] - x["low"]], [x["high"] - x["value"]]],
            color=colour(model),
            capsize=2.5,
            yerr=[[y["value"] - y["low"]], [y["high"] - y["value"]]],
            marker=marker(model),
            markersize=8 if main else 5,
            zorder=4 if main else 2,
            linewidth=1.0,
        )
        _name(axes, model, x["value"], y["value"], bold=main, left=fastest)
        words.append(f"{label(model)} {y['value']:g} at {x['value']:g} ms")
    return words


def _name(axes: Axes, model: str, x: float, y: float, bold: bool = False, left: bool = False) -> None:
    """Write a model's name beside its point; that of the fastest to the lower left, where no other stands."""
    axes.annotate(
        label(model),
        (x, y),
        (-5, -12) if left else (6, 5),
        textcoords="offset points",
        fontsize=8.5 if bold else 7.5,
        fontweight="bold" if bold else "normal",
        color=INK if bold else MUTED,
        ha="right" if left else "left",
    )


def _own_panel(axes: Axes, joined: pd.DataFrame, times: pd.DataFrame) -> tuple[list[str], str]:
    """Points of this run with dashed lines for floor and ceiling; returns their words, and what the caption says."""
    words, bounds, models = [], {}, sorted(joined["model"].unique())
    untimed, other_labels = [], []
    scored = joined[~joined["model"].isin(list(BOUNDS))]
    pictures = set(scored["n"])
    found = {row.model: of_network(times, row) for row in each(scored)}
    fastest = min((float(time["value"].iloc[0]) for time, _ in found.values() if len(time)), default=0.0)
    for row in each(joined):
        if row.model in BOUNDS:
            alike = {row.n} == pictures or not pictures
            name = BOUNDS[row.model] + ("" if alike else f", {row.n:.0f} pictures, not {max(pictures):.0f}")
            bounds[name] = float(row.value)
            words.append(f"{name} {digits(row.value)}")
            continue
        time, exactly = found[row.model]
        if time.empty:
            untimed.append(label(row.model))
            continue
        if not exactly:
            other_labels.append(label(row.model))
        x, y = float(time["value"].iloc[0]), joined[(joined["model"] == row.model)]
        axes.errorbar(
            x,
            row.value,
            xerr=whiskers(time),
            yerr=whiskers(y),
            color=colour(row.model, models),
            marker=marker(row.model, models),
            markersize=8,
            capsize=3,
            zorder=4,
        )
        _name(axes, row.model, x, row.value, bold=True, left=x == fastest)
        plural = "s" if row.seeds > 1 else ""
        words.append(f"{label(row.model)} {digits(row.value)} at {digits(x)} ms ({row.seeds} seed{plural})")
    if not words or len(untimed) == len(scored):
        axes.set_xlim(1, 1000)  # of no point; the dashed lines still say where floor and ceiling are
    dashed(axes, bounds)
    return words, told(untimed, other_labels)


def quality_against_time(numbers: Numbers, kind: str, metric: Metric) -> Drawn:
    """The paper's panel, the report's panel and this run's panel of one metric against inference time."""
    joined, protocol = scores(numbers, kind, metric)
    dataset = preferred(joined["dataset"], "cityscapes", "camvid")
    joined = joined[joined["dataset"] == dataset]
    times = latencies(numbers, "translation")
    own_time = times[times["height"] * times["width"] == (times["height"] * times["width"]).min()]
    if (times["height"].eq(256) & times["width"].eq(512)).any():
        own_time = times[times["height"].eq(256) & times["width"].eq(512)]
    published = numbers.published.query("panel_kind == 'quality' and dataset == 'cityscapes' and height == 256")
    panels = [
        (name, rows) for name, rows in published.groupby("panel", sort=False) if (rows["quantity"] == metric.name).any()
    ]
    figure, axes = canvas(len(panels) + 1, width=11.5, height=4.2)
    words, own = [], {family(model) for model in joined["model"]}
    for panel, (name, rows) in zip(axes, panels, strict=False):
        words.append(f"{name}: " + ", ".join(_published_panel(panel, rows, metric.name, own)))
        panel.set_title(str(name))
        panel.set_xlabel("ms for one 256x512 image (log), their machine")
    size = f"{int(own_time['height'].iloc[0])}x{int(own_time['width'].iloc[0])}"
    mine, note = _own_panel(axes[-1], joined, own_time)
    words.append(f"This run on {dataset}: " + ", ".join(mine))
    axes[-1].set_title(f"This run: {dataset}, {protocol}")
    axes[-1].set_xlabel(f"ms for one {size} image (log), this machine")
    for panel in axes:
        panel.margins(x=0.45, y=0.25)
        log_axis(panel.xaxis)
        panel.set_ylabel(metric.heading)
    title = f"{metric.label[0].upper()}{metric.label[1:]} against inference time"
    finish(figure, title, numbers.run, **marks(joined, own_time))
    machine = hardware(plain(numbers.pick("latency", "median", "translation")))
    caption = (
        "Axes differ on purpose: other data, segmenter, code and machine. Published panels: values read from figures, "
        f"bars are reading errors. This run: {dataset}, protocol {protocol}, {machine}; mean over seeds, bars from the "
        "lowest to the highest end of the seeds' 95 % intervals." + note
    )
    return Drawn(f"{metric.name}_runtime", title, caption, "; ".join(words), figure, **marks(joined, own_time))


def figures(numbers: Numbers) -> list[Plot]:
    """One figure for each metric of FID and of segmentation that declares `figure`."""
    return [
        Plot(40, f"{name}_runtime", partial(quality_against_time, kind=kind, metric=metric))
        for kind in ("fid", "segmentation")
        for name, metric in shown(kind, "figure").items()
    ]

"""Figures of denoising: quality with its floors and published values, quality against time."""

from __future__ import annotations

import contextlib
import itertools
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pixelwise.claims.shown_numbers import number
from pixelwise.quantities import Metric, shown
from pixelwise.reporting.figure_numbers import Drawn, MissingNumbersError, Numbers, Plot, marks, over_seeds, whiskers
from pixelwise.reporting.pairs import form, plain
from pixelwise.reporting.plots.plots_speed import hardware
from pixelwise.reporting.published import counterpart
from pixelwise.reporting.same_network import of_network, told
from pixelwise.reporting.style import TICK, canvas, dashed, digits, drawn_as, finish, label, log_axis
from pixelwise.reporting.tidy_tables import each

FLOORS = (
    *("identity", "identity_8bit", "identity_minmax", "pointwise_oracle"),
    *("tile_mean", "tile_wiener", "tile_wiener_oracle"),
)
DASHED = ("identity", "tile_mean", "tile_wiener", "bm3d")


def rows_of(numbers: Numbers, metric: Metric, protocol: str | None = None) -> tuple[pd.DataFrame, str]:
    """A metric of each method, seeds joined, for one protocol or all.

    Returns:
        The finite ones, and words for the infinite ones, which no axis can show; empty without them.

    Raises:
        MissingNumbersError: If the run has no finite one.
    """
    rows = numbers.pick("restoration", metric.name, "denoising")
    if protocol is not None:
        rows = rows[rows["protocol"] == protocol]
    if rows.empty:
        raise MissingNumbersError(f"no denoising {metric.label} was measured in this run")
    joined = over_seeds(rows, ["protocol", "dataset", "sigma", "model"])
    perfect = joined[np.isinf(joined["value"])]
    names = ", ".join(f"{label(row.model)} at sigma {row.sigma:g}" for row in each(perfect))
    note = f" Not drawn, since a perfect restoration has an infinite {metric.label}: {names}." if names else ""
    if len(perfect) == len(joined):
        raise MissingNumbersError(f"every {metric.label} is infinite: {names} restored an image perfectly")
    return joined.drop(perfect.index), note


def protocols(numbers: Numbers) -> list[str]:
    """Denoising protocols of this run in alphabetical order, the published gray one first."""
    first = next(iter(shown("restoration", "figure")))
    found = sorted(set(numbers.pick("restoration", first, "denoising")["protocol"]))
    return sorted(found, key=lambda name: (name != "bsd68", name))


def _dots(
    axes: Axes, metric: Metric, rows: pd.DataFrame, published: pd.DataFrame, models: list[str], levels: dict[str, int]
) -> None:
    """A row for each of `models`: its value with its interval, and ticks at published values of the same method."""
    by_model = rows.set_index("model")
    for place, model in enumerate(models):
        if model not in by_model.index:
            continue
        row = rows[rows["model"] == model]
        value = float(row["value"].iloc[0])
        axes.errorbar(value, place, xerr=whiskers(row), capsize=2.5, linewidth=1, **drawn_as(model, models))
        axes.annotate(
            number(value, places=metric.places),
            (max(value, float(row["high"].iloc[0])), place),
            (6, -3),
            textcoords="offset points",
            fontsize=8,
        )
        mine = published[published["model"] == counterpart(model, published["model"], levels[model])]
        if len(mine):
            axes.plot(
                mine["value"], [place] * len(mine), zorder=5, label="published or reference value, same method", **TICK
            )
    axes.set_yticks(range(len(models)), [label(model) for model in models])
    low, high = float(rows["low"].min()), float(rows["high"].max())
    axes.set_xlim(low - 0.06 * (high - low), high + 0.34 * (high - low))
    axes.set_ylim(len(models) - 0.4, -0.6)
    axes.set_xlabel(metric.heading)


def quality(numbers: Numbers, protocol: str) -> Drawn:
    """The metrics that declare `figure`, one row of panels each: every method at every noise level of one protocol.

    Published values are ticks. The first metric orders the methods. A noise level of one method alone has no panel.
    """
    first, *more = shown("restoration", "figure").values()
    rows, perfect = rows_of(numbers, first, protocol)
    counts = rows.groupby("sigma")["model"].nunique()
    alone = rows[rows["sigma"].isin(counts[counts < min(2, counts.max())].index)]
    rows = rows.drop(alone.index)
    sigmas = sorted(rows["sigma"].unique())
    levels = {str(model): len(own) for model, own in rows.groupby("model")}
    order = rows.groupby("model")["value"].mean().sort_values(ascending=first.better == "lower").index.tolist()
    drawn = {first.name: (first, rows)}
    for metric in more:
        with contextlib.suppress(MissingNumbersError):  # a run from before it was declared
            own, infinite = rows_of(numbers, metric, protocol)
            drawn[metric.name], perfect = (metric, own), perfect + infinite
    figure, axes = canvas(len(sigmas) * len(drawn), len(sigmas), height=0.75 + 0.21 * len(order), sharey=True)
    for panel, ((metric, own), sigma) in zip(axes, itertools.product(drawn.values(), sigmas), strict=True):
        published = numbers.published.query("panel_kind == 'denoising' and dataset == @protocol and sigma == @sigma")
        published = published[published["quantity"] == metric.name]
        _dots(panel, metric, own[own["sigma"] == sigma], published, order, levels)
        panel.set_title(f"noise level {sigma:g} of 255")
    title = f"Denoising: {', '.join(metric.label for metric, _ in drawn.values())}, protocol {protocol}"
    finish(figure, title, numbers.run, **marks(rows))
    few = {label(row.model): int(row.n) for row in each(rows) if row.n < rows["n"].max()}
    fewer = f" ({', '.join(f'{name}: {n}' for name, n in few.items())})" if few else ""
    only = "".join(
        f" {label(row.model)} alone at {row.sigma:g}: {number(row.value, first.unit, first.places)}."
        for row in each(alone)
    )
    caption = (
        f"Mean over {int(rows['n'].max())} images of {', '.join(sorted(rows['dataset'].unique()))}{fewer}; "
        "whiskers are 95 % intervals over images. Gray: floors that do no learning. Black ticks: published or "
        "reference values of the same method, where there are any." + only + perfect
    )
    told = []
    for metric, table in drawn.values():
        ordered = table.sort_values("value", ascending=metric.better == "lower")
        words = [
            f"noise {sigma:g}: "
            + ", ".join(f"{label(row.model)} {number(row.value, places=metric.places)}" for row in each(own))
            for sigma, own in ordered.groupby("sigma", sort=True)
        ]
        told.append(f"{metric.heading}. {'; '.join(words)}")
    alt = "; ".join(told)
    return Drawn(f"denoising_{protocol}", title, caption, alt, figure, **marks(rows))


def quality_against_time(numbers: Numbers) -> Drawn:
    """The first metric against time for one image, for all methods that were both scored and timed."""
    metric = next(iter(shown("restoration", "figure").values()))
    scored, perfect = rows_of(numbers, metric, next(iter(protocols(numbers)), None))
    sigma = 25.0 if 25.0 in set(scored["sigma"]) else float(scored["sigma"].min())
    timed = plain(numbers.pick("latency", "median", "denoising"))
    timed = timed[timed["height"] * timed["width"] == (timed["height"] * timed["width"]).min()] if len(timed) else timed
    if timed.empty:
        raise MissingNumbersError("no denoiser was timed in this run")
    times = over_seeds(timed, ["model"])
    both = scored[(scored["sigma"] == sigma)]
    found = {row.model: of_network(times, row) for row in each(both)}
    words, models = [], sorted(name for name, (time, _) in found.items() if len(time))
    if not models:
        raise MissingNumbersError("no denoiser of this run was both scored and timed")
    figure, (axes, *_) = canvas(height=3.2)
    means = both.set_index("model")["value"]
    for model in sorted(models, key=lambda name: -float(means[name])):
        row, time = both[both["model"] == model], found[model][0]
        x, y = float(time["value"].iloc[0]), float(row["value"].iloc[0])
        look = drawn_as(model, models) | {"linestyle": "none", "markersize": 8, "capsize": 3, "label": label(model)}
        axes.errorbar(x, y, xerr=whiskers(time), yerr=whiskers(row), **look)
        words.append(f"{label(model)} {number(y, metric.unit, metric.places)} in {digits(x)} ms")
    untimed = [label(name) for name in found if name not in models and name not in (*FLOORS, *DASHED)]
    beside = [name for name in DASHED if name in set(both["model"]) and name not in models]
    axes.margins(x=0.25, y=0.15)
    log_axis(axes.xaxis)
    dashed(axes, {f"{label(n)} {number(means[n], metric.unit, metric.places)}": float(means[n]) for n in beside})
    size = f"{int(timed['height'].iloc[0])}x{int(timed['width'].iloc[0])}"
    axes.set(xlabel=f"ms for one {size} image (log; lower is better)", ylabel=metric.heading)
    title = f"Denoising quality against time, protocol {both['protocol'].iloc[0]}, noise level {sigma:g}"
    finish(figure, title, numbers.run, **marks(both, times))
    towards = "Down" if metric.better == "lower" else "Up"
    caption = (
        f"{towards} and to the left is better. Times on {hardware(timed)}, batch 1, fp32, {form(timed)}. Whiskers: 95 "
        f"% intervals over images ({metric.label}) and over timed calls. Dashed: methods without a network that were "
        f"not timed.{perfect}{told(untimed, [])}"
    )
    return Drawn("denoising_runtime", title, caption, ", ".join(words), figure, **marks(both, times))


def figures(numbers: Numbers) -> list[Plot]:
    """One figure for each denoising protocol of the run, and quality against time."""
    return [
        *(
            Plot(60, f"denoising_{protocol}", partial(quality, protocol=protocol))
            for protocol in protocols(numbers) or ["bsd68"]
        ),
        Plot(61, "denoising_runtime", quality_against_time),
    ]

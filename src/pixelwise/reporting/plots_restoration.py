"""Figures of denoising: PSNR with its floors and published values, quality against time, paired differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pixelwise.reporting.figure_numbers import Drawn, MissingNumbersError, Numbers, marks, over_seeds, whiskers
from pixelwise.reporting.pairs import plain
from pixelwise.reporting.plots_speed import hardware
from pixelwise.reporting.published import counterpart
from pixelwise.reporting.style import INK, canvas, colour, dashed, digits, finish, label, log_axis, marker
from pixelwise.reporting.tidy_tables import each

FLOORS = (
    *("identity", "identity_8bit", "identity_minmax", "pointwise_oracle"),
    *("tile_mean", "tile_wiener", "tile_wiener_oracle"),
)
DASHED = ("identity", "tile_mean", "tile_wiener", "bm3d")


def psnr_rows(numbers: Numbers, protocol: str | None = None) -> tuple[pd.DataFrame, str]:
    """PSNR of each method, seeds joined, for one protocol or all.

    Returns:
        The finite ones, and words for the infinite ones, which no axis can show; empty without them.

    Raises:
        MissingNumbersError: If the run has no finite one.
    """
    rows = numbers.pick("restoration", "psnr", "denoising")
    if protocol is not None:
        rows = rows[rows["protocol"] == protocol]
    if rows.empty:
        raise MissingNumbersError("no denoising PSNR was measured in this run")
    joined = over_seeds(rows, ["protocol", "dataset", "sigma", "model"])
    perfect = joined[np.isinf(joined["value"])]
    names = ", ".join(f"{label(row.model)} at sigma {row.sigma:g}" for row in each(perfect))
    told = f" Not drawn, since a perfect restoration has an infinite PSNR: {names}." if names else ""
    if len(perfect) == len(joined):
        raise MissingNumbersError(f"every PSNR is infinite: {names} restored an image perfectly")
    return joined.drop(perfect.index), told


def protocols(numbers: Numbers) -> list[str]:
    """Denoising protocols of this run in alphabetical order, the published gray one first."""
    found = sorted(set(numbers.pick("restoration", "psnr", "denoising")["protocol"]))
    return sorted(found, key=lambda name: (name != "bsd68", name))


def _bars(axes: Axes, rows: pd.DataFrame, told: pd.DataFrame, models: list[str], levels: dict[str, int]) -> None:
    siblings = models
    by_model = rows.set_index("model")
    for place, model in enumerate(models):
        if model not in by_model.index:
            continue
        row = rows[rows["model"] == model]
        value = float(row["value"].iloc[0])
        hatch = "////" if model in FLOORS else None
        axes.barh(
            place,
            value,
            height=0.68,
            color=colour(model, siblings),
            alpha=0.55 if hatch else 1.0,
            hatch=hatch,
            edgecolor=INK,
            linewidth=0.5,
        )
        axes.errorbar(value, place, xerr=whiskers(row), color=INK, capsize=2.5, linewidth=1)
        axes.annotate(
            f"{value:.2f}",
            (max(value, float(row["high"].iloc[0])), place),
            (4, -3),
            textcoords="offset points",
            fontsize=7.5,
        )
        mine = told[told["model"] == counterpart(model, told["model"], levels[model])]
        if len(mine):
            axes.plot(
                mine["value"],
                [place] * len(mine),
                marker="|",
                markersize=15,
                markeredgewidth=2.2,
                color="black",
                linestyle="none",
                zorder=5,
            )
    axes.set_yticks(range(len(models)), [label(model) for model in models])
    axes.invert_yaxis()
    axes.set_xlim(0, float(rows["high"].max()) * 1.2)
    axes.set_xlabel("PSNR, dB")
    axes.grid(False, axis="y")


def psnr(numbers: Numbers, protocol: str) -> Drawn:
    """PSNR of every method at every noise level of one protocol, floors hatched, published values as ticks."""
    rows, perfect = psnr_rows(numbers, protocol)
    sigmas = sorted(rows["sigma"].unique())
    levels = {str(model): len(own) for model, own in rows.groupby("model")}
    order = rows.groupby("model")["value"].mean().sort_values(ascending=False).index.tolist()
    told = numbers.published.query("panel_kind == 'denoising' and quantity == 'psnr' and dataset == @protocol")
    figure, axes = canvas(len(sigmas), width=3.6 + 2.7 * len(sigmas), height=1.5 + 0.27 * len(order), sharey=True)
    for panel, sigma in zip(axes, sigmas, strict=True):
        _bars(panel, rows[rows["sigma"] == sigma], told[told["sigma"] == sigma], order, levels)
        panel.set_title(f"sigma {sigma:g}")
    title = f"Denoising: PSNR, protocol {protocol}"
    finish(figure, title, numbers.run, **marks(rows))
    caption = (
        f"Mean over {int(rows['n'].max())} images of {', '.join(sorted(rows['dataset'].unique()))}; whiskers are 95 % "
        "intervals over images. Hatched: floors that do no learning. Black ticks: published values of the same method, "
        "where there are any." + perfect
    )
    words = [
        f"{label(row.model)} {row.value:.2f} dB at sigma {row.sigma:g}"
        for row in each(rows.sort_values(["sigma", "value"]))
    ]
    return Drawn(
        "denoising" if protocol == "bsd68" else f"denoising_{protocol}",
        title,
        caption,
        ", ".join(words),
        figure,
        **marks(rows),
    )


def quality_against_time(numbers: Numbers) -> Drawn:
    """PSNR against time for one image, for all methods that were both scored and timed."""
    scored, perfect = psnr_rows(numbers, next(iter(protocols(numbers)), None))
    sigma = 25.0 if 25.0 in set(scored["sigma"]) else float(scored["sigma"].min())
    timed = plain(numbers.pick("latency", "median", "denoising"))
    timed = timed[timed["height"] * timed["width"] == (timed["height"] * timed["width"]).min()] if len(timed) else timed
    if timed.empty:
        raise MissingNumbersError("no denoiser was timed in this run")
    times = over_seeds(timed, ["model"]).set_index("model")
    both = scored[(scored["sigma"] == sigma)]
    figure, (axes, *_) = canvas(width=8, height=4.6)
    words, models = [], sorted(set(both["model"]) & set(times.index))
    if not models:
        raise MissingNumbersError("no denoiser was both scored and timed under one name in this run")
    means = both.set_index("model")["value"]
    for place, model in enumerate(sorted(models, key=lambda name: -float(means[name]))):
        row, time = both[both["model"] == model], times.loc[[model]]
        x, y = float(time["value"].iloc[0]), float(row["value"].iloc[0])
        axes.errorbar(
            x,
            y,
            xerr=whiskers(time),
            yerr=whiskers(row),
            color=colour(model, models),
            marker=marker(model, models),
            markersize=8,
            capsize=3,
            linestyle="none",
        )
        side = (8, 5) if place % 2 == 0 else (8, -12)  # so that names of methods of equal quality stay apart
        axes.annotate(label(model), (x, y), side, textcoords="offset points", fontsize=8.5)
        words.append(f"{label(model)} {y:.2f} dB in {digits(x)} ms")
    beside = [name for name in DASHED if name in set(both["model"]) and name not in models]
    axes.margins(x=0.25, y=0.15)
    log_axis(axes.xaxis)
    dashed(axes, {f"{label(name)} {means[name]:.2f} dB": float(means[name]) for name in beside})
    size = f"{int(timed['height'].iloc[0])}x{int(timed['width'].iloc[0])}"
    axes.set(xlabel=f"time for one {size} image, ms (log)", ylabel=f"PSNR at sigma {sigma:g}, dB")
    title = f"Denoising quality against time, protocol {both['protocol'].iloc[0]}, sigma {sigma:g}"
    finish(figure, title, numbers.run, **marks(both, times))
    caption = (
        f"Up and to the left is better. Times on {hardware(timed)}, batch 1, fp32, eager. Whiskers: 95 % intervals "
        "over images (PSNR) and over timed calls. Dashed: methods without a network that were not timed." + perfect
    )
    return Drawn("denoising_runtime", title, caption, ", ".join(words), figure, **marks(both, times))


def differences(numbers: Numbers) -> Drawn:
    """Paired PSNR differences against the run's reference with their intervals."""
    rows = numbers.differences
    rows = rows[(rows["metric"] == "psnr") & (rows["task"] == "denoising")] if len(rows) else rows
    rows = rows[np.isfinite(rows["difference"])] if len(rows) else rows  # others stand in the table alone
    if rows.empty:
        raise MissingNumbersError("no image-by-image PSNR of two denoisers was measured in this run")
    panels = list(rows.groupby(["protocol", "sigma"], sort=True))
    order = rows.groupby("model")["difference"].mean().sort_values(ascending=False).index.tolist()
    columns = min(3, len(panels))
    lines = -(-len(panels) // columns)
    shape = {"width": 3.0 + 2.6 * columns, "height": 0.9 + lines * (0.9 + 0.24 * len(order))}
    figure, axes = canvas(columns, lines, sharey=True, **shape)
    for panel, ((protocol, sigma), own) in zip(axes, panels, strict=False):
        _forest(panel, own, order)
        panel.set_title(f"{protocol}, sigma {sigma:g}")
    for panel in axes[len(panels) :]:
        panel.set_axis_off()
    axes[0].invert_yaxis()
    references = ", ".join(sorted({label(name) for name in rows["reference"]}))
    title = f"Paired differences in PSNR against {references}"
    finish(figure, title, numbers.run, **marks(rows))
    caption = (
        f"PSNR minus that of {references} on the same image; mean with 95 % bootstrap interval over up to "
        f"{int(rows['n'].max())} images. Left of zero: worse than the reference."
    )
    words = [f"{label(r.model)}, {r.protocol}, sigma {r.sigma:g}: {r.difference:+.2f} dB" for r in each(rows)]
    return Drawn("denoising_differences", title, caption, "; ".join(words), figure, **marks(rows))


def _forest(axes: Axes, rows: pd.DataFrame, models: list[str]) -> None:
    for row in each(rows):
        axes.errorbar(
            row.difference,
            models.index(row.model),
            xerr=[[max(row.difference - row.low, 0)], [max(row.high - row.difference, 0)]],
            capsize=2.5,
            color=colour(row.model, models),
            marker=marker(row.model, models),
            markersize=5.5,
        )
    axes.set_yticks(range(len(models)), [label(name) for name in models])
    axes.axvline(0, color=INK, linewidth=1)
    axes.margins(x=0.08, y=0.08)
    axes.set_xlabel("difference in PSNR, dB")

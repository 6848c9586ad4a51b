"""Figures of training: loss curves, and PSNR against the number of samples seen."""

from __future__ import annotations

import math
from typing import Any

from pixelwise.reporting.curves import HELD_OUT
from pixelwise.reporting.figure_numbers import Drawn, MissingNumbersError, Numbers, Plot, marks
from pixelwise.reporting.plots.plots_restoration import protocols
from pixelwise.reporting.style import INK, SIGNS, TINTS, canvas, dashed, digits, drawn_as, finish, label, log_axis
from pixelwise.reporting.tidy_tables import each

LINES = ("-", "--", "-.", ":")
PSNR = "psnr"
"""Series of `loss.csv`: PSNR of the restored training patches."""
FEW = 12
SIGMA = 25


def losses(numbers: Numbers) -> Drawn:
    """Every training run's loss curves, one panel for each data set and model."""
    rows = numbers.curves
    rows = rows[~rows["series"].isin((PSNR, HELD_OUT))]
    if rows.empty:
        raise MissingNumbersError("no training curve was written in this run")
    panels = list(rows.groupby(["dataset", "model"], sort=True))
    figure, axes = canvas(len(panels), min(3, len(panels)), height=2.2)
    series_of = sorted(rows["series"].unique())
    for panel, ((dataset, model), own) in zip(axes, panels, strict=True):
        for series, seeds in own.groupby("series", sort=True):
            number = series_of.index(series)
            for _, curve in seeds.groupby("seed", sort=True):
                panel.plot(
                    curve["step"],
                    curve["value"],
                    color=TINTS[number % len(TINTS)],
                    linestyle=LINES[number % len(LINES)],
                    linewidth=1.2,
                    marker=SIGNS[number % len(SIGNS)],
                    markersize=4,
                    markevery=max(1, len(curve) // 6),
                    label=str(series).replace("_", " "),
                )
        panel.set_title(f"{label(str(model))}, {dataset}")
        panel.set(xlabel="optimiser step", ylabel="loss (lower is better)")
        if (own["value"] > 0).all() and own["value"].max() > 30 * own["value"].min():
            log_axis(panel.yaxis)
            panel.set_ylabel("loss (log)")
    title = "Loss curves"
    finish(figure, title, numbers.run, **marks(rows))
    ordered = rows.sort_values("step").groupby(["dataset", "model", "seed", "series"])
    ends = zip(each(ordered.head(1)), each(ordered.tail(1)), strict=True)
    words = [
        f"{label(first.model)} on {first.dataset}: {first.series.replace('_', ' ')} {digits(first.value)} to "
        f"{digits(last.value)}"
        for first, last in ends
    ]
    return Drawn(
        "loss_curves",
        title,
        "Means over logging intervals; of several seeds each has its line.",
        "; ".join(words),
        figure,
        **marks(rows),
    )


def psnr_against_samples(numbers: Numbers) -> Drawn:
    """PSNR against training samples seen: on the training patches on the way, and as scored at the end."""
    rows = numbers.curves
    rows = rows[rows["series"] == PSNR]
    if rows.empty:
        raise MissingNumbersError("no denoiser was trained in this run")
    figure, (axes, *_) = canvas(height=3.4)
    models = sorted(rows["model"].unique())
    words = []
    for (model, seed), curve in rows.groupby(["model", "seed"], sort=True):
        ordered = curve.sort_values("samples")
        look = drawn_as(str(model), models)
        every = max(1, len(ordered) // FEW)
        name = f"{label(str(model))}, seed {seed}"
        axes.plot(
            ordered["samples"],
            ordered["value"],
            label=name,
            linewidth=1.1,
            markevery=every,
            **look | {"markersize": 4.5},
        )
        if len(kept := numbers.curves.query("series == @HELD_OUT and model == @model and seed == @seed")):
            axes.plot(kept["samples"], kept["value"], label=f"{name}, held out", linewidth=2.2, color=look["color"])
            words.append(f"{name}: {kept['value'].iloc[-1]:.2f} dB on photographs kept out")
        end = float(ordered["samples"].iloc[-1])
        words.append(f"{name}: {ordered['value'].iloc[-1]:.2f} dB after {end:.0f} patches")
        for row in (row for row in _scored(numbers, str(model), int(str(seed))) if math.isfinite(row.value)):
            axes.plot(end, row.value, marker="*", markersize=13, color=look["color"], markeredgecolor=INK, zorder=5)
            words.append(f"{name}: {row.value:.2f} dB on {row.protocol}")
    published = numbers.published.query("panel_kind == 'denoising' and quantity == 'psnr' and sigma == @SIGMA")
    published = published[published["model"].eq("dncnn_s") & published["dataset"].eq("bsd68")]
    dashed(axes, {f"DnCNN-S published: {row.value:g} dB (BSD68)": row.value for row in each(published.head(1))})
    axes.set(xlabel="training patches seen", ylabel="PSNR, dB (higher is better)")
    title = "PSNR against training patches seen"
    finish(figure, title, numbers.run, **marks(rows))
    caption = (
        "Lines: PSNR on the training patches, whose noise levels may differ between runs; thick ones: on photographs kept "
        "out of the training. Stars: the finished network "
        f"on this run's test images at noise level {SIGMA:g}. Compare them with the dashed line if they are BSD68."
    )
    return Drawn("psnr_samples", title, caption, "; ".join(words), figure, **marks(rows))


def _scored(numbers: Numbers, model: str, seed: int) -> list[Any]:
    """The score of one training run at `SIGMA`, under the first protocol in the order of `protocols`; or nothing."""
    table = numbers.pick("restoration", "psnr", "denoising")
    own = table[table["model"].eq(model) & table["seed"].eq(seed) & table["sigma"].eq(SIGMA)]
    order = [name for name in protocols(numbers) if name in set(own["protocol"])]
    return list(each(own[own["protocol"].eq(order[0])].head(1))) if order else []


def figures(numbers: Numbers) -> list[Plot]:
    """The figures of this module."""
    return [Plot(100, "loss_curves", losses), Plot(110, "psnr_samples", psnr_against_samples)]

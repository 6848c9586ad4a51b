"""Figures of training: loss curves, and PSNR against the number of samples seen."""

from __future__ import annotations

import math
from typing import Any

from pixelwise.reporting.figure_numbers import Drawn, MissingNumbersError, Numbers, Plot, marks
from pixelwise.reporting.plots.plots_restoration import protocols
from pixelwise.reporting.style import INK, MARKERS, TINTS, canvas, colour, dashed, digits, finish, label
from pixelwise.reporting.tidy_tables import each

LINES = ("-", "--", ":", "-.")
PSNR = "psnr"
"""Series of `loss.csv`: PSNR of the restored training patches."""
FEW = 12
SIGMA = 25


def losses(numbers: Numbers) -> Drawn:
    """Every training run's loss curves, one panel for each data set and model."""
    rows = numbers.curves
    rows = rows[rows["series"] != PSNR]
    if rows.empty:
        raise MissingNumbersError("no training curve was written in this run")
    panels = list(rows.groupby(["dataset", "model"], sort=True))
    columns = min(3, len(panels))
    lines = -(-len(panels) // columns)
    figure, axes = canvas(columns, lines, width=3.9 * columns, height=0.9 + 2.7 * lines)
    for panel, ((dataset, model), own) in zip(axes, panels, strict=False):
        names = sorted(own["series"].unique())
        for number, (series, seeds) in enumerate(own.groupby("series", sort=True)):
            for seed_number, (_, curve) in enumerate(seeds.groupby("seed", sort=True)):
                panel.plot(
                    curve["step"],
                    curve["value"],
                    color=TINTS[number % len(TINTS)],
                    linestyle=LINES[seed_number % len(LINES)],
                    linewidth=1.2,
                    marker="." if len(curve) <= FEW else None,
                    label=str(series) if seed_number == 0 else None,
                )
        panel.set_title(f"{label(str(model))}, {dataset}")
        panel.set(xlabel="optimiser step", ylabel="loss")
        if (own["value"] > 0).all() and own["value"].max() > 30 * own["value"].min():
            panel.set_yscale("log")
            panel.set_ylabel("loss (log)")
        panel.legend(ncols=2 if len(names) > 3 else 1, fontsize=7)
    for panel in axes[len(panels) :]:
        panel.set_axis_off()
    title = "Loss curves"
    finish(figure, title, numbers.run, **marks(rows))
    last = rows.sort_values("step").groupby(["dataset", "model", "seed", "series"]).tail(1)
    words = [f"{label(r.model)} on {r.dataset}, seed {r.seed}, {r.series}: last {digits(r.value)}" for r in each(last)]
    return Drawn(
        "loss_curves",
        title,
        "Means over logging intervals; line styles tell seeds apart.",
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
    figure, (axes, *_) = canvas(width=8, height=4.3)
    models = sorted(rows["model"].unique())
    words = []
    for number, ((model, seed), curve) in enumerate(rows.groupby(["model", "seed"], sort=True)):
        ordered = curve.sort_values("samples")
        tint, name = colour(str(model), models), f"{label(str(model))}, seed {seed}"
        every = max(1, len(ordered) // FEW)
        look: dict[str, Any] = {
            "marker": MARKERS[number % len(MARKERS)],
            "markersize": 4,
            "markevery": every,
            "linewidth": 1.1,
        }
        axes.plot(ordered["samples"], ordered["value"], color=tint, label=name, **look)
        end = float(ordered["samples"].iloc[-1])
        words.append(f"{name}: {ordered['value'].iloc[-1]:.2f} dB on its patches after {end:.0f} samples")
        for row in (row for row in _scored(numbers, str(model), int(str(seed))) if math.isfinite(row.value)):
            axes.plot(end, row.value, marker="*", markersize=13, color=tint, markeredgecolor=INK, zorder=5)
            words.append(f"{name}: {row.value:.2f} dB on {row.protocol}")
    published = numbers.published.query("panel_kind == 'denoising' and quantity == 'psnr' and sigma == @SIGMA")
    published = published[published["model"].eq("dncnn_s") & published["dataset"].eq("bsd68")]
    dashed(axes, {f"DnCNN-S published: {row.value:g} dB (BSD68)": row.value for row in each(published.head(1))})
    axes.set(xlabel="training samples seen", ylabel="PSNR, dB")
    axes.legend()
    title = "PSNR against training samples seen"
    finish(figure, title, numbers.run, **marks(rows))
    caption = (
        "Lines: PSNR on the training patches, whose noise levels may differ between runs. Stars: score of the finished "
        f"network on this run's test images at sigma {SIGMA:g}, to be compared with the dashed line if they are BSD68."
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

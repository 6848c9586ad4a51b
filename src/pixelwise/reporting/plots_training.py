"""Figures of training: loss curves, and PSNR against the number of samples seen."""

from __future__ import annotations

from pixelwise.reporting.numbers import Drawn, MissingNumbersError, Numbers, marks
from pixelwise.reporting.records import each
from pixelwise.reporting.style import MARKERS, TINTS, canvas, colour, dashed, digits, finish, label

LINES = ("-", "--", ":", "-.")
VALIDATION = ("val_psnr", "psnr", "validation_psnr")


def losses(numbers: Numbers) -> Drawn:
    """Every training run's loss curves, one panel for each data set and model."""
    rows = numbers.curves
    rows = rows[~rows["series"].isin(VALIDATION)] if len(rows) else rows
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
    """Validation PSNR against training samples seen, beside the published final values."""
    rows = numbers.curves
    rows = rows[rows["series"].isin(VALIDATION)] if len(rows) else rows
    if rows.empty:
        raise MissingNumbersError("no training run of this profile measured PSNR on the way")
    figure, (axes, *_) = canvas(width=8, height=4.3)
    models = sorted(rows["model"].unique())
    x = "samples" if rows["samples"].notna().all() else "step"
    for number, ((model, seed), curve) in enumerate(rows.groupby(["model", "seed"], sort=True)):
        ordered = curve.sort_values(x)
        axes.plot(
            ordered[x],
            ordered["value"],
            color=colour(str(model), models),
            marker=MARKERS[number % len(MARKERS)],
            markersize=5,
            markevery=max(1, len(ordered) // 12),
            label=f"{label(str(model))}, seed {seed}",
        )
    told = numbers.published.query(
        "panel_kind == 'denoising' and quantity == 'psnr' and sigma == 25 and model == 'dncnn_s' and dataset == 'bsd68'"
    )
    dashed(axes, {f"DnCNN-S published: {row.value:g} dB (BSD68, sigma 25)": row.value for row in each(told.head(1))})
    axes.set(xlabel="training samples seen" if x == "samples" else "optimiser step", ylabel="PSNR, dB")
    axes.legend()
    title = "PSNR against training samples seen"
    finish(figure, title, numbers.run, **marks(rows))
    last = rows.assign(seen=rows[x]).sort_values(x).groupby(["model", "seed"]).tail(1)
    words = [f"{label(r.model)}, seed {r.seed}: {r.value:.2f} dB after {r.seen:.0f}" for r in each(last)]
    caption = (
        "Measured during training on the run's own validation images; the dashed line is the published final value "
        "on BSD68."
    )
    return Drawn("psnr_samples", title, caption, "; ".join(words), figure, **marks(rows))

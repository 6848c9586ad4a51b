"""Figure of the tile grid: how much stronger steps across tile borders are than within tiles."""

from __future__ import annotations

from functools import partial

from pixelwise.quantities import Metric, shown
from pixelwise.reporting.figure_numbers import Drawn, MissingNumbersError, Numbers, Plot, marks, over_seeds, whiskers
from pixelwise.reporting.plots.plots_restoration import protocols
from pixelwise.reporting.style import MUTED, TICK, canvas, digits, drawn_as, finish, label, log_axis
from pixelwise.reporting.tidy_tables import each

SIGMA = 25.0


def tile_grid(numbers: Numbers, metric: Metric) -> Drawn:
    """A measure of the tile grid at the tile period of every method, beside that of the clean images."""
    rows = numbers.pick("restoration", metric.name, "denoising")
    clean = numbers.pick("restoration", metric.reference, "denoising")
    if rows.empty:
        raise MissingNumbersError(f"no {metric.label} was measured in this run")
    protocol = protocols(numbers)[0]
    rows, clean = (table[table["protocol"] == protocol] for table in (rows, clean))
    sigma = SIGMA if SIGMA in set(rows["sigma"]) else float(rows["sigma"].min())
    rows, clean = (over_seeds(table[table["sigma"] == sigma], ["model"]) for table in (rows, clean))
    ordered = rows.sort_values("value", ascending=metric.better == "higher").reset_index(drop=True)
    models = ordered["model"].tolist()
    figure, (axes, *_) = canvas(height=0.7 + 0.21 * len(models))
    axes.axvline(1, color=MUTED, linewidth=1.1, linestyle="--", label="1: no trace of tiles")
    for place, model in enumerate(models):
        row = ordered[ordered["model"] == model]
        axes.errorbar(row["value"], [place], xerr=whiskers(row), capsize=2.5, **drawn_as(model, models))
        own = clean[clean["model"] == model]["value"]
        if len(own):
            axes.plot(own, [place] * len(own), label="clean pictures, by the same tiles", **TICK)
    axes.set_yticks(range(len(models)), [label(name) for name in models])
    axes.set_ylim(len(models) - 0.4, -0.6)
    log_axis(axes.xaxis)
    axes.margins(x=0.1)
    axes.set_xlabel(f"{metric.label} (log; {metric.better} is better)" if metric.better else metric.label)
    title = f"Trace of the tile grid, protocol {protocol}, sigma {sigma:g}"
    finish(figure, title, numbers.run, **marks(rows))
    caption = (
        "Mean over images with 95 % intervals over images. Ticks: the same measure on the clean images, at the period "
        "of that method's tiles."
    )
    words = [f"{label(row.model)} {digits(row.value)}" for row in each(ordered)]
    alt = f"{metric.label}, 1 without a trace of tiles: {', '.join(words)}"
    return Drawn(metric.name, title, caption, alt, figure, **marks(rows))


def figures(numbers: Numbers) -> list[Plot]:
    """One figure for each metric of restoration that declares `grid`."""
    return [Plot(80, name, partial(tile_grid, metric=metric)) for name, metric in shown("restoration", "grid").items()]

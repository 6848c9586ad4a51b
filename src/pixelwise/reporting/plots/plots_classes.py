"""Figure of the IoU of each class."""

from __future__ import annotations

from pixelwise.reporting.bounds_of_quality import name_of, split
from pixelwise.reporting.figure_numbers import Drawn, MissingNumbersError, Numbers, Plot, marks, over_seeds, preferred
from pixelwise.reporting.plots.plots_quality import SEGMENTER
from pixelwise.reporting.style import GRID, canvas, drawn_as, finish, label
from pixelwise.reporting.tidy_tables import each


def class_iou(numbers: Numbers) -> Drawn:
    """IoU of each class, models beside the ceiling on the data set's own pictures, the easiest class first."""
    table = numbers.table
    rows = table[(table["kind"] == "segmentation") & table["metric"].str.startswith("iou_") & table["value"].notna()]
    rows = rows[~rows["model"].isin(("shuffled",))]
    if rows.empty:
        raise MissingNumbersError("no per-class IoU was measured in this run")
    protocol = preferred(rows["protocol"], *SEGMENTER)
    rows = rows[(rows["protocol"] == protocol)]
    rows = rows[rows["dataset"] == preferred(rows["dataset"], "cityscapes", "camvid")]
    joined = over_seeds(rows, ["model", "metric"])
    joined = joined.assign(value=joined["value"] * (1.0 if (joined["unit"] == "%").all() else 100.0))
    ceiling = joined[joined["model"].eq("real")].set_index("metric")["value"]
    most = joined.groupby("metric")["value"].max()
    order = sorted(most.index, key=lambda name: (-ceiling.get(name, most[name]), name))
    zero = [name for name in order if most[name] < 0.05]
    order = [name for name in order if name not in zero] or order
    models = sorted(split(joined)[0]["model"].unique())
    figure, (axes, *_) = canvas(height=0.7 + 0.28 * len(order))
    for place in range(len(order)):
        axes.axhline(place, color=GRID, linewidth=0.6, zorder=0)
    words = []
    for model in [*models, *sorted(split(joined)[1]["model"].unique())]:
        own = joined[joined["model"] == model].set_index("metric").reindex(order)
        bound = model not in models
        name = name_of(model, bool(own["synthetic"].fillna(False).any())) if bound else label(model)
        look = drawn_as(model, models) | {"linestyle": "none", "markersize": 9 if model == "real" else 6.5}
        step = 0.0 if bound else 0.36 * (models.index(model) - (len(models) - 1) / 2) / len(models)
        places = [place + step for place in range(len(order))]
        axes.plot(own["value"], places, label=name, zorder=2 if bound else 3, **look)
        best = [f"{row.metric.removeprefix('iou_')} {row.value:.0f}" for row in each(own.reset_index().head(4))]
        words.append(f"{name}: {', '.join(best)}")
    axes.set_yticks(range(len(order)), [name.removeprefix("iou_") for name in order])
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.set_xlabel("IoU, % (higher is better)")
    axes.set_xlim(-2, 102)
    axes.grid(False, axis="y")
    title = "IoU of each class"
    finish(figure, title, numbers.run, **marks(joined))
    missed = ", ".join(name.removeprefix("iou_") for name in zero if name not in order)
    caption = (
        "The segmenter's IoU on generated pictures and, as ceiling, on the data set's own; "
        f"protocol {protocol}, mean over seeds."
    ) + (f" 0 % everywhere, not drawn: {missed}." if missed else "")
    return Drawn("class_iou", title, caption, "IoU in %. " + "; ".join(words), figure, **marks(joined))


def figures(numbers: Numbers) -> list[Plot]:
    """The figures of this module."""
    return [Plot(50, "class_iou", class_iou)]

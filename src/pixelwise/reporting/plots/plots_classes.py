"""Figure of the IoU of each class."""

from __future__ import annotations

from pixelwise.reporting.figure_numbers import Drawn, MissingNumbersError, Numbers, Plot, marks, over_seeds, preferred
from pixelwise.reporting.plots.plots_quality import SEGMENTER
from pixelwise.reporting.style import INK, canvas, colour, finish, label
from pixelwise.reporting.tidy_tables import each


def class_iou(numbers: Numbers) -> Drawn:
    """IoU of each class, models beside the ceiling on real photographs."""
    table = numbers.table
    rows = table[(table["kind"] == "segmentation") & table["metric"].str.startswith("iou_") & table["value"].notna()]
    rows = rows[~rows["model"].isin(("shuffled",))]
    if rows.empty:
        raise MissingNumbersError("no per-class IoU was measured in this run")
    protocol = preferred(rows["protocol"], *SEGMENTER)
    rows = rows[(rows["protocol"] == protocol)]
    rows = rows[rows["dataset"] == preferred(rows["dataset"], "cityscapes", "camvid")]
    joined = over_seeds(rows, ["model", "metric"])
    scale = 1.0 if (joined["unit"] == "%").all() else 100.0
    order = joined.groupby("metric")["value"].max().sort_values(ascending=False).index.tolist()
    models = sorted(joined["model"].unique(), key=lambda name: (name == "real", name))
    figure, (axes, *_) = canvas(width=9, height=1.3 + 0.3 * len(order))
    step = 0.8 / len(models)
    for number, model in enumerate(models):
        own = joined[joined["model"] == model].set_index("metric").reindex(order)
        places = [place + (number - (len(models) - 1) / 2) * step for place in range(len(order))]
        axes.barh(
            places,
            own["value"] * scale,
            height=step * 0.92,
            color=colour(model, models),
            label=label(model),
            edgecolor=INK,
            linewidth=0.4,
        )
    axes.set_yticks(range(len(order)), [name.removeprefix("iou_") for name in order])
    axes.invert_yaxis()
    axes.set_xlabel("IoU, %")
    axes.set_xlim(0, 100)
    axes.legend(loc="lower right")
    axes.grid(False, axis="y")
    title = "IoU of each class"
    finish(figure, title, numbers.run, **marks(joined))
    caption = (
        "Segmenter's IoU on generated images and, as ceiling, on the real photographs; "
        f"protocol {protocol}, mean over seeds."
    )
    words = [f"{row.metric.removeprefix('iou_')} {label(row.model)} {row.value * scale:.0f} %" for row in each(joined)]
    return Drawn("class_iou", title, caption, ", ".join(words), figure, **marks(joined))


def figures(numbers: Numbers) -> list[Plot]:
    """The figures of this module."""
    return [Plot(50, "class_iou", class_iou)]

"""Figure of denoising: the published values of each method, the students' report and this run, side by side."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from pixelwise.claims.shown_numbers import number
from pixelwise.quantities import Metric, shown
from pixelwise.reporting.figure_numbers import Drawn, MissingNumbersError, Numbers, Plot, marks, whiskers
from pixelwise.reporting.plots.plots_restoration import protocols, rows_of
from pixelwise.reporting.plots.plots_speed import HERE
from pixelwise.reporting.style import canvas, drawn_as, family, finish, label, learned
from pixelwise.reporting.tidy_tables import each

SIGMA = 25.0
OURS = "K"
"""Source of values that we computed ourselves, which nobody published."""
FORMS = 3
"""Most forms of one network in the panel of this run: the best ones."""
BESIDE = ("bm3d", "tile_wiener", "identity")
"""Methods without learning that stand beside the networks."""
PAPERS = {"dncnn_s": "dncnn", "bm3d": "bm3d"}
"""Published method -> row in which it stands."""


def _panel(axes: Axes, rows: pd.DataFrame, order: list[str], models: list[str], metric: Metric) -> list[str]:
    """A point for each of `rows` in the row of its family; returns their words."""
    for row in each(rows):
        own = rows[rows["line"].eq(row.line)]["model"].tolist()
        place = order.index(row.line) + 0.26 * (own.index(row.model) - (len(own) - 1) / 2)
        spread = whiskers(rows[rows["model"].eq(row.model)])
        look = drawn_as(row.model, models) | {"linestyle": "none", "markersize": 7, "capsize": 2.5}
        axes.errorbar(row.value, place, xerr=spread, label=label(row.model), **look)
    for place, line in enumerate(order):
        if line not in set(rows["line"]):
            axes.annotate("not reported", (0.02, place), xycoords=("axes fraction", "data"), va="center", fontsize=8)
    axes.set_yticks(range(len(order)), [label(name) for name in order])
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.set_xlabel(metric.heading)
    best = rows.sort_values("value", ascending=metric.better == "lower")
    return [f"{label(row.model)} {number(row.value, places=metric.places)}" for row in each(best)]


def denoising(numbers: Numbers) -> Drawn:
    """The first metric of each network and of methods without learning: published, in the students' report and here."""
    metric = next(iter(shown("restoration", "figure").values()))
    protocol = next(iter(protocols(numbers)), None)
    scored, perfect = rows_of(numbers, metric, protocol)
    sigma = SIGMA if SIGMA in set(scored["sigma"]) else float(scored["sigma"].min())
    scored = scored[scored["sigma"].eq(sigma)]
    networks = scored["model"].map(learned)
    scored = scored.assign(line=scored["model"].map(family))[networks | scored["model"].isin(BESIDE)]
    networks = scored[scored["model"].map(learned)]["line"]
    if scored.empty:
        raise MissingNumbersError("no network and none of the usual methods without learning denoised in this run")
    scored = scored.sort_values("value", ascending=metric.better == "lower")
    scored = scored.groupby("line", sort=False).head(FORMS)
    told = numbers.published[numbers.published["quantity"].eq(metric.name) & numbers.published["sigma"].eq(sigma)]
    papers = told[told["panel_kind"].eq("denoising") & told["dataset"].eq("bsd68") & told["model"].isin(list(PAPERS))]
    papers = papers[papers["source"].ne(OURS)]
    papers = papers.assign(model=papers["model"].map(PAPERS), line=papers["model"].map(PAPERS))
    students = told[told["panel_kind"].eq("denoised")]
    students = students.assign(line=students["model"].map(family))
    order = list(dict.fromkeys([*sorted(set(networks), reverse=True), *students["line"], *BESIDE]))
    order = [name for name in order if any(name in set(rows["line"]) for rows in (papers, students, scored))]
    panels = {"Published (BSD68)": papers, "Students' report": students, f"{HERE}: {protocol}": scored}
    panels = {name: rows for name, rows in panels.items() if len(rows)}
    models = sorted({*scored["model"], *papers["model"], *students["model"]})
    forms = max(scored["line"].value_counts(), default=1)
    figure, axes = canvas(len(panels), height=0.9 + (0.24 + 0.1 * forms) * len(order), sharey=True, sharex=True)
    words: list[str] = []
    for panel, (name, rows) in zip(axes, panels.items(), strict=True):
        words.insert(0, f"{name}: {', '.join(_panel(panel, rows, order, models, metric))}")
        panel.set_title(name)
    axes[0].margins(x=0.08)
    title = f"Denoising at noise level {sigma:g}: published, reported, and here"
    finish(figure, title, numbers.run, **marks(scored))
    caption = (
        "Published: papers on BSD68. Students' report: images squashed to 256x256, noise level presumably 25. "
        f"{HERE}: mean over {int(scored['n'].max())} images of {protocol}; whiskers are 95 % intervals over images. Of "
        f"several forms of a network the best {FORMS} are drawn.{perfect}"
    )
    return Drawn("denoising", title, caption, "; ".join(words), figure, **marks(scored))


def figures(numbers: Numbers) -> list[Plot]:
    """The figures of this module."""
    return [Plot(59, "denoising", denoising)]

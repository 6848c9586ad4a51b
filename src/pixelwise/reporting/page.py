"""The page: one HTML file with the answer, every claim's evidence, figures, samples and tables; opens from disk."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pixelwise.artifacts import check_listed, read_made, write_text
from pixelwise.errors import PixelwiseError
from pixelwise.files.listings import leaving_out
from pixelwise.files.reading import content
from pixelwise.files.step_documents import Figures
from pixelwise.planning.jobs import RUN_LOG
from pixelwise.reporting import (
    analysis,
    claim_reviews,
    claimrows,
    first_screen,
    naming,
    own_results,
    page_tables,
    paired_differences,
    provenance,
    sample_grids,
    speed_tables,
    tidy_tables,
)
from pixelwise.reporting.cautions import cautions
from pixelwise.reporting.page_tables import Table
from pixelwise.reporting.policy import bar, policy
from pixelwise.reporting.sample_grids import Grid
from pixelwise.reporting.style import banner_text, unfinished
from pixelwise.reporting.summary import left_out as summarised
from pixelwise.settings.reporting import ReportSettings

TEMPLATES = Path(__file__).parent / "templates"
PARTS = {"css": "style.css", "js": "script.js"}
QUALITIES = (86, 72, 55, 35)
ROLES = ("summary", "claims", "figures")
Choice = Callable[[list[Grid]], list[Grid]]
BENCH = Path("results/bench")
"""Results of `make bench`, if it was ever run; they belong to the machine, not to a run."""
BENCH_PAGE = "bench.html"


def environment() -> Environment:
    """Templates with every value escaped; names of models and labels come from files that users write."""
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    made.lstrip_blocks = True
    made.filters["span"] = provenance.span
    return made


def figures(folder: Path, index: Figures, left_out: list[str]) -> list[dict[str, Any]]:
    """The figures with their SVG as `data:` addresses, in the order in which they were drawn.

    Args:
        folder: Where the figures step wrote.
        index: Its `figures.json`.
        left_out: Receives one line for each drawing that was changed since.
    """
    found = []
    for entry in index.figures:
        paths = [folder / f"{name}.svg" for name in (entry.name, entry.narrow) if name]
        with leaving_out(left_out):
            for path in paths:
                check_listed(path)
            found.append(with_address(entry.model_dump(), *map(content, paths)))
    return found


def with_address(entry: dict[str, Any], svg: bytes, narrow: bytes | None = None) -> dict[str, Any]:
    """A figure's words with its drawing, and that for a telephone, as `data:` addresses."""

    def address(drawing: bytes) -> str:
        return f"data:image/svg+xml;base64,{base64.b64encode(drawing).decode('ascii')}"

    return {**entry, "address": address(svg), "narrow_address": address(narrow) if narrow else ""}


def all_tables(table: pd.DataFrame, measured: pd.DataFrame, jobs: dict[str, Path], left_out: list[str]) -> list[Table]:
    """Every table of the page that has a row, speed apart; `measured` holds the paired differences."""
    noise = "Floors and ceilings stand among the models; n counts images."
    means = f"{noise} Means over images with 95 % intervals over images."
    made = [
        *page_tables.distances(table, noise),
        *page_tables.measured(
            *(table, "segmentation", "translation"),
            *(("table-miou", "Mean IoU and pixel accuracy by a segmenter"), noise),
        ),
        *page_tables.classes(table),
        *page_tables.measured(table, "restoration", "denoising", ("table-denoising", "Denoising"), means),
        *page_tables.measured(table, "restoration", "deblurring", ("table-deblurring", "Deblurring"), means),
        page_tables.differences(measured),
        provenance.deviations(jobs, left_out),
        provenance.sources(jobs, left_out),
        provenance.states(jobs, left_out),
    ]
    return [entry for entry in made if entry.rows]


def shown(settings: ReportSettings, inputs: dict[str, Path], left_out: list[str]) -> dict[str, Any]:
    """Everything that the template shows, pictures apart; `left_out` receives what could not be shown, and why."""
    jobs = {name: folder for name, folder in inputs.items() if name not in ROLES}
    summary = inputs["summary"]
    table, measured = tidy_tables.read_all(summary), paired_differences.read(summary)
    index = read_made(inputs["figures"] / "figures.json", Figures)
    drawn = figures(inputs["figures"], index, left_out)
    made = provenance.jobs(inputs, RUN_LOG, left_out)
    marks = {name: bool(table[name].astype(bool).any()) for name in ("synthetic", "short")}
    claims = claimrows.load(inputs["claims"], {entry["name"] for entry in drawn})
    known = first_screen.datasets(jobs, left_out)
    machines, own = page_tables.hardware(table), first_screen.own(known)
    told = {claim["figure"] for claim in claims["by_id"].values()}
    first = [entry for entry in drawn if own or entry["name"] in told]
    return {
        "partial": settings.partial,
        **{"title": settings.title, "run": settings.run, "profile": settings.profile},
        "banner": banner_text(settings.run, **marks),
        "ran": first_screen.ran(known, machines, made),
        "not_run": [] if own else first_screen.not_run(claims["headline"], claims["by_id"], machines),
        "short": first_screen.SHORT,
        "own": own,
        "results": own_results.sentences(table) if own else [],
        "own_tables": own_results.comparison(table) if own else [],
        "claims": claims | {"headline": first_screen.headline(claims["headline"], claims["by_id"])},
        "plots": first,
        "other_plots": [entry for entry in drawn if entry not in first],
        "missing": [entry.model_dump() for entry in index.missing],
        "speed_tables": speed_tables.all_tables(table),
        "tables": all_tables(table, measured, jobs, left_out),
        "analysis": analysis.sentences(table, measured),
        "comparison": analysis.comparison(table),
        "machines": machines,
        "jobs": made,
        "anchors": {job.anchor for job in made},
        "commit": provenance.commit(),
        "packages": provenance.packages(inputs, left_out),
        "unlocked": settings.unlocked,
        "accepted": [entry for entry in [provenance.accepted(inputs, left_out)] if entry.rows],
        "table": table,
    }


def grids_of(found: list[Grid], width: int, quality: int) -> list[dict[str, Any]]:
    """The sample grids with their pictures encoded."""

    def cell(picture: sample_grids.Picture | None) -> dict[str, str] | None:
        return (
            None if picture is None else {"address": sample_grids.data_url(picture, width, quality), "alt": picture.alt}
        )

    return [
        {
            **{"id": grid.id, "title": grid.title, "note": grid.note, "columns": grid.columns},
            **{"synthetic": grid.synthetic, "rows": [(name, [cell(p) for p in row]) for name, row in grid.rows]},
        }
        for grid in found
    ]


def render(settings: ReportSettings, inputs: dict[str, Path], bench: bool = False, choose: Choice = list) -> str:
    """The whole page as HTML.

    Args:
        settings: Title, size limits.
        inputs: As for `run`.
        bench: Whether the machine's benchmark has a page beside this one.
        choose: Which grids of samples are shown, of all that there are.

    Raises:
        PixelwiseError: If it does not fit `settings.max_bytes` however hard the pictures are compressed.
    """
    left_out = summarised(inputs["summary"])
    facts = shown(settings, inputs, left_out)
    every = [grid for make in _MAKERS for grid in make(inputs, settings.grid_images, left_out)]
    drawn = [grid for grid in every if any(picture for _, row in grid.rows for picture in row)]
    facts["cautions"] = cautions(facts.pop("table"), drawn)
    found = choose(drawn)
    claims = facts["claims"]
    facts["reviews"] = None if settings.partial else claim_reviews.reviews([*claims["rows"], *claims["apart"]])
    facts["left_out"] = list(dict.fromkeys([*left_out, *facts["claims"]["left_out"]]))
    facts["bench_link"] = BENCH_PAGE if bench else ""
    made, parts = environment(), _parts(bar(facts["claims"]["counts"]))
    for quality in QUALITIES:
        grids = grids_of(found, settings.grid_width, quality)
        html = made.get_template("page.html").render(**facts, **parts, grids=grids, verdicts=claimrows.VERDICTS)
        if len(html.encode("utf-8")) <= settings.max_bytes:
            return html
    size = len(html.encode("utf-8"))
    raise PixelwiseError(f"report: {size} bytes; allowed are {settings.max_bytes}: lower grid_images or grid_width")


def _parts(rules: str = "") -> dict[str, Any]:
    """Style, script and the policy that allows these alone; `rules` is added to the style."""
    parts = {name: (TEMPLATES / file).read_text("utf-8") for name, file in PARTS.items()}
    parts["css"] += rules
    return {name: Markup(text) for name, text in parts.items()} | {"policy": policy(parts["css"], parts["js"])}


def bench_page(folder: Path) -> str:
    """The page of the machine's benchmark; empty where there is none."""
    drawn = [with_address(entry, *entry["drawings"]) for entry in speed_tables.bench_figures(folder)]
    tables = speed_tables.bench(folder)
    if not tables:
        return ""
    return environment().get_template("bench.html").render(bench_figures=drawn, bench_tables=tables, **_parts())


_MAKERS: tuple[Callable[[dict[str, Path], int, list[str]], Any], ...] = (
    sample_grids.translations,
    sample_grids.restorations,
)


def run(settings: ReportSettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Step `report`: write `index.html`, and `bench.html` beside it if `make bench` was ever run here.

    Args:
        settings: Title, size limits.
        inputs: `summary`, `claims`, `figures`; and job id -> folder of every job whose
            pictures, deviations or data are shown.
        out: Folder for the page.
        work: Unused.
    """
    with naming.shown(settings.models), unfinished(settings.partial):
        bench = bench_page(BENCH)
        if bench:
            write_text(out / BENCH_PAGE, bench)
        write_text(out / "index.html", render(settings, inputs, bool(bench)))

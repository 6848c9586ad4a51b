"""The picture of README: one row of samples over the ratio of times against image size, from what git keeps of runs.

It is drawn twice, on a light and on a dark ground. Each file holds a hash of the numbers and pictures that it shows, so
that whether it is current is told without drawing.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pixelwise.artifacts import digest, write_bytes
from pixelwise.claims import timed
from pixelwise.claims.bench_pairs import as_timing
from pixelwise.claims.ledger import folders
from pixelwise.errors import PixelwiseError
from pixelwise.record import read_records
from pixelwise.reporting import kept_pictures, published, style
from pixelwise.reporting.figure_numbers import whiskers
from pixelwise.reporting.kept_pictures import PictureSource
from pixelwise.reporting.pairs import Pair, ratios, words
from pixelwise.reporting.sample_grids import Grid
from pixelwise.reporting.tidy_tables import each

PAIR: Pair = ("pix2pixhd", "asapnet")
FORMS = {"as published": "-", "both optimised": "--"}
GROUNDS: dict[str, dict[str, str]] = {
    "light": {"ground": "#FFFFFF", "ink": "#1B1F24", "muted": "#57606A", "grid": "#D8DEE4"},
    "dark": {"ground": "#0D1117", "ink": "#E6EDF3", "muted": "#9198A1", "grid": "#30363D"},
}
TINTS = {"light": ("#0072B2", "#B34700", "#00735A"), "dark": ("#56B4E9", "#F0A35E", "#4CC9A0")}
"""A colour for each machine, told apart by colour-blind readers, with a contrast of 4.5 to its ground."""
TRADE = re.compile(r"\((R|TM)\)| Processor| CPU( @.*)?$")
"""What a processor's name has beside the name."""
MEMORY = re.compile(r" \d+ ?GB\b.*")
"""What follows a card's name."""
MARKERS = ("o", "s", "^")


@dataclass(frozen=True)
class Line:
    """Ratios of times on one machine under one treatment; rows: megapixels, value, low, high, short."""

    machine: str
    form: str
    rows: pd.DataFrame

    @property
    def label(self) -> str:
        """What the legend says."""
        return f"{self.machine}, {self.form}"


@dataclass(frozen=True)
class Answer:
    """What the picture shows.

    Attributes:
        run: Name of the recorded run whose samples are shown.
        grid: Its samples, of which the first row is shown.
        owner: Whose pictures they are.
        paper: The paper's ratios of times: megapixels, value, low, high.
        lines: Those of the recorded benchmarks.
    """

    run: str
    grid: Grid
    owner: PictureSource
    paper: pd.DataFrame
    lines: list[Line]

    @property
    def heading(self) -> str:
        """What the samples are, in words."""
        kind = "Drawn by a program, not a photograph" if self.grid.synthetic else "From a photograph's label map"
        return f"{kind} (recorded run {self.run})"

    @property
    def credit(self) -> str:
        """Source and licence of the samples."""
        return f"{self.owner.citation or self.owner.address}; licence: {self.owner.licence}"

    @property
    def alt(self) -> str:
        """The picture in words, with its numbers, in at most 300 characters."""
        lines = [("paper", self.paper), *((line.label, line.rows) for line in self.lines)]
        told = [f"{name} {_ends(rows)}" for name, rows in lines]
        return f"Samples: {', '.join(self.grid.columns)}. Times as long as ASAP-Net, pix2pixHD: {'; '.join(told)}."

    @property
    def hash(self) -> str:
        """Of everything shown."""
        cells = [None if cell is None else cell.pixels.tolist() for cell in self.grid.rows[0][1]]
        numbers = [_points(rows) for rows in (self.paper, *(line.rows for line in self.lines))]
        short = [line.rows["short"].tolist() for line in self.lines]
        told = {"words": [self.alt, self.heading, self.credit], "columns": self.grid.columns}
        return digest({**told, "pictures": cells, "numbers": numbers, "short": short})


def _points(rows: pd.DataFrame) -> list[list[str]]:
    """Rows as text, for the hash."""
    return [[f"{row.megapixels:.4g}", *(f"{v:.6g}" for v in (row.value, row.low, row.high))] for row in each(rows)]


def _ends(rows: pd.DataFrame) -> str:
    first, last = (rows["value"].iloc[place] for place in (0, -1))
    return f"{first:.3g} to {last:.3g}"


def samples(results: Path) -> tuple[str, Grid, PictureSource]:
    """The recorded run and grid whose first row is shown: photographs before drawn scenes, then more columns.

    Raises:
        PixelwiseError: If no record holds pictures of translations.
    """
    found = [
        (grid.synthetic, -len(grid.columns), name, grid, kept_pictures.owners(folder / "pictures")[grid.dataset])
        for name, folder in folders(results).items()
        for grid in kept_pictures.grids(folder / "pictures")
        if grid.columns[0] == "label map"
    ]
    if not found:
        raise PixelwiseError(f"{results}: no recorded run keeps pictures made from label maps; run 'make record'")
    *_, name, grid, owner = min(found, key=lambda entry: entry[:3])
    return name.rpartition("/")[2], grid, owner


def measured(results: Path) -> list[Line]:
    """The ratios of times of the recorded benchmarks, in single precision at batch 1: of one processor and one card.

    Of several machines of a kind the one with the most sizes is shown.

    Raises:
        PixelwiseError: If there is none.
    """
    found: dict[tuple[str, str], list[dict[str, float | bool]]] = {}
    for path in sorted((results / "bench").glob("*/metrics.json")):
        for record in map(as_timing, read_records(path)):
            where, ratio = record.condition, record.values.get("ratio")
            plain = record.task == "translation" and (where.get("batch"), where.get("precision")) == (1, "fp32")
            if not (plain and record.protocol in FORMS and ratio and ratio.value is not None):
                continue
            height, width = (float(str(where[name])) for name in ("height", "width"))
            gpu, cpu = record.hardware.get("gpu"), record.hardware.get("cpu")
            name = MEMORY.sub("", str(gpu)) if gpu else TRADE.sub("", str(cpu))
            machine = f"{'GPU' if gpu else 'CPU'} {name}"
            ends = {"value": ratio.value, "low": ratio.low or ratio.value, "high": ratio.high or ratio.value}
            point = {"megapixels": height * width / 1e6, "short": bool(timed.reasons(record)), **ends}
            found.setdefault((machine, record.protocol), []).append(point)
    if not found:
        raise PixelwiseError(f"{results / 'bench'}: no ratio of two generators; run 'make bench'")
    lines = [Line(*name, pd.DataFrame(rows).sort_values("megapixels")) for name, rows in sorted(found.items())]
    kinds: dict[str, str] = {}
    for line in sorted(lines, key=lambda line: (len(line.rows), line.machine, line.form)):
        kinds[line.machine.split()[0]] = line.machine
    return [line for line in lines if line.machine in kinds.values()]


def read(results: Path) -> Answer:
    """Everything that the picture shows.

    Raises:
        PixelwiseError: If a recorded result is missing.
    """
    run, grid, owner = samples(results)
    curves = published.load().query("quantity == 'latency' and panel_kind == 'resolution'")
    return Answer(run, grid, owner, ratios(curves, PAIR), measured(results))


def _row(axes: list[Axes], answer: Answer) -> None:
    for place, (name, cell) in enumerate(zip(answer.grid.columns, answer.grid.rows[0][1], strict=True)):
        axes[place].set_axis_off()
        axes[place].set_title(name, fontsize=9, loc="center", fontweight="normal")
        if cell is not None:
            pixels = cell.pixels if cell.pixels.ndim == 3 else np.repeat(cell.pixels[..., None], 3, axis=2)
            axes[place].imshow(pixels, interpolation="none")


def _plot(axes: Axes, answer: Answer, tints: tuple[str, ...], look: dict[str, str]) -> None:
    machines = list(dict.fromkeys(line.machine for line in answer.lines))
    for line in answer.lines:
        place = machines.index(line.machine)
        fmt = f"{MARKERS[place]}{FORMS[line.form]}"
        _errorbar(axes, line.rows, fmt, tints[place], line.label)
        short = line.rows[line.rows["short"].astype(bool)]
        axes.plot(short["megapixels"], short["value"], MARKERS[place], color=look["ground"], markersize=3, zorder=4)
    _errorbar(axes, answer.paper, "D:", look["muted"], "paper, GPU not stated")
    style.log_axis(axes.xaxis)
    style.log_axis(axes.yaxis)
    axes.axhline(1, color=look["muted"], linewidth=0.8)
    axes.set_xlabel("image size, megapixels (log scale); hollow points: timed too shortly to decide a claim")
    axes.set_ylabel("times as long (log scale)")
    axes.set_title(f"Ratio of times, {words(PAIR)}: above 1 ASAP-Net is faster", fontsize=10)
    axes.legend(loc="upper left", fontsize=8)


def _errorbar(axes: Axes, rows: pd.DataFrame, fmt: str, tint: str, text: str) -> None:
    axes.errorbar(rows["megapixels"], rows["value"], whiskers(rows), fmt=fmt, color=tint, label=text, capsize=3)


def figure(answer: Answer, ground: str) -> Figure:
    """The picture on a light or dark ground."""
    look, count = GROUNDS[ground], len(answer.grid.columns)
    made = Figure(figsize=(7.2, 5.4), layout="constrained")
    rows = made.add_gridspec(2, count, height_ratios=(1, 3.6))
    made.suptitle(answer.heading, fontsize=10, fontweight="bold", x=0.01, ha="left")
    made.supxlabel(f"Samples: {answer.credit}", fontsize=7, color=look["muted"], x=0.01, ha="left")
    _row([made.add_subplot(rows[0, place]) for place in range(count)], answer)
    _plot(made.add_subplot(rows[1, :]), answer, TINTS[ground], look)
    return made


def draw(results: Path, stem: Path) -> None:
    """Write `<stem>-light.svg` and `<stem>-dark.svg`.

    Raises:
        PixelwiseError: If a recorded result is missing.
    """
    answer = read(results)
    for ground, look in GROUNDS.items():
        colours: Any = {"text.color": look["ink"], "axes.labelcolor": look["ink"], "axes.edgecolor": look["muted"]}
        colours |= {"xtick.color": look["muted"], "ytick.color": look["muted"], "grid.color": look["grid"]}
        colours |= {"xtick.labelcolor": look["ink"], "ytick.labelcolor": look["ink"], "axes.facecolor": look["ground"]}
        colours |= {"figure.facecolor": look["ground"], "savefig.facecolor": look["ground"]}
        with style.context(), matplotlib.rc_context(colours):
            made = style.svg(figure(answer, ground))
        write_bytes(place(stem, ground), made.replace(b"<defs>", f"<!-- shows {answer.hash} -->\n <defs>".encode(), 1))


def place(stem: Path, ground: str) -> Path:
    """The file of one ground."""
    return stem.with_name(f"{stem.name}-{ground}.svg")


def current(results: Path, stem: Path) -> bool:
    """Whether both files are there and show what is recorded now."""
    mark = f"<!-- shows {read(results).hash} -->".encode()
    files = [place(stem, ground) for ground in GROUNDS]
    return all(path.is_file() and mark in path.read_bytes() for path in files)


def markup(results: Path, stem: str) -> str:
    """The HTML with which a Markdown file shows it on either ground."""
    alt = html.escape(read(results).alt)
    dark = f'<source media="(prefers-color-scheme: dark)" srcset="{stem}-dark.svg">'
    return f'<picture>\n  {dark}\n  <img src="{stem}-light.svg" alt="{alt}">\n</picture>'

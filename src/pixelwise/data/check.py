"""`pixelwise data check`: count, measure and pair the files of a data set, and list every defect, before training."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from rich.box import SIMPLE
from rich.progress import track
from rich.table import Table

from pixelwise.artifacts import MANIFEST
from pixelwise.data import roots
from pixelwise.data.check_example import Example, decode, headers
from pixelwise.data.examples import Entry, LabelTable
from pixelwise.data.read_images import counted
from pixelwise.data.readers import SPLITS, expected, label_table, listing, reading
from pixelwise.errors import PixelwiseError
from pixelwise.planning import early
from pixelwise.planning.origins import Origins
from pixelwise.settings.data import Dataset
from pixelwise.settings.profile import Profile
from pixelwise.terminal.console import cell, terminal
from pixelwise.terminal.screen import plain


@dataclass
class Split:
    """What was found in one split.

    Attributes:
        count: Examples whose files are all there.
        sizes: Height x width -> number of examples.
        pixels: Label id -> number of pixels.
        occurs: Label id -> number of label maps.
        instances: Number of examples with an instance map.
        brightness: Pixels per range of 32 grey levels, eight ranges; of the luma of all images.
        defects: One line each.
        notes: One line for each file or folder that was left out on purpose.
    """

    count: int = 0
    sizes: Counter[str] = field(default_factory=Counter)
    pixels: Counter[int] = field(default_factory=Counter)
    occurs: Counter[int] = field(default_factory=Counter)
    instances: int = 0
    brightness: list[int] = field(default_factory=lambda: [0] * 8)
    defects: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Planned(Protocol):
    """A planned run: its name, its profile, and its jobs, of which `fetch` and `train` are looked at."""

    @property
    def name(self) -> str:
        """Name of the run."""

    @property
    def profile_name(self) -> str:
        """Name of the profile."""

    @property
    def profile(self) -> Profile:
        """The profile itself."""

    @property
    def origins(self) -> Origins | None:
        """Where its values stand."""

    def of(self, *steps: str) -> list[Any]:
        """The jobs of these steps."""


def check(dataset: Dataset, root: Path, *, progress: bool = False) -> dict[str, Split]:
    """Look at every file of a data set, whatever the limits in the settings.

    Args:
        dataset: Settings.
        root: Folder that holds the files.
        progress: Show a progress bar on standard error.

    Returns:
        For each split the counts, sizes, histograms and every defect.
    """
    table = label_table(dataset)
    result = {}
    for split in SPLITS:
        found = listing(root, split, dataset)
        report = Split(count=len(found.entries), defects=list(found.defects), notes=found.notes)
        published = expected(dataset.kind, split)
        if published is not None and len(found.entries) != published:
            report.defects.append(f"{root}: {len(found.entries)} {split} examples; the published set has {published}")
        if table is not None and not (found.entries or found.defects):
            report.defects.append(f"{root}: no {split} examples; training and validation both need label maps")
        for entry in track(found.entries, split, console=terminal(stderr=True), disable=not progress):
            _look(entry, dataset, table, report)
        result[split] = report
    if table is None and not any(report.count or report.defects for report in result.values()):
        result[SPLITS[0]].defects.append(f"{root}: no images of {dataset.kind}")
    return result


def _look(entry: Entry, dataset: Dataset, table: LabelTable | None, report: Split) -> None:
    defects = headers(entry)
    if not defects:
        try:
            _count(decode(entry, dataset, table, {}), report)
        except PixelwiseError as error:
            defects = [str(error)]
    report.defects += defects


def _count(example: Example, report: Split) -> None:
    report.sizes[f"{example.image.height}x{example.image.width}"] += 1
    histogram = example.image.convert("L").histogram()
    report.brightness = [old + sum(histogram[32 * part : 32 * part + 32]) for part, old in enumerate(report.brightness)]
    report.instances += example.instance is not None
    if example.label is not None:
        pixels = counted(example.label)
        report.pixels.update(pixels)
        report.occurs.update(list(pixels))


def show(plan: Planned, name: str) -> None:
    """Print the check of one data set of a planned run.

    Raises:
        PixelwiseError: If the run has no such set, if it is not there yet, or if it has defects (after printing them).
    """
    if name not in plan.profile.datasets:
        raise PixelwiseError(f"data set {name}: not in this profile; it has {', '.join(plan.profile.datasets)}")
    dataset, root = plan.profile.datasets[name], Path("data") / plan.name / name / "raw"
    if roots.brought(dataset):
        root = roots.locate(dataset)
    elif not any(job.settings.name == name for job in plan.of("fetch")):
        raise PixelwiseError(f"data set {name}: no entry of train or restore uses it, so that it is never fetched")
    elif not (root / MANIFEST).is_file():
        config = f"profile={plan.profile_name} smoke={str(plan.name != plan.profile_name).lower()}"
        raise PixelwiseError(
            f"{root}: not fetched yet; run `snakemake --cores 1 {root / MANIFEST} --config {config}` first"
        )
    result = check(dataset, root, progress=terminal(stderr=True).is_terminal)
    table = label_table(dataset)
    render(result, table, f"{name}: {root}", reading(dataset).rule if table else "")
    wrong = list(early.misfits(plan, name, result[SPLITS[0]].count, _sizes(result)))
    for line in wrong:
        terminal(soft_wrap=True, highlight=False).print(plain(line), markup=False)
    count = sum(len(report.defects) for report in result.values()) + len(wrong)
    if count:
        raise PixelwiseError(f"data set {name}: {count} defect{'s' if count > 1 else ''}, listed above")


def _sizes(result: dict[str, Split]) -> set[tuple[int, int]]:
    """Heights and widths that occur."""
    shapes = [shape.split("x") for report in result.values() for shape in report.sizes]
    return {(int(height), int(width)) for height, width in shapes}


def render(result: dict[str, Split], table: LabelTable | None, title: str, rule: str = "") -> None:
    """Print counts, sizes, value histogram and defects on standard output."""
    console = terminal(soft_wrap=True, highlight=False, width=None if terminal().is_terminal else 110)
    console.print(plain(title), markup=False)
    for split, report in result.items():
        sizes = ", ".join(f"{size} ({count})" for size, count in report.sizes.most_common(6)) or "none"
        maps = f"; {report.instances} with instance map" if report.instances else ""
        console.print(f"{split}: {report.count} examples{maps}; height x width: {sizes}", markup=False)
        total = sum(report.brightness)
        if total:
            shares = " ".join(f"{100 * part / total:.1f}" for part in report.brightness)
            console.print(f"{split}: pixels in eight equal ranges, dark to bright, in %: {shares}", markup=False)
    if rule:
        console.print(plain(rule), markup=False)
    if table is not None:
        console.print(_histogram(result, table))
    for split, report in result.items():
        for line in report.notes:
            console.print(f"in {split}: {line}", markup=False)
        for line in report.defects:
            console.print(f"defect in {split}: {plain(line)}", markup=False)
    if not any(report.defects for report in result.values()):
        console.print("No defects.", markup=False)


def _histogram(result: dict[str, Split], table: LabelTable) -> Table:
    """Per label id: its name, its evaluation class, and per split the share of pixels and the number of maps."""
    drawn = Table("id", "label", "counted as", box=SIMPLE, padding=(0, 1, 0, 0))
    for split in result:
        drawn.add_column(f"{split},\n% pixels", justify="right")
        drawn.add_column(f"{split},\nmaps", justify="right")
    for number, label in enumerate(table.names):
        target = table.eval_map[number]
        cells = [str(number), cell(label), table.eval_names[target] if target < len(table.eval_names) else "-"]
        for report in result.values():
            share = 100 * report.pixels[number] / max(1, sum(report.pixels.values()))
            cells += [f"{share:.3f}", str(report.occurs[number])]
        drawn.add_row(*cells)
    return drawn

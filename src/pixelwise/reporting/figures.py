"""Draw every figure from the summary's tables and the register alone, in seconds and without torch.

A figure is declared by a module of `plots/`, in its function `figures`; nothing else lists figures.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any

from pixelwise.artifacts import write_bytes, write_json
from pixelwise.reporting import naming, plots, style
from pixelwise.reporting.figure_numbers import MissingNumbersError, Numbers, Plot
from pixelwise.settings.reporting import FiguresSettings


def declared(numbers: Numbers) -> list[Plot]:
    """The figures of a run, in order."""
    found: list[Plot] = []
    for module in pkgutil.iter_modules(plots.__path__, f"{plots.__name__}."):
        found += importlib.import_module(module.name).figures(numbers)
    return sorted(found, key=lambda plot: (plot.order, plot.name))


def draw(summary: Path, out: Path, run: str, dpi: int = 160) -> dict[str, Any]:
    """Draw all figures.

    Args:
        summary: Folder that the summarise step wrote.
        out: Folder for `<name>.png`, `<name>.svg`, `<name>-narrow.svg` (for a telephone) and `figures.json`.
        run: Name of the run, printed in the banner.
        dpi: Dots per inch of the PNG files.

    Returns:
        What `figures.json` holds: `figures` (name, title, caption, alt, synthetic, short, narrow) and `missing`
        (name, why); `narrow` is the name of the telephone's file without suffix.
    """
    numbers = Numbers.read(summary, run)
    index: dict[str, Any] = {"run": run, "figures": [], "missing": []}
    out.mkdir(parents=True, exist_ok=True)
    with style.context():
        for plot in declared(numbers):
            try:
                drawn = plot.draw(numbers)
            except MissingNumbersError as reason:
                index["missing"].append({"name": plot.name, "why": str(reason)})
                continue
            style.save(drawn.figure, out / drawn.name, dpi)
            narrow = f"{drawn.name}-narrow"
            with style.narrow():
                write_bytes(out / f"{narrow}.svg", style.svg(plot.draw(numbers).figure))
            index["figures"].append({**drawn.words(), "narrow": narrow})
    write_json(out / "figures.json", index)
    return index


def run(settings: FiguresSettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Step `figures`.

    Args:
        settings: Name of the run and resolution.
        inputs: `summary`: folder of the summarise step.
        out: Folder for the figures.
        work: Unused; drawing takes seconds.
    """
    with naming.shown(settings.models), style.unfinished(settings.partial):
        draw(inputs["summary"], out, settings.run, settings.dpi)

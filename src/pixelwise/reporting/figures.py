"""Draw every figure from the summary's tables and the register alone, in seconds and without torch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pixelwise.artifacts import write_json
from pixelwise.quantities import shown
from pixelwise.reporting import (
    plots_arithmetic,
    plots_classes,
    plots_differences,
    plots_follow,
    plots_quality,
    plots_restoration,
    plots_speed,
    plots_tiles,
    plots_training,
    style,
)
from pixelwise.reporting.figure_numbers import Drawn, MissingNumbersError, Numbers
from pixelwise.settings.reporting import FiguresSettings

DRAW: dict[str, Callable[[Numbers], Drawn]] = {
    "inference_time": plots_speed.inference_time,
    "runtime_resolution": plots_speed.resolution,
    "arithmetic": plots_arithmetic.arithmetic,
    **{
        f"{name}_runtime": partial(plots_quality.quality_against_time, kind=kind, metric=metric)
        for kind in ("fid", "segmentation")
        for name, metric in shown(kind, "figure").items()
    },
    "class_iou": plots_classes.class_iou,
    "denoising_runtime": plots_restoration.quality_against_time,
    "denoising_differences": plots_differences.differences,
    **{name: partial(plots_tiles.tile_grid, metric=metric) for name, metric in shown("restoration", "grid").items()},
    "quality_along_training": plots_follow.quality_along_training,
    "loss_curves": plots_training.losses,
    "psnr_samples": plots_training.psnr_against_samples,
}


def draw(summary: Path, out: Path, run: str, dpi: int = 160) -> dict[str, Any]:
    """Draw all figures.

    Args:
        summary: Folder that the summarise step wrote.
        out: Folder for `<name>.png`, `<name>.svg` and `figures.json`.
        run: Name of the run, printed in the banner.
        dpi: Dots per inch of the PNG files.

    Returns:
        What `figures.json` holds: `figures` (name, title, caption, alt, synthetic, short) and `missing` (name, why).
    """
    numbers = Numbers.read(summary, run)
    makers = dict(DRAW)
    for protocol in plots_restoration.protocols(numbers) or ["bsd68"]:
        makers[f"denoising_{protocol}"] = partial(plots_restoration.quality, protocol=protocol)
    index: dict[str, Any] = {"run": run, "figures": [], "missing": []}
    out.mkdir(parents=True, exist_ok=True)
    with style.context():
        for name, make in makers.items():
            try:
                drawn = make(numbers)
            except MissingNumbersError as reason:
                index["missing"].append({"name": name, "why": str(reason)})
                continue
            style.save(drawn.figure, out / drawn.name, dpi)
            words = {"name": drawn.name, "title": drawn.title, "caption": drawn.caption, "alt": drawn.alt}
            index["figures"].append({**words, "synthetic": drawn.synthetic, "short": drawn.short})
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
    draw(inputs["summary"], out, settings.run, settings.dpi)

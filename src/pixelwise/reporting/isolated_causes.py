"""What one change of a denoiser does, image by image, and whether a training had come to its end, for texts."""

from __future__ import annotations

from pathlib import Path

from pixelwise.artifacts import read_json
from pixelwise.quantities import metrics
from pixelwise.reporting import page_tables, paired_differences
from pixelwise.reporting.page_tables import Table
from pixelwise.reporting.style import label
from pixelwise.reporting.tidy_tables import each

METRIC = "psnr"
RESAMPLES = 2000
ENOUGH = 0.03
"""dB that the last fifth of a training must gain on held-out photographs to be called unfinished."""
COLUMNS = ["method", "against", "difference", "images", "seeds", "marks"]


def paired(folder: Path, protocol: str, sigma: float, against: str) -> Table:
    """PSNR of every method of a run minus that of one of them, on the same images.

    Args:
        folder: Results of a run.
        protocol: Name of the protocol.
        sigma: Noise level on the 0-255 scale.
        against: Name of the method that is taken off.

    Returns:
        A table, the largest difference first; its rows are empty where the run has no such method.
    """
    jobs = {path.parent.as_posix(): path.parent for path in (folder / "restore" / protocol).rglob("per_image.csv")}
    table = paired_differences.table(jobs, [against], RESAMPLES, 0)
    table = table[table["metric"].eq(METRIC) & table["sigma"].eq(sigma) & table["reference"].eq(against)]
    rows = [
        [label(row.model), label(row.reference), page_tables.signed(row, 2), str(row.n), str(row.seeds)]
        + [page_tables.marks(row)]
        for row in each(table.sort_values("difference", ascending=False))
    ]
    name = metrics("restoration")[METRIC].label
    return Table("table-paired", f"{name}, paired", COLUMNS, rows, "", frozenset({"method", "against", "marks"}))


def held_out(folder: Path) -> list[str]:
    """For each training of a run that kept photographs out: their PSNR, and what the last fifth of the steps gained."""
    said = []
    for path in sorted((folder / "train").rglob("training.json")):
        document = read_json(path)
        facts = document.get("held_out")
        if not facts:
            continue
        name = label(path.parents[1].name)
        said.append(
            f"{name}: {facts['psnr']:.2f} dB on {facts['images']} photographs kept out, after "
            f"{document['presentations']} patches."
        )
        if (gain := facts["gain_last_fifth"]) is not None:
            word = "under" if gain < ENOUGH else "not under"
            said.append(f"The last fifth of its steps gained {gain:+.3f} dB, {word} {ENOUGH:g} dB.")
    return said

"""Scores along trainings: gathered from what step `follow` leaves, read back, drawn."""

import pandas as pd
import pytest

from pixelwise.artifacts import write_manifest
from pixelwise.errors import PixelwiseError
from pixelwise.quantities import quantity
from pixelwise.reporting import figures, quality_curves
from pixelwise.reporting.figure_numbers import MissingNumbersError, Numbers
from pixelwise.reporting.plots.plots_follow import ordering, quality_along_training


def followed(folder, model, seed, falling):
    out = folder / f"results/r/follow/streets/{model}/seed{seed}"
    out.mkdir(parents=True)
    rows = [(n, falling - n / 100 - seed, 10 + n / 1000, True, True) for n in (2000, 4000, 8000)]
    table = pd.DataFrame(rows, columns=["presentations", "fid", "miou", "synthetic", "short"])
    table.to_csv(out / "quality.csv", index=False, lineterminator="\n")
    job = f"follow/streets/{model}/seed{seed}"
    write_manifest(out, {"id": job, "kind": "follow", "out": str(out), "code": {}}, {})
    return job, out


@pytest.fixture
def folders(tmp_path):
    return dict(followed(tmp_path, model, seed, 300.0) for model in ("asapnet", "spade") for seed in (0, 1))


def test_gathered_and_read_back(folders, tmp_path):
    table = quality_curves.gather(folders)
    assert len(table) == 2 * 2 * 3 * 2 and set(table["metric"]) == {"fid", "miou"}
    one = table.query("model == 'spade' and seed == 1 and metric == 'fid' and presentations == 4000")
    assert one["value"].item() == 259.0 and bool(one["short"].item())
    table.to_csv(tmp_path / quality_curves.FILE, index=False)
    pd.testing.assert_frame_equal(quality_curves.read(tmp_path), table, check_dtype=False)
    assert quality_curves.read(tmp_path / "elsewhere").empty


def test_a_damaged_table_is_left_out_and_named(folders):
    folder = next(iter(folders.values()))
    (folder / "quality.csv").write_text("presentations,fid,miou,synthetic,short\n1,x,2,True,True\n")
    left_out = []
    assert len(quality_curves.gather(folders, left_out)) == 3 * 3 * 2
    assert len(left_out) == 1 and "quality.csv" in left_out[0]
    with pytest.raises(PixelwiseError, match=r"quality\.csv"):
        quality_curves.gather(folders)


def test_drawn_with_every_model_and_seed(folders, planted):
    numbers = Numbers.read(planted.summary, "planted")
    with pytest.raises(MissingNumbersError, match="snapshots"):
        quality_along_training(numbers, "streets")
    known = Numbers(**{**vars(numbers), "quality": quality_curves.gather(folders)})
    drawn = quality_along_training(known, "streets")
    lines = drawn.figure.axes[0].get_lines()
    drawn_at = [list(line.get_xdata()) for line in lines]
    assert drawn_at.count([2000, 4000, 8000]) == 2 * (2 + 1)  # two seeds and their mean
    assert drawn.synthetic and drawn.short and "SPADE 220, still falling in 2 of 2 seeds" in drawn.alt
    assert "quality_along_training" in [plot.name for plot in figures.declared(numbers)]


def test_models_are_ordered_at_equal_pictures_and_at_equal_cost():
    """A dear network is ahead per picture and behind per minute."""
    rows = [
        *(("asapnet", seed, n, n / 1000, 300 - n / 100 + seed) for seed in (0, 2) for n in (2000, 4000)),
        *(("spade", seed, n, n / 250, 290 - n / 100 + seed) for seed in (0, 2) for n in (500, 4000)),
    ]
    own = pd.DataFrame(rows, columns=["model", "seed", "presentations", "cpu_minutes", "value"])
    fid = quantity("fid", "fid")
    assert ordering(own, fid, "presentations").endswith(
        "FID at 4000 training pictures each, best first: SPADE 251, ASAP-Net 261."
    )
    assert ordering(own, fid, "cpu_minutes").endswith(
        "at 4.00 processor minutes each, best first: ASAP-Net 261, SPADE 281."
    )
    assert ordering(own[own["model"].eq("spade")], fid, "presentations") == ""
    late = own[own["model"].ne("asapnet") | own["presentations"].gt(2000)].copy()
    late.loc[late["model"].eq("spade") & late["presentations"].eq(500), "cpu_minutes"] = 9.0
    assert ordering(late, fid, "cpu_minutes") == ""

"""The figures: drawn from the tables alone, the same bytes each time, marked where the numbers prove nothing."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pandas as pd
import pytest
from PIL import Image

from pixelwise.claims import register_files
from pixelwise.errors import PixelwiseError
from pixelwise.reporting import figures, published, style, summary
from pixelwise.reporting.figure_numbers import Numbers
from pixelwise.settings.reporting import SummarySettings

NAMES = {
    "quality_cost",
    "acc_all_runtime",
    "denoising_bsd68",
    "inference_time",
    "runtime_resolution",
    "fid_runtime",
    "miou_runtime",
    "class_iou",
    "denoising",
} | {*("denoising_runtime", "denoising_differences", "loss_curves", "psnr_samples", "blockiness", "arithmetic")}


def test_all_figures_are_drawn_as_png_and_svg(planted):
    assert {entry["name"] for entry in planted.index["figures"]} == NAMES
    for name in NAMES:
        with Image.open(planted.figures / f"{name}.png") as image:
            assert image.width > 400
        wide, narrow = (_width(planted.figures / f"{stem}.svg") for stem in (name, f"{name}-narrow"))
        assert narrow == 4 * 72 < wide


def _width(path):
    """Points of a drawing's width."""
    root = ElementTree.parse(path).getroot()
    assert root.tag.endswith("svg")
    return float(root.attrib["width"].removesuffix("pt"))


def test_banner_stands_on_figures_of_synthetic_and_short_runs_only(planted):
    for entry in planted.index["figures"]:
        svg = (planted.figures / f"{entry['name']}.svg").read_text()
        assert ("SYNTHETIC DATA" in svg) == entry["synthetic"]
        assert ("SHORT RUN" in svg) == entry["short"]
    marked = {entry["name"]: (entry["synthetic"], entry["short"]) for entry in planted.index["figures"]}
    assert marked["fid_runtime"] == (True, True)
    assert marked["inference_time"] == (False, False)
    assert marked["denoising"] == (False, True)


def test_figures_hold_the_numbers_of_the_run(planted):
    words = {entry["name"]: entry["alt"] for entry in planted.index["figures"]}
    assert "ASAP-Net 410 ms" in words["inference_time"]
    assert "2.88 at 0.13 to 3.60 at 0.52 megapixels" in words["runtime_resolution"]
    assert "drawn scenes against each other: 14.0" in words["fid_runtime"]


def test_run_without_numbers_draws_nothing_and_says_why(tmp_path):
    (tmp_path / "summary").mkdir()
    summary.run(SummarySettings(run="empty"), {}, tmp_path / "summary", tmp_path)
    index = figures.draw(tmp_path / "summary", tmp_path / "figures", "empty")
    assert index["figures"] == []
    assert len(index["missing"]) == len(figures.declared(Numbers.read(tmp_path / "summary", "empty")))
    assert all(entry["why"] for entry in index["missing"])


def test_neither_figures_nor_page_import_torch():
    modules = ", ".join(f"pixelwise.reporting.{name}" for name in ("summary", "figures", "page", "readme"))
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_published_points_are_the_registers():
    table = published.load()
    document, _ = register_files.read()
    entries = [entry for section in ("claims", "readings", "references") for entry in document[section]]
    claims = {entry["id"]: entry for entry in entries}
    assert len(table) > 100
    for row in table.itertuples():
        assert claims[row.claim]["value"] == row.value
        assert row.high - row.value == pytest.approx(claims[row.claim].get("reading_error") or 0)


@pytest.mark.parametrize(
    ("kind", "quantity", "model", "size", "value"),
    [
        ("quality", "fid", "asapnet", (256, 512), 67.1),  # docs/reference/sources.md, "Quality against runtime"
        ("quality", "miou", "pix2pixhd", (256, 512), 56.2),
        ("quality", "latency", "cc_fpse", (512, 1024), 520),
        ("resolution", "latency", "asapnet", (2048, 2048), 129.7),  # "Runtime against resolution" there
        ("resolution", "latency", "pix2pixhd", (1024, 2048), 319.7),
    ],
)
def test_published_points_are_the_papers(kind, quantity, model, size, value):
    table = published.load()
    table = table[
        (table["panel_kind"] == kind) & table["panel"].str.startswith("Paper") & (table["dataset"] != "facades")
    ]
    rows = table[table["model"].eq(model) & table["quantity"].eq(quantity)]
    assert rows[rows["height"].eq(size[0]) & rows["width"].eq(size[1])]["value"].tolist() == [value]


def test_register_that_is_no_yaml_is_one_line(tmp_path):
    (tmp_path / "register.yaml").write_text("claims: [")
    with pytest.raises(PixelwiseError, match="not readable as YAML"):
        published.load(tmp_path / "register.yaml")


def test_every_model_keeps_its_colour_and_variants_differ():
    assert style.colour("asapnet") == style.colour("asapnet", ["asapnet", "pix2pixhd"])
    forms = ["asapnet_l2", "asapnet_residual", "asapnet_residual_s8"]
    assert len({style.colour(name, forms) for name in forms}) == 3
    assert style.label("asapnet_residual_s8") == "ASAP-Net residual s8"
    assert style.label("<b>mine") == "<b>mine"
    assert style.label("spade_pix2pixhd optimised") == "pix2pixHD optimised"
    assert style.colour("spade_pix2pixhd optimised") == style.colour("pix2pixhd")


@pytest.mark.parametrize(("value", "text"), [(1180.4, "1180"), (17.2, "17.2"), (0.4123, "0.412"), (100, "100")])
def test_numbers_on_figures_have_no_powers_of_ten(value, text):
    assert style.digits(value) == text


def test_ratio_of_published_times_carries_reading_errors():
    from pixelwise.reporting.pairs import ratios

    table = published.load().query("panel_kind == 'resolution'")
    found = ratios(table.assign(megapixels=table["height"] * table["width"] / 1e6), ("pix2pixhd", "asapnet"))
    by_size = dict(zip(found["megapixels"].round(3), found["value"], strict=True))
    # P-R3; docs/reference/sources.md, "Runtime against resolution"
    assert [by_size[size] for size in (0.066, 0.262, 1.049, 4.194)] == pytest.approx([2.29, 4.30, 4.66, 5.26], abs=0.02)
    assert (found["low"] < found["value"]).all() and (found["value"] < found["high"]).all()
    assert isinstance(found, pd.DataFrame)

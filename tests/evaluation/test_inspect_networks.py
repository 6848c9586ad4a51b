from __future__ import annotations

import pytest

from pixelwise.claims.claim_schema import register
from pixelwise.claims.evidence import load_below
from pixelwise.claims.findings import decided
from pixelwise.claims.verdicts import decide
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation.inspect_networks import run
from pixelwise.models import declarations
from pixelwise.models.asapnet_facts import tile_of
from pixelwise.models.dncnn_facts import receptive_field
from pixelwise.record import read_records
from pixelwise.settings.claims import ArchitectureSettings


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("inspect")
    for name, model in declarations.models().items():
        against = ("asapnet",) if model.input == "labels" and name != "asapnet" else ()
        settings = ArchitectureSettings(architecture=name, sizes=((256, 512), (512, 1024)), against=against)
        (out / name).mkdir()
        run(settings, {}, out / name, out)
    return out


@pytest.fixture(scope="module")
def values(folder):
    found = {}
    for record in (record for path in folder.glob("*/metrics.json") for record in read_records(path)):
        size = (record.condition.get("height"), record.condition.get("depth"))
        for name, value in record.values.items():
            found[record.model, name, *size] = value.value
    return found


@pytest.mark.parametrize(
    ("model", "name", "height", "expected"),
    [
        ("asapnet", "parameters", 256, 83_201_411),
        ("asapnet", "parameters_per_tile", 256, 16_003),
        ("asapnet", "mlp_inputs", 256, 51),
        ("asapnet", "position_channels", 256, 16),
        ("asapnet", "grid_rows", 512, 16),
        ("asapnet", "tile", 512, 32),
        ("pix2pixhd_global", "parameters", 256, 182_546_755),
        ("spade_pix2pixhd", "parameters", 256, 182_525_379),
        ("pix2pixhd_local", "parameters", None, 182_857_059),
        ("multiscale_discriminator", "parameters", None, 5_601_410),
        ("dncnn_saoyan_17", "parameters", None, 556_032),
        ("drn_d_105", "parameters", None, 54_302_915),
        ("recipe asapnet", "epochs", None, 300),
        ("recipe spade_pix2pixhd", "epochs", None, 50),
    ],
)
def test_published_counts(values, model, name, height, expected):
    assert values[model, name, height, None] == expected


def test_published_arithmetic(values):
    assert values["asapnet", "gmacs", 256, None] == pytest.approx(48.9, abs=0.05)
    assert values["pix2pixhd_global", "gmacs", 256, None] == pytest.approx(122.3, abs=0.1)
    assert values["pix2pixhd_global/asapnet", "gmacs_ratio", 256, None] == pytest.approx(2.50, abs=0.01)
    assert values["pix2pixhd_global/asapnet", "gmacs_ratio", 512, None] == pytest.approx(8.84, abs=0.01)


def test_the_parts_sum_to_the_whole(values):
    parts = [values["asapnet", f"gmacs_{part}", 256, None] for part in ("stem", "blocks", "head", "pixelwise")]
    assert sum(parts) == pytest.approx(values["asapnet", "gmacs", 256, None])


@pytest.mark.parametrize("depth", [3, 5, 17])
def test_receptive_field_is_two_depths_and_one(depth):
    assert receptive_field(depth) == 2 * depth + 1


@pytest.mark.parametrize(("size", "tile"), [((256, 512), 16), ((512, 512), 32), ((1024, 1024), 64), ((512, 1024), 32)])
def test_tile_follows_the_official_options(size, tile):
    assert tile_of(*size) == tile


def test_other_sizes_are_refused():
    with pytest.raises(PixelwiseError, match="256x300"):
        tile_of(256, 300)


def test_architecture_claims_are_decided(folder):
    known, items = register(), load_below(folder)[0]
    findings = {
        c.id: decide(known, c, items, []) for c in known.checked if getattr(c.check, "kind", "") == "architecture"
    }
    open_ = {name for name, finding in findings.items() if not decided(finding)}
    assert open_ == {"P-3"}  # 1024x1024 was not inspected
    assert len(findings) > 25
    assert {finding.verdict for name, finding in findings.items() if name not in open_} == {"confirmed"}

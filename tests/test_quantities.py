"""Records: every quantity in its own unit and range, infinity where it is a value, nothing that was changed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from pixelwise.artifacts import write_manifest
from pixelwise.claims.checks import Measurement
from pixelwise.claims.claim_schema import register
from pixelwise.errors import PixelwiseError
from pixelwise.quantities import INFINITY, kinds, quantity
from pixelwise.record import Record, Value, measured, read_records, write_records

ROOT = Path(__file__).resolve().parents[1]
RECORD: dict[str, Any] = {
    **{"kind": "segmentation", "task": "translation", "model": "asapnet", "dataset": "cityscapes", "protocol": "N"},
    **{"protocol_hash": "", "condition": {"height": 256}, "n": 500, "seed": 0, "weights_sha256": None},
    **{"synthetic": False, "short": False, "hardware": {}},
    "values": {"miou": {"value": 31.0, "unit": "%", "low": 30.0, "high": 32.0, "interval": "bootstrap"}},
}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a fraction for per cent": ({"values": {"miou": {"value": 0.31, "unit": "1"}}}, "it is defined in '%'"),
    "more than all": ({"values": {"miou": {"value": 131.0, "unit": "%"}}}, "allowed are 0 to 100"),
    "seconds for milliseconds": (
        {"kind": "latency", "values": {"median": {"value": 0.4, "unit": "s"}}},
        "it is defined in 'ms'",
    ),
    "a negative time": ({"kind": "latency", "values": {"median": {"value": -4, "unit": "ms"}}}, "allowed are 0"),
    "no such quantity": ({"values": {"niou": {"value": 1.0, "unit": "%"}}}, "no quantity of this name"),
    "low above value": ({"values": {"miou": {"value": 1, "unit": "%", "low": 2, "high": 3}}}, "must not fall"),
    "high below value": ({"values": {"miou": {"value": 3, "unit": "%", "low": 2, "high": 1}}}, "must not fall"),
    "half an interval": ({"values": {"miou": {"value": 3, "unit": "%", "low": 2}}}, "given together"),
    "a number as text": ({"values": {"miou": {"value": "31", "unit": "%"}}}, "a number"),
    "true as a number": ({"values": {"miou": {"value": True, "unit": "%"}}}, "a number"),
    "infinity where it is none": ({"values": {"miou": {"value": INFINITY, "unit": "%"}}}, "finite"),
    "minus infinity": (
        {"kind": "restoration", "values": {"psnr": {"value": "-Infinity", "unit": "dB"}}},
        "a number",
    ),
    "n as text": ({"n": "500"}, "n: Input should be a valid integer"),
    "n true": ({"n": True}, "n: Input should be a valid integer"),
    "a number of nothing": ({"n": 0}, "records.0.n: 0"),
    "a model without a name": ({"model": ""}, "printable"),
    "a model with a control character": ({"model": "a\x1b[31m"}, "printable"),
    "a negative n": ({"n": -1}, "greater than or equal to 0"),
    "short as text": ({"short": "no"}, "short: Input should be a valid boolean"),
    "a hash that is none": ({"weights_sha256": "abc"}, "weights_sha256: String should match"),
    "another kind": ({"kind": "guess"}, "kind: Input should be"),
    "a condition that is a list": ({"condition": {"height": [1]}}, "condition.height"),
    "an unknown name": ({"sede": 1}, "did you mean seed"),
}


def write(path: Path, **changes: Any) -> Path:
    path.write_text(json.dumps({"records": [{**RECORD, **changes}]}))
    return path


@pytest.mark.parametrize(("changes", "message"), WRONG.values(), ids=WRONG)
def test_wrong_records_are_one_line(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(PixelwiseError) as caught:
        read_records(write(tmp_path / "metrics.json", **changes))
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path}/metrics.json: records.0.")


@pytest.mark.parametrize("content", ["[]", "1", "{}", '{"records": {}}', '{"records": [1]}', '{"records": [], "x": 1}'])
def test_what_holds_no_records_is_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "metrics.json").write_text(content)
    with pytest.raises(PixelwiseError, match=r"metrics\.json: "):
        read_records(tmp_path / "metrics.json")


def test_two_records_of_one_measurement_are_refused(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text(json.dumps({"records": [RECORD, RECORD]}))
    with pytest.raises(PixelwiseError, match="a second record of asapnet"):
        read_records(tmp_path / "metrics.json")


def test_a_right_record_is_read_and_a_changed_one_is_not(tmp_path: Path) -> None:
    path = write(tmp_path / "metrics.json")
    write_manifest(tmp_path, {}, {})
    assert read_records(path)[0].values["miou"].value == 31.0
    path.write_text(path.read_text().replace("31.0", "31.9"))
    with pytest.raises(PixelwiseError, match="it was changed"):
        read_records(path)


def test_infinity_is_a_value_of_psnr_alone_and_comes_back(tmp_path: Path) -> None:
    perfect = measured(math.inf, "dB", 30.0, math.inf, "bootstrap over images, 95 %")
    record = Record(**{**RECORD, "kind": "restoration", "task": "denoising", "values": {"psnr": perfect}})
    write_records(tmp_path / "metrics.json", [record])
    assert '"value": "Infinity"' in (tmp_path / "metrics.json").read_text()
    assert read_records(tmp_path / "metrics.json") == [record]
    with pytest.raises(PixelwiseError, match="finite"):
        wrong = record.model_copy(update={"values": {"ssim": Value(value=math.inf, unit="1")}})
        write_records(tmp_path / "x.json", [wrong])


def test_an_interval_is_widened_to_its_value_and_left_out_where_undefined() -> None:
    assert measured(1.0, "1", 1.5, 2.0, "x").low == 1.0
    assert measured(1.0, "1", math.nan, math.nan, "x").low is None


def test_what_claims_ask_for_is_defined_in_the_unit_that_they_name() -> None:
    for claim in register().checked:
        if isinstance(claim.check, Measurement):
            wanted = quantity(claim.check.kind, claim.check.value)
            assert wanted is not None, claim.id
            if claim.check.combine != "ratio" and claim.unit:
                points = claim.check.combine == "difference" and wanted.units == ("%",)
                assert claim.unit in (("points",) if points else wanted.units), claim.id


def test_every_recorded_file_passes_the_door() -> None:
    paths = [path for path in (ROOT / "results").rglob("metrics.json") if "summary" not in path.parts]
    found = {record.kind for path in paths for record in read_records(path)}
    assert found >= set(kinds()) - {"bench"}

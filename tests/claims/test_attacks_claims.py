"""A `claims.json` that leaves out what has a default is read as if it stood there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pixelwise.claims import findings, verdict_tables

RECORDED = next(iter(sorted((Path(__file__).parents[2] / "results/recorded").glob("*/claims/claims.json"))))


def present(document: Any) -> Any:
    """A recorded file under the names of today's fields."""
    text = json.dumps(document)
    for name, before in {
        "context_only": "beside",
        "context_measured": "beside_measured",
        "reasons_excluded": "bars",
    }.items():
        text = text.replace(f'"{before}": ', f'"{name}": ')
    return json.loads(text)


def written(folder: Path, document: Any) -> Path:
    (folder / "claims.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def test_a_whole_file_is_read_as_it_is(tmp_path: Path) -> None:
    document = present(json.loads(RECORDED.read_text(encoding="utf-8")))
    assert findings.read_verdicts(written(tmp_path, document)) == {"left_out": [], **document}


@pytest.mark.parametrize(
    "name", ["missing", "evidence", "context_only", "note", "value", "contradiction", "context_measured"]
)
def test_what_is_left_out_has_its_default(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    document = present(json.loads(RECORDED.read_text(encoding="utf-8")))
    for claim in document["claims"]:
        claim.pop(name, None)
    written(tmp_path, document)
    verdict_tables.show(tmp_path)
    verdict_tables.show(tmp_path, explain=document["claims"][0]["id"])
    assert document["claims"][0]["id"] in capsys.readouterr().out

"""A `claims.json` that leaves out what has a default is read as if it stood there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pixelwise.claims import findings, judge, verdict_tables

RECORDED = next(iter(sorted((Path(__file__).parents[2] / "results/recorded").glob("*/inspect"))))


@pytest.fixture(scope="module")
def judged() -> Any:
    """What judging a recorded run gives now."""
    return judge.judge_below(RECORDED)


def written(folder: Path, document: Any) -> Path:
    (folder / "claims.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def test_a_whole_file_is_read_as_it_is(judged: Any, tmp_path: Path) -> None:
    found = findings.read_verdicts(written(tmp_path, judged))
    checks = [entry.pop("check") for entry in (*found["claims"], *found["references"])]
    given = json.loads(json.dumps(judged))
    assert [check["by"] for check in checks] == [e.pop("check")["by"] for e in (*given["claims"], *given["references"])]
    assert found == given


@pytest.mark.parametrize(
    "name", ["missing", "evidence", "context_only", "note", "value", "contradiction", "context_measured"]
)
def test_what_is_left_out_has_its_default(
    judged: Any, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(json.dumps(judged))
    for claim in document["claims"]:
        claim.pop(name, None)
    written(tmp_path, document)
    verdict_tables.show(tmp_path)
    verdict_tables.show(tmp_path, explain=document["claims"][0]["id"])
    assert document["claims"][0]["id"] in capsys.readouterr().out

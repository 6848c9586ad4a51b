"""One line stays one line that a terminal can show, and a job that lacks an input says which."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pixelwise import net
from pixelwise.errors import PixelwiseError
from pixelwise.planning import execute, graph, staleness
from tests.pipeline.micro import PARAMS


def test_a_long_line_is_cut_in_the_middle(capfd: pytest.CaptureFixture[str]) -> None:
    assert net.report(PixelwiseError(f"x.pth: {'k' * 10**6} is left over")) == 2
    line = capfd.readouterr().err
    assert len(line) < 2100 and line.count("\n") == 1
    assert line.startswith("pixelwise: error: x.pth: k") and line.endswith(" is left over\n")


def test_a_role_that_the_job_file_lacks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(execute, "_unlisted", lambda job: [])  # other tests' imports in this process
    planned = {job.id: job for job in graph.plan_of(PARAMS).jobs}
    staleness.prepare(planned.values())
    execute.execute(Path(planned["fetch/photos"].file), "fetch")
    file = Path(planned["prepare/photos"].file)
    document = json.loads(file.read_text())
    document["job"]["inputs"] = {}
    file.write_text(json.dumps(document))
    with pytest.raises(PixelwiseError, match=r"prepare/photos\.json: job\.inputs: no 'raw'"):
        execute.execute(file, "prepare")
    assert not Path(planned["prepare/photos"].out).exists()

"""A figure is one file: a toy in a copy of the package is drawn, listed and counted as the figures' code."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.sharing import know_sources, package

TOY = '''"""A toy."""

from __future__ import annotations

from pixelwise.reporting.figure_numbers import Drawn, Numbers, Plot
from pixelwise.reporting.style import canvas, finish


def toy(numbers: Numbers) -> Drawn:
    """Two points."""
    figure, (axes, *_) = canvas()
    axes.plot([0, 1], [0, 1])
    finish(figure, "A toy", numbers.run, synthetic=False, short=False)
    return Drawn("toy", "A toy", "Two points.", "0 and 1", figure, synthetic=False, short=False)


def figures(numbers: Numbers) -> list[Plot]:
    """One."""
    return [Plot(5, "toy", toy)]
'''
DRAWN = """
import json, sys
from pathlib import Path
from pixelwise.planning import graph
from pixelwise.reporting import figures
if sys.argv[3] == "draw":
    figures.draw(Path(sys.argv[1]), Path("figures"), "toys", dpi=60)
jobs = graph.plan(Path(sys.argv[2]), "paper").jobs
print(json.dumps({job.id: job.description()["code"] for job in jobs}))
"""


def drawn(copy: Path, summary: Path, folder: Path, what: str) -> dict[str, dict[str, str]]:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", DRAWN, str(summary), str(root / "params.yaml"), what],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(copy.parent)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, str]] = json.loads(done.stdout)
    return found


def test_a_figure_is_one_file(planted, tmp_path: Path, tmp_path_factory) -> None:
    copy = tmp_path / "src" / "pixelwise"
    package(copy)
    know_sources(tmp_path_factory, tmp_path)
    before = drawn(copy, planted.summary, tmp_path, "plan")
    (copy / "reporting/plots/plots_toy.py").write_text(TOY)
    after = drawn(copy, planted.summary, tmp_path, "draw")
    index = json.loads((tmp_path / "figures/figures.json").read_text())
    assert index["figures"][0] == {
        **{"name": "toy", "title": "A toy", "caption": "Two points.", "alt": "0 and 1"},
        **{"synthetic": False, "short": False, "narrow": "toy-narrow"},
    }
    assert (tmp_path / "figures/toy.png").is_file()
    assert {job for job in after if after[job] != before[job]} == {"figures"}

"""A change of code that does not concern a finished training: accepted once, it is valid for both tools."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.pipeline.micro import ROOT, Clone

WHY = "A message was worded anew."
TRAININGS = ("train/photos/dncnn/seed0", "train/photos/asapnet_denoise/seed0")


def test_neither_tool_trains_again(clone: Clone) -> None:
    source = clone.folder / "src/pixelwise/training/denoising.py"
    source.write_text(source.read_text() + "\n\nUNUSED = 1\n")
    weights = [clone.folder / "results/micro" / job / "model.safetensors" for job in TRAININGS]
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in weights]
    own = {"PYTHONPATH": str(clone.folder / "src")}
    other = clone.run("pixelwise", "accept", TRAININGS[0], "--why", WHY, check=False, PYTHONPATH=str(ROOT / "src"))
    assert other.returncode == 2 and "src/pixelwise: not what runs now" in other.stderr
    for job in TRAININGS:
        assert clone.run("pixelwise", "accept", job, "--why", WHY, **own).stdout.startswith(f"accepted: {job}: ")
    assert clone.jobs("dvc", "repro") == Counter({"report": 1})
    assert clone.nothing_to_do()
    assert clone.jobs("dvc", "repro") == Counter()
    assert clone.run("dvc", "status", "train").stdout.count("changed") == 0
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in weights] == before
    page = Path(clone.folder, "results/micro/report/index.html").read_text()
    assert WHY in page and "pixelwise/training/denoising.py" in page
    clone.run("pixelwise", "verify", **own)


def test_another_package_is_refused_unless_any_may_compute(clone: Clone) -> None:
    """A version of PyYAML that only the verdicts, the figures and the page read with, planted before all others."""
    info = clone.folder / "site/pyyaml-99.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: PyYAML\nVersion: 99.1\n")
    (info / "top_level.txt").write_text("yaml\n_yaml\n")
    planted = str(info.parent)
    refused = clone.snakemake("-n", "all", check=False, PYTHONPATH=planted)
    assert refused.returncode and "requirements.lock: pyyaml 99.1 is installed, and " in refused.stderr
    assert "Traceback" not in refused.stderr
    clone.edit("environment", "any")
    before = len(clone.log())
    clone.snakemake("all", PYTHONPATH=planted)
    assert sorted(clone.log()[before:]) == ["figures", "judge", "report"]
    page = Path(clone.folder, "results/micro/report/index.html").read_text()
    assert "installed packages differ from the lock: pyyaml 99.1 is installed, and" in page
    assert "Nothing to be done" in "".join(
        (done := clone.snakemake("-n", "all", PYTHONPATH=planted)).stdout + done.stderr
    )

"""A damaged or wrong file decides nothing and is named, on the terminal and on the page; all else goes on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from pixelwise.artifacts import write_manifest
from pixelwise.claims import judge, verdict_tables
from pixelwise.errors import PixelwiseError
from pixelwise.reporting import page, summary, terminal_tables, tidy_tables
from pixelwise.settings.claims import JudgeSettings
from pixelwise.settings.reporting import ReportSettings, SummarySettings


@pytest.fixture
def copy(planted, tmp_path: Path) -> SimpleNamespace:
    """The planted run in a folder that a test may damage: `root`, `jobs`, `scored`."""
    root = tmp_path / "planted"
    shutil.copytree(planted.root / "results/planted", root)
    jobs = {name: root / name for name in planted.jobs}
    return SimpleNamespace(root=root, jobs=jobs, scored={name: root / name for name in planted.scored})


def gather(copy: SimpleNamespace) -> tuple[Path, Path]:
    made = [copy.root / name for name in ("summary", "claims")]
    for folder in made:
        shutil.rmtree(folder)
        folder.mkdir()
    summary.run(SummarySettings(run="planted", resamples=100), copy.scored, made[0], copy.root)
    judge.run(JudgeSettings(run="planted"), {"summary": made[0], **copy.scored}, made[1], copy.root)
    return made[0], made[1]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.slow
def test_a_hand_edited_ratio_confirms_nothing_and_stands_on_the_page(copy: SimpleNamespace) -> None:
    path = copy.jobs["time/translation"] / "metrics.json"
    before = {claim["id"]: claim["verdict"] for claim in judge.judge_below(copy.root)["claims"]}
    assert before["S-SPD-3"] == "other machine"
    edit(path, '"value": 2.88', '"value": 2.9')
    document = judge.judge_below(copy.root)
    after = {claim["id"]: claim["verdict"] for claim in document["claims"]}
    assert after["S-SPD-3"] == "not testable here"
    (line,) = document["left_out"]
    assert line.startswith(f"{path}: sha256 ") and "it was changed" in line
    made, claims = gather(copy)
    assert line in summary.left_out(made)
    assert "time/translation/metrics.json" not in set(tidy_tables.read_all(made)["source"])
    assert len(tidy_tables.read_all(made)) > 50
    console = Console(width=400, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    verdict_tables.show(claims, console=console)
    assert f"Left out: {line}" in console.export_text()
    verdict_tables.show(copy.root, metrics=copy.root, console=console)
    assert f"Left out: {line}" in console.export_text()
    terminal_tables.show(made, console)
    assert f"Left out: {line}" in console.export_text()
    inputs = {"summary": made, "claims": claims, "figures": copy.root / "figures", **copy.jobs}
    html = page.render(ReportSettings(run="planted", profile="planted"), inputs)
    assert 'id="left-out"' in html and str(path) in html and html.count("it was changed") == 1


@pytest.mark.parametrize(
    ("job", "file", "content"),
    [
        ("restore/bsd68/dncnn_s/seed0", "per_image.csv", "model,sigma,image,metric,value\na,25,x,psnr,nan\n"),
        ("restore/bsd68/dncnn_s/seed0", "per_image.csv", "model,sigma,image,metric,value\na,25,x,ssim,7\n"),
        ("restore/bsd68/dncnn_s/seed0", "per_image.csv", "\xff"),
        ("restore/bsd68/dncnn_s/seed0", "metrics.json", '{"records": [{}]}'),
        ("train/photos/dncnn/seed0", "loss.csv", "step,loss\n1,inf\n"),
        ("train/photos/dncnn/seed0", "loss.csv", "step,loss\n2,1\n1,1\n"),
        ("train/photos/dncnn/seed0", "training.json", '{"short": "no"}'),
        ("fid/streets/asapnet/seed0", "resamples.csv", "protocol,resample,value\npytorch-fid,0,nan\n"),
        ("fid/streets/asapnet/seed0", "resamples.csv", "protocol,resample,value\nkid,0,1\nkid,0,2\n"),
    ],
)
def test_a_wrong_file_costs_its_own_rows(copy: SimpleNamespace, job: str, file: str, content: str) -> None:
    """Also where the manifest says that the file is as it was made."""
    (copy.jobs[job] / file).write_text(content, encoding="latin-1")
    write_manifest(copy.jobs[job], {}, {})
    made, claims = gather(copy)
    document = json.loads((claims / "claims.json").read_text())
    lines = {*summary.left_out(made), *document["left_out"]}
    assert lines and all(line.startswith(f"{copy.jobs[job] / file}: ") and "\n" not in line for line in lines)
    assert len(tidy_tables.read_all(made)) > 50


@pytest.mark.parametrize("damage", ["[]", "{", '{"job": {}, "inputs": {}, "files": {}}'])
def test_a_damaged_manifest_costs_its_own_claims(copy: SimpleNamespace, damage: str) -> None:
    (copy.jobs["time/translation"] / "manifest.json").write_text(damage)
    document = judge.judge_below(copy.root)
    assert len(document["left_out"]) == 1 and "time/translation" in document["left_out"][0]
    assert document["counts"]["documents compared"]["confirmed"] > 0


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("claims/claims.json", '"verdict": "confirmed"', '"verdict": "contradicted"'),
        ("claims/claims.json", '"checks": {', '"checks": {"superseded": 9,'),
        ("claims/claims.json", '"low": 2.', '"low": "2.'),
        ("summary/metrics.csv", ",planted,", ",planted\n,"),
        ("summary/timings.csv", ",ms,", ",s,"),
        ("summary/denoising_differences.csv", ",dB,", ",\0,"),
        ("figures/figures.json", '"figures": [', '"figures": [1, '),
        ("figures/figures.json", '"name": "', '"name": "../'),
    ],
)
def test_what_the_page_itself_is_made_of_is_one_line(copy: SimpleNamespace, file: str, old: str, new: str) -> None:
    edit(copy.root / file, old, new)
    inputs = {name: copy.root / name for name in ("summary", "claims", "figures")} | copy.jobs
    with pytest.raises(PixelwiseError) as caught:
        page.render(ReportSettings(run="planted", profile="planted"), inputs)
    assert str(copy.root / file) in str(caught.value) and "\n" not in str(caught.value)


def test_a_changed_picture_is_not_shown(copy: SimpleNamespace) -> None:
    path = sorted((copy.jobs["restore/bsd68/dncnn_s/seed0"] / "samples").glob("*dncnn_s.png"))[0]
    path.write_bytes(path.read_bytes() + b"\0")
    inputs = {name: copy.root / name for name in ("summary", "claims", "figures")} | copy.jobs
    html = page.render(ReportSettings(run="planted", profile="planted"), inputs)
    assert f"{path}: sha256" in html

"""The project's own prose: numbers generated or true, README short, pages that say what they answer, one glossary."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from pixelwise.claims.checks import VERDICTS
from pixelwise.claims.claim_schema import register
from pixelwise.claims.wording import VERBS
from pixelwise.planning import graph
from pixelwise.quantities import quantity
from pixelwise.reporting import readme

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
GLOSSARY = (ROOT / "docs/glossary.md").read_text()
PAGES = sorted([*ROOT.glob("docs/*.md"), *ROOT.glob("docs/reference/*.md")])
MOST_LINES = 120


def example() -> dict:
    """README's profile for data of one's own."""
    found: dict = yaml.safe_load(re.search(r"```yaml\n(.*?)```", README, re.DOTALL)[1])
    return found


@pytest.mark.parametrize("path", [ROOT / "README.md", *ROOT.glob("docs/*.md")], ids=lambda path: path.name)
def test_every_generated_block_and_picture_is_current(path):
    assert readme.stale(path, ROOT / "results") == []


def test_readme_is_short():
    assert len(README.splitlines()) <= MOST_LINES


def test_every_typed_number_of_readme_is_true():
    """Numbers outside generated blocks, code and links: each stands where it comes from."""
    typed = readme.BLOCK.sub("", README)
    typed = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", typed, flags=re.DOTALL)
    make, project = (ROOT / "Makefile").read_text(), (ROOT / "pyproject.toml").read_text()
    params = yaml.safe_load((ROOT / "params.yaml").read_text())["profiles"]
    speed = {claim.id: claim.value for claim in register().claims if claim.id in ("P-1", "P-1-LOW")}
    assert (speed["P-1-LOW"], speed["P-1"]) == (2, 18) and "2 to 18 times faster" in typed
    assert "(5.5 GB)" in make and "takes 5.5 GB on disk" in typed
    assert "needs Python 3.11 or 3.12" in make and ">=3.11,<3.13" in project and "Python 3.11 or 3.12" in typed
    lines = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)[1].splitlines()
    assert len(lines) <= 15 and "in 15 lines of YAML" in typed
    sizes = {}
    for name, row in re.findall(r"^\| `([a-z-]+)`[^|]*\| ([^|]*)", README, re.MULTILINE):
        sizes[name] = re.findall(r"(\d+)x(\d+)", row)
        known = {(str(d["height"]), str(d["width"])) for d in params[name]["datasets"].values() if d.get("height")}
        assert set(sizes[name]) <= known, name
    assert set(sizes) == set(params) and sizes["camvid-cpu"] and sizes["paper"]
    places = {"2021", "86", "64", "400", "68", "12", "500", "200"}  # CVPR, x86-64, names of data sets, H200
    left = re.sub(r"2 to 18 times|WSL2|pix2pixHD|5\.5 GB|3\.11 or 3\.12|in 15 lines|\d+x\d+", "", typed)
    assert set(re.findall(r"\d+(?:\.\d+)?", left)) <= places


def test_the_example_for_own_data_is_a_profile(tmp_path):
    for name in ("labels", "images"):
        (tmp_path / name).mkdir()
    values = yaml.safe_load((ROOT / "params.yaml").read_text())
    assert "mine" not in values["profiles"]
    values["profiles"] |= example()
    values["profiles"]["mine"]["datasets"]["pictures"]["root"] = str(tmp_path)
    jobs = {job.id for job in graph.plan_of(values | {"profile": "mine"}).jobs}
    assert {"train/pictures/asapnet/seed0", "fid/pictures/pix2pixhd/seed0", "time/speed", "report"} <= jobs
    assert "segment/pictures/asapnet/seed0" in jobs


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_page_starts_with_what_it_answers(page):
    title, blank, first, *_ = page.read_text().splitlines()
    assert title.startswith("# ") and not blank
    assert first.startswith("This page answers ")
    assert page.relative_to(ROOT).as_posix() in README or page.parent.name == "reference"


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)\)", page.read_text()):
        assert "://" in target or (page.parent / target).exists(), target


def test_the_glossary_has_every_verdict_and_metric_with_its_direction():
    for verdict in VERDICTS:
        assert f"| {verdict} | {VERBS[verdict]} |" in GLOSSARY
    metrics = {"FID": ("fid", "fid"), "KID": ("fid", "kid"), "mIoU": ("segmentation", "miou")}
    metrics |= {"PSNR": ("restoration", "psnr"), "SSIM": ("restoration", "ssim")}
    for word, named in metrics.items():
        row = next(line for line in GLOSSARY.splitlines() if line.startswith(f"| {word}"))
        assert row.endswith(f"| {quantity(*named).better} is better |")
    for word in ("generator", "low-res stream", "pixelwise stream", "as published", "both optimised", "interval"):
        assert f"| {word} |" in GLOSSARY


def test_the_students_report_and_the_result_page_are_told_apart():
    prose = re.sub(r"```.*?```|`[^`]*`|<!--.*?-->", "", "\n".join([README, GLOSSARY]), flags=re.DOTALL)
    for found in re.finditer(r"\breports?\b", prose):
        before = prose[: found.start()].rstrip()
        assert before.endswith(("students'", "*the")), prose[found.start() - 40 : found.end()]

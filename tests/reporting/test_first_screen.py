"""What a visitor sees first: the answer without scrolling, in both colour schemes, for every kind of run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pixelwise.artifacts import digest, write_json, write_manifest
from pixelwise.data.pack import read_facts
from pixelwise.reporting import cautions, first_screen, interval_plot, own_results, page, tidy_tables
from pixelwise.reporting.sample_grids import Grid, Picture
from pixelwise.settings.reporting import ReportSettings

SCREENS = {"desk": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
SETTINGS = ReportSettings(run="planted", profile="planted")
INSIDE = """
() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const words = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    const seen = box.width > 1 && box.height > 1 && box.top >= 0 && box.left >= 0;
    if (seen && box.bottom <= innerHeight && box.right <= innerWidth) words.push(node.textContent);
  }
  return words.join(" ").replace(/\\s+/g, " ");
}
"""
"""The text that lies wholly inside the window."""


def own_inputs(planted, folder: Path) -> dict[str, Path]:
    """The planted run with its one data set declared as the user's own."""
    made = folder / "prepare"
    made.mkdir()
    source = planted.jobs["prepare/streets"]
    for path in source.iterdir():
        if path.name != "manifest.json":
            (made / path.name).write_bytes(path.read_bytes())
    facts = json.loads((made / "dataset.json").read_text())
    write_json(made / "dataset.json", {**facts, "kind": "custom", "synthetic": False})
    write_manifest(made, {"id": "prepare/streets", "kind": "prepare", "out": str(made), "code": digest("")}, [])
    return {**planted.inputs, "prepare/streets": made}


@pytest.fixture(scope="module")
def addresses(planted, tmp_path_factory) -> dict[str, str]:
    """Page of a run about the paper, and of one about the user's pictures."""
    found = {}
    for name in ("paper", "own"):
        out = tmp_path_factory.mktemp(name)
        inputs = planted.inputs if name == "paper" else own_inputs(planted, out)
        page.run(SETTINGS, inputs, out, out)
        found[name] = (out / "index.html").as_uri()
    return found


def first_text(browser, address: str, screen: str) -> str:
    tab = browser.new_page(viewport=SCREENS[screen])
    tab.goto(address)
    text: str = tab.evaluate(INSIDE)
    tab.close()
    return text


@pytest.mark.parametrize("screen", SCREENS)
def test_the_answer_is_on_the_first_screen(browser, addresses, planted, screen):
    text = first_text(browser, addresses["paper"], screen)
    for answer in json.loads((planted.claims / "claims.json").read_text())["answers"]:
        assert answer["question"] in text
        assert answer["sentences"][0] in text
    assert "Not run: a GPU, Cityscapes" in text


@pytest.mark.parametrize("screen", SCREENS)
def test_a_run_on_own_pictures_begins_with_its_own_scores(browser, addresses, planted, screen):
    text = first_text(browser, addresses["own"], screen)
    table = tidy_tables.read_all(planted.summary)
    told = own_results.sentences(table)
    assert told and all(sentence in text for sentence in told[:2])
    assert "Is ASAP-Net faster" not in text and "Not run" not in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["paper", "own"])
def test_axe_finds_nothing_serious(browser, addresses, name, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    context = browser.new_context(bypass_csp=True, color_scheme=scheme, viewport=SCREENS["desk"])
    tab = context.new_page()
    tab.goto(addresses[name])
    found = axe.Axe().run(tab, options={"resultTypes": ["violations"], "preload": False})
    context.close()
    serious = [
        (entry["id"], [node["target"] for node in entry["nodes"][:3]])
        for entry in found.response["violations"]
        if entry["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_a_run_is_own_only_where_nobody_published_its_data(planted, tmp_path):
    facts = read_facts(planted.jobs["prepare/streets"])
    assert not first_screen.own({"streets": facts})
    assert first_screen.own({"mine": {**facts, "kind": "custom"}})
    assert not first_screen.own({"mine": {**facts, "kind": "custom"}, "streets": facts})
    assert not first_screen.own({})


def row(scale="ratio", here=((1.7, 1.6, 1.8),), claimed=(2.0, None), unit="times", **changes):
    numbers = [{"value": value, "low": low, "high": high} for value, low, high in here]
    return {
        **{"scale": scale, "unit": unit, "direction": "", "here": numbers, "claimed": claimed, "decides": True},
        **{"published": "2 times", "shown": "1.70 [1.60, 1.80]"},
        **changes,
    }


def test_rows_of_one_quantity_share_a_scale_and_others_do_not():
    rows = [row(), row(here=((18.0, 17.0, 19.0),)), row("difference", ((-3, -4, -2),), (None, 0.0), "dB")]
    first, second, third = interval_plot.drawings(rows, [2.0, 18.0, None])
    assert first and second and third
    assert first.neutral == second.neutral != third.neutral
    assert first.neutral < first.here[0][1] < first.published == first.claimed[0]
    assert second.here[0][1] == second.published
    assert third.here[0][1] < third.neutral == third.claimed[1] and third.published is None
    far = np.log(18 / 1.7) / np.log(2 / 1.7)
    assert (second.here[0][1] - first.here[0][1]) / (first.published - first.here[0][1]) == pytest.approx(far, rel=0.05)


def test_nothing_is_drawn_of_nothing():
    assert interval_plot.drawings([row(here=(), claimed=None)], [None]) == [None]


def scored(kind: str, model: str, metric: str, value: float, n: int, unit: str = "%") -> dict:
    return {"kind": kind, "model": model, "metric": metric, "value": value, "n": n, "unit": unit, "dataset": "streets"}


@pytest.mark.parametrize(("ceiling", "n", "count"), [(39.0, 60, 1), (41.0, 60, 0), (41.0, 49, 1), (20.0, 12, 2)])
def test_weak_segmenters_and_few_pictures_are_told(ceiling, n, count):
    table = pd.DataFrame([scored("segmentation", "real", "miou", ceiling, n)])
    assert len(cautions.cautions(table, [])) == count


def test_a_denoiser_that_returns_its_input_is_told():
    rng = np.random.default_rng(0)
    noisy = rng.integers(40, 200, (32, 32), dtype=np.uint8)
    nearly, other = (noisy + rng.integers(0, 2, noisy.shape)).astype(np.uint8), (noisy // 2).astype(np.uint8)
    pictures = [Picture(pixels, "words") for pixels in (noisy, noisy, nearly, other)]
    grid = Grid(
        "samples-bsd68", "title", "", ["clean", "degraded", "dncnn", "bm3d"], [("one", pictures)], False, "bsd68"
    )
    (told,) = cautions.idle([grid])
    assert told.startswith("dncnn returns its input (bsd68: ") or told.startswith("DnCNN returns its input (bsd68: ")


def test_no_number_is_written_in_two_ways(planted):
    html = page.render(SETTINGS, planted.inputs)
    text = re.sub(r"<(style|script)>.*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL)
    assert not re.search(r"\d(?:\.\d+)?e[+-]\d\d", text)
    assert all(len(alt) <= 300 for alt in re.findall(r'<svg[^>]*aria-label="([^"]*)"', html))


def test_drawn_scenes_are_never_called_photographs(planted):
    html = page.render(SETTINGS, planted.inputs)
    samples = html[html.index('id="samples-streets"') : html.index('id="samples-bsd68"')]
    assert "drawn scene" in samples and "hotograph" not in samples


def test_seeds_that_lack_are_no_data_that_lack():
    needs = {"a": "Cityscapes", "b": "3 seeds on each side (1 here)"}
    rows = [{"id": name, "verdict": "not testable here", "needs": text} for name, text in needs.items()]
    check = {"dataset": "cityscapes"}
    claims = {"a": {"check": check, "evidence": []}, "b": {"check": check, "evidence": [{}]}}
    assert first_screen.not_run(rows, claims, []) == ["a GPU", "Cityscapes"]

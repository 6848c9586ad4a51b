"""The page in a real browser: no error, usable by keyboard, on a phone and on paper."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

from pixelwise.reporting import page
from pixelwise.settings.reporting import ReportSettings

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def address(planted, tmp_path_factory) -> str:
    out = tmp_path_factory.mktemp("page")
    page.run(ReportSettings(run="planted", profile="planted"), planted.inputs, out, out)
    return (out / "index.html").as_uri()


@pytest.fixture
def opened(browser, address):
    """The page in a fresh tab, with every console message and request for a foreign address noted."""
    tab = browser.new_page(viewport=DESK)
    tab.noted = []
    tab.on("console", lambda message: tab.noted.append(message.text))
    tab.on("pageerror", lambda error: tab.noted.append(str(error)))
    tab.on(
        "request", lambda asked: tab.noted.append(asked.url) if not asked.url.startswith(("file:", "data:")) else None
    )
    tab.goto(address)
    yield tab
    tab.close()


def unfold(tab, *names: str) -> None:
    """Open parts of the page that are folded away."""
    for name in names:
        tab.locator(f"#{name} > summary").click()


def visible(tab) -> int:
    return tab.locator("#claims .claims > li:visible").count()


def test_no_console_message_and_no_request(opened):
    opened.wait_for_load_state("networkidle")
    assert opened.noted == []
    broken = "[...document.images].filter((image) => image.complete && !image.naturalWidth).length"
    assert opened.evaluate(broken) == 0


def test_filter_by_keyboard_narrows_rows_and_says_how_many(planted, opened):
    claims = json.loads((planted.claims / "claims.json").read_text())["claims"]
    wanted = sum(claim["verdict"] == "contradicted" and claim["basis"] is not None for claim in claims)
    unfold(opened, "claims")
    opened.locator("select[name=verdict]").focus()
    opened.keyboard.type("contra")
    assert opened.locator("select[name=verdict]").input_value() == "contradicted"
    assert visible(opened) == wanted
    assert opened.locator("#count").inner_text() == f"{wanted} claims"
    assert opened.locator("#count").get_attribute("aria-live") == "polite"
    for _ in range(4):
        opened.keyboard.press("Tab")
    opened.keyboard.type("S-DATA-1")
    assert 0 < visible(opened) < wanted
    opened.keyboard.press("Tab")
    opened.keyboard.press("Enter")
    opened.wait_for_function("document.getElementById('count').textContent.includes('shown')")
    assert visible(opened) == 60


def test_rows_open_and_close_by_keyboard_and_show_their_figure(opened):
    unfold(opened, "claims")
    row = opened.locator("#claim-S-SPD-3")
    row.locator("summary").focus()
    opened.keyboard.press("Enter")
    assert row.evaluate("row => row.open")
    assert row.locator(".evidence").is_visible()
    row.locator("img.preview").wait_for()
    opened.keyboard.press("Space")
    assert not row.evaluate("row => row.open")


def test_tab_order_reaches_the_skip_link_first(opened):
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.textContent") == "Skip to the answer"
    assert opened.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_show_the_rest(opened):
    total = opened.locator("#claims .claims > li").count()
    unfold(opened, "claims")
    opened.locator("#more").focus()
    opened.keyboard.press("Enter")
    assert visible(opened) == total
    assert opened.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_link_to_a_claim_opens_it(browser, address):
    tab = browser.new_page(viewport=DESK)
    tab.goto(address)
    last = tab.locator("#claims .claims > li").last.locator("details")
    assert not last.is_visible()
    tab.goto(f"{address}#{last.get_attribute('id')}")
    assert last.evaluate("row => row.open")
    tab.wait_for_timeout(100)
    assert last.is_visible()
    tab.close()


def test_count_of_a_verdict_filters(opened):
    unfold(opened, "claims")
    opened.locator('[data-pick="superseded"]').first.click()
    opened.wait_for_function("document.getElementById('count').textContent.length < 12")
    rows = opened.locator("#claims .claims > li:visible").all()
    assert {row.get_attribute("data-verdict") for row in rows} == {"superseded"}


OUTSIDE = """
[...document.querySelectorAll("body *")].filter((node) => !node.closest(".tablebox") && node.getClientRects().length)
  .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
  .map((node) => `${node.tagName}.${node.className}: ${node.textContent.trim().slice(0, 50)}`)
"""
"""What stands out of the window, tables in their own boxes apart."""


def test_phone_needs_no_sideways_scrolling(browser, address):
    tab = browser.new_page(viewport=PHONE)
    tab.goto(address)
    assert tab.evaluate(OUTSIDE) == []
    tab.evaluate("for (const part of document.querySelectorAll('details.fold, #claim-S-SPD-3')) part.open = true")
    assert tab.evaluate(OUTSIDE) == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    tab.close()


def test_paper_shows_the_answer_and_leaves_out_what_is_folded(opened, tmp_path):
    content = opened.pdf(path=str(tmp_path / "page.pdf"), format="A4")
    assert content.startswith(b"%PDF")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 12


CONTRAST = """
() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const low = [];
  const words = "p, li, dd, dt, h1, h2, h3, a, span, th, td, summary, label, button, code";
  for (const node of document.querySelectorAll(words)) {
    if (![...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim())) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) low.push(node.tagName + "." + node.className);
  }
  return [...new Set(low)];
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_at_least_that_of_wcag_aa(opened, scheme):
    opened.emulate_media(color_scheme=scheme)
    assert opened.evaluate(CONTRAST) == []


def test_page_works_without_script(browser, address):
    context = browser.new_context(java_script_enabled=False, viewport=DESK)
    tab = context.new_page()
    tab.goto(address)
    unfold(tab, "claims")
    assert visible(tab) > 100
    tab.locator("#claim-S-SPD-3 summary").click()
    assert tab.locator("#claim-S-SPD-3 .evidence").is_visible()
    context.close()


def test_bar_of_verdicts_has_its_widths(planted, opened):
    counts = json.loads((planted.claims / "claims.json").read_text())["counts"]
    for basis, numbers in counts.items():
        grown = opened.locator(f".bar.{basis.replace(' ', '-')} span").evaluate_all(
            "all => all.map(one => [one.className, getComputedStyle(one).flexGrow])"
        )
        assert {name: int(width) for name, width in grown} == {
            verdict.replace(" ", "-"): count for verdict, count in numbers.items() if count
        }


def test_what_got_into_the_page_neither_runs_nor_is_fetched(browser, address, tmp_path):
    planted = '<img src="http://127.0.0.1:9/x.png" onerror="window.ran = 1"><script>window.ran = 1</script>'
    content = Path(url2pathname(urlsplit(address).path)).read_text()
    (tmp_path / "index.html").write_text(content.replace("</main>", planted + "</main>"))
    tab = browser.new_page(viewport=DESK)
    noted, asked = [], []
    tab.on("console", lambda message: noted.append(message.text))
    tab.on("requestfinished", lambda request: asked.append(request.url))
    tab.goto((tmp_path / "index.html").as_uri(), wait_until="domcontentloaded")
    assert tab.evaluate("window.ran") is None
    assert len([text for text in noted if "Content Security Policy" in text]) == 3
    assert not [url for url in asked if url.startswith("http")]
    unfold(tab, "claims")
    assert visible(tab) == 60
    tab.close()

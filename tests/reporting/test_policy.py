"""What the page allows a browser: nothing but its own style, script and pictures."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from pixelwise.reporting import page
from pixelwise.settings.reporting import ReportSettings


@pytest.fixture(scope="module")
def html(planted) -> str:
    return page.render(ReportSettings(run="planted", profile="planted"), planted.inputs)


def hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_policy_stands_before_all_that_it_rules_and_names_what_is_there(html):
    found = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">', html)
    assert found is not None
    rules = dict(part.split(" ", 1) for part in found[1].replace("&#39;", "'").split("; "))
    styles = re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL)
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert len(styles) == len(scripts) == 1
    assert re.findall(r"<script [^>]*>", html) == ['<script type="application/ld+json">']  # data: no browser runs it
    assert rules == {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": hashed(styles[0]),
        "script-src": hashed(scripts[0]),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert found.start() < min(html.index(mark) for mark in ("<title", "<link", "<style", "<script"))


def test_nothing_in_the_page_needs_what_the_policy_forbids(html):
    words = re.sub(r"<(style|script)\b.*?</\1>", "", html, flags=re.DOTALL)
    assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", words)
    assert not re.search(r"""(href|src|action)=["']?\s*javascript:""", words, re.IGNORECASE)
    assert ".measured-here .not-testable-here { flex-grow: " in html

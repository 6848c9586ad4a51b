"""How everything that a person reads must sound: short sentences, and none of the words of the machinery."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser

from pixelwise.claims.wording import long

PHRASES = (
    *("record of kind", "records of kind", "needs a record", "the record does", "of the kind"),
    *("deciding nothing", "stands beside", "stand beside", "without a say", "has no say", "may decide it"),
    *("the claim lacks", "no quantity", "no profile can decide", "n >=", "(have ", "+- ", "'value'"),
    *("parses and delegates", "nothing heavy", "ways out", "is no matter", "a similar job"),
)
"""What was printed once, and says nothing to a reader who has not seen the code."""
WORDS = re.compile(r"(?<![\w'/.-])(None|nan|NaN|inf|dict|str|bool|self|kwargs|TODO)(?![\w'/-])|\de\+\d|\{\}|\[\]")
"""Values that a program writes when nobody has put them into words."""
PROSE = frozenset({"p", "li", "dd", "figcaption", "summary", "h1", "h2", "h3", "h4", "caption", "label", "a"})
APART = frozenset({"script", "style", "code", "table", "svg", "select", "q"})
"""Elements whose text is no sentence of the program's: code, cells, and the words of others."""
LISTS = frozenset({"records", "measured", "legend", "facts", "numbers"})
"""Classes of lists of facts, each of which has its own form."""


def faults(texts: Iterable[str]) -> list[str]:
    """What is wrong with texts: sentences above 25 words, phrases and values of the machinery."""
    found = []
    for text in dict.fromkeys(" ".join(text.split()) for text in texts):
        found += [f"{len(sentence.split())} words: {sentence}" for sentence in long(text)]
        found += [f"{phrase!r}: {text[:200]}" for phrase in PHRASES if phrase in text.lower()]
        found += [f"{match[0]!r}: {text[:200]}" for match in [WORDS.search(text)] if match]
    return found


def printed(text: str) -> list[str]:
    """The texts of what was printed on a wide terminal: cells of a table stand two spaces apart."""
    return [part for line in text.splitlines() for part in re.split(r"\s{2,}|[│┃─━╭╮╰╯]+", line) if part.strip()]


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.open: list[tuple[str, bool, bool]] = []  # name, whether it is a block, whether its text counts

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("img", "br", "input", "meta", "link", "hr"):
            return
        named = set((dict(attrs).get("class") or "").split())
        counts = (not self.open or self.open[-1][2]) and tag not in APART and not named & LISTS
        self.open.append((tag, tag in PROSE - {"a"}, counts))
        if tag in PROSE - {"a"}:
            self.texts.append("")
        elif tag == "q" and self.texts:
            self.texts[-1] += " (words of a source)"

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass
        if tag in PROSE - {"a"}:
            self.texts.append("")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1][2] and any(block for _, block, _ in self.open):
            self.texts[-1] += data


def prose(html: str) -> list[str]:
    """The sentences of a page: paragraphs, items, captions and headings, without code, cells and lists of facts."""
    page = _Page()
    page.feed(html)
    return [text for text in page.texts if text.strip()]

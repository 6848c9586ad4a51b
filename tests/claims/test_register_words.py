"""Quotation marks stand around words of the source alone; everything else is a marked paraphrase."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pixelwise.claims.claim_schema import register
from pixelwise.claims.judge import judge_below

REFERENCE = Path(__file__).parents[2] / "docs/reference"
RECORDED = Path(__file__).parents[2] / "results/recorded/street-cpu"


def plain(text: str) -> str:
    return " ".join(text.split())


def fragments() -> dict[str, list[str]]:
    """Place in the report's first version, or key of another document -> words that stand there."""
    found = {}
    for name in ("report_fragments.yaml", "quoted_words.yaml"):
        places = yaml.safe_load((REFERENCE / name).read_text(encoding="utf-8"))["fragments"]
        assert not set(places) & set(found)
        found.update(places)
    return {place: [plain(words) for words in texts] for place, texts in found.items()}


def quoted():
    """Every quotation of the register: what holds it, its words, its source and its fragment."""
    known = register()
    for entry in known.entries.values():
        if entry.quote:
            yield entry.id, entry.quote, entry.source, entry.fragment
    for contradiction in known.contradictions:
        for side in (contradiction.left, contradiction.right):
            if side.quote:
                yield contradiction.id, side.quote, side.source, side.fragment


@pytest.mark.parametrize(("name", "words", "source", "place"), list(quoted()))
def test_quoted_words_stand_in_the_fragment_that_is_named(name, words, source, place):
    known = fragments()
    assert place in known
    assert any(plain(words) in text for text in known[place]), name
    report = set(yaml.safe_load((REFERENCE / "report_fragments.yaml").read_text(encoding="utf-8"))["fragments"])
    assert (source == "S1") == (place in report), name
    assert source == "S1" or place == source, name


def test_many_statements_of_the_report_are_quoted_and_none_is_quoted_from_elsewhere():
    names = [name for name, _, source, _ in quoted() if source == "S1"]
    assert len(names) > 35
    assert all(register().entry(name).source == "S1" for name in names if not name.startswith("C-"))


def test_no_headline_of_the_report_rests_on_a_paraphrase():
    """For the report's first version fragments are there; a headline uses one."""
    assert [claim.id for claim in register().headlines if claim.source == "S1" and not claim.quote] == []


def test_every_fragment_of_another_document_is_used():
    used = {plain(words) for _, words, _, _ in quoted()}
    for words in (text for place, texts in fragments().items() if len(place) == 2 for text in texts):
        assert any(quote in words for quote in used), words


def test_sentences_put_quotation_marks_around_quotations_alone():
    """In all that judging writes, whatever stands between curly quotation marks is a quotation of the register."""
    known = {plain(words) for _, words, _, _ in quoted()}
    document = judge_below(RECORDED)
    texts = [row[name] for row in document["rows"] for name in ("said", "told")]
    for entry in (*document["claims"], *document["references"]):
        texts += [entry["reason"], entry["missing"] or ""]
    marked = [part.partition("\u201d")[0] for text in texts for part in text.split("\u201c")[1:]]
    assert len(marked) > 10
    assert {plain(words) for words in marked} <= known


def test_notes_and_paraphrases_hold_no_long_quotation():
    """Straight quotation marks are for a word that is talked about, never for a sentence of a source."""
    known = register()
    texts = [text for entry in known.entries.values() for text in (entry.paraphrase or "", entry.note, entry.quantity)]
    texts += [text for entry in known.contradictions for text in (entry.between, entry.supports)]
    for text in texts:
        for words in text.split('"')[1::2]:
            assert len(words.split()) <= 2, text

"""What the package writes is plain English: no sentence above 25 words, no words of the machinery."""

from __future__ import annotations

from pathlib import Path

import pytest

from pixelwise.claims.answers import answers
from pixelwise.claims.claim_schema import register
from pixelwise.claims.headline import nearest_number, rows, verdict
from pixelwise.claims.judge import judge_below
from pixelwise.claims.verdicts import decide_all
from pixelwise.claims.wording import MOST, join, long

from .conftest import item

RECORDED = sorted((Path(__file__).parents[2] / "results/recorded").glob("*/inspect"))
MACHINERY = (
    "record of kind",
    "records of kind",
    "deciding nothing",
    "stands beside",
    "stand beside",
    "'value'",
    "None",
)


def planted(asap: float, n: int = 500):
    """Records of every kind, some of which decide and some do not."""
    pairs = (("asapnet", asap), ("pix2pixhd", 65.0))
    items = [item("fid", m, "fid", v, 1.0, seed=s, n=n) for m, v in pairs for s in range(3)]
    items += [item("fid", m, "fid", v + 2, 9.0, seed=s, protocol="clean-fid") for m, v in pairs for s in range(2)]
    items += [item("segmentation", m, "miou", v / 2, 0.5, seed=s) for m, v in pairs for s in range(3)]
    items += [item("latency", "pix2pixhd/asapnet", "ratio", 2.3, 0.2, dataset="none")]
    items += [item("latency", "dncnn/asapnet", "ratio", 1.1, 0.2, task="denoising", condition={"device": "cpu"})]
    items += [item("restoration", "dncnn", "psnr", 29.2, 0.1, dataset="bsd68")]
    items += [item("restoration", "asapnet_report", "psnr", 28.0, 0.1, dataset="bsd68")]
    return items


EVIDENCE = {"nothing": [], "good": planted(70.6), "noisy": planted(66.0), "few": planted(70.6, n=20)}


@pytest.mark.parametrize("name", EVIDENCE)
def test_every_sentence_is_short_and_plain(name):
    known = register()
    findings = decide_all(known, EVIDENCE[name])
    for finding in findings:
        for text in (finding.reason, finding.missing or ""):
            assert not long(text), (finding.id, long(text))
            assert not [words for words in MACHINERY if words in text], (finding.id, text)
            assert not text or (text[0].isupper() or not text[0].isalpha()), text
    made = answers(known, findings, EVIDENCE[name])
    assert all(len(sentence.split()) <= MOST for answer in made for sentence in answer.sentences)
    for text in [*(answer.text for answer in made), *(f"{r.plain}. {r.told}" for r in rows(known, findings))]:
        assert not long(text), long(text)
        assert not [words for words in MACHINERY if words in text], text


@pytest.mark.parametrize("name", EVIDENCE)
def test_the_verdict_of_a_headline_with_its_reason_has_25_words_at_most(name):
    known = register()
    by_id = {finding.id: finding for finding in decide_all(known, EVIDENCE[name])}
    for claim in known.headlines:
        told = verdict(claim, by_id[claim.id])
        assert 3 <= len(told.split()) <= MOST, told
        assert len(nearest_number(claim, by_id[claim.id]).split()) <= MOST


@pytest.mark.parametrize("folder", RECORDED, ids=lambda folder: folder.parent.name)
def test_recorded_runs_read_well(folder):
    document = judge_below(folder.parent)
    texts = [sentence for answer in document["answers"] for sentence in answer["sentences"]]
    texts += [row["told"] for row in document["rows"]]
    for entry in (*document["claims"], *document["references"]):
        texts += [entry["reason"], entry["missing"] or ""]
    for text in texts:
        assert not long(text), long(text)
        assert not [words for words in MACHINERY if words in text], text


def test_sentences_are_joined_with_capitals_and_stops():
    assert join(["one", "", "two. ", "BSD68 (gray)"]) == "One. Two. BSD68 (gray)."

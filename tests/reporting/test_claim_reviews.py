"""The headline verdicts as schema.org's ClaimReview: what the vocabulary allows, and what the page itself says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest

from pixelwise.reporting import claim_reviews, claimrows, page
from pixelwise.settings.reporting import Missing, Partial, ReportSettings

SCHEMA = "http://schema.org/"


def embedded(html: str) -> list[str]:
    return re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)


@pytest.fixture(scope="module")
def graph(planted) -> list[dict[str, Any]]:
    (text,) = embedded(page.render(ReportSettings(run="planted", profile="planted"), planted.inputs))
    document = json.loads(text)
    assert document["@context"] == "https://schema.org"
    return document["@graph"]


@pytest.fixture(scope="module")
def vocabulary() -> dict[str, Any]:
    """schema.org's own definition of its terms, as the package `rocrate` ships it."""
    entries = json.loads((files("rocrate") / "data" / "schema.jsonld").read_text("utf-8"))["@graph"]
    return {entry["@id"].removeprefix(SCHEMA): entry for entry in entries}


def ids(value: Any) -> set[str]:
    return {
        entry["@id"].removeprefix(SCHEMA) for entry in (value if isinstance(value, list) else [value] * bool(value))
    }


def kinds(name: str, vocabulary: dict[str, Any]) -> set[str]:
    """A type and all that it is a subtype of."""
    above = ids(vocabulary[name].get("rdfs:subClassOf"))
    return {name}.union(*(kinds(parent, vocabulary) for parent in above if parent in vocabulary))


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(part)


def test_every_property_is_one_of_its_type_and_takes_such_a_value(graph, vocabulary):
    assert {node["@type"] for node in nodes(graph)} >= {"ClaimReview", "Claim", "Rating", "MediaObject"}
    for node in nodes(graph):
        own = kinds(node["@type"], vocabulary)
        for name in node.keys() - {"@type"}:
            assert own & ids(vocabulary[name][f"{SCHEMA}domainIncludes"]), (node["@type"], name)
            allowed = ids(vocabulary[name][f"{SCHEMA}rangeIncludes"])
            for value in node[name] if isinstance(node[name], list) else [node[name]]:
                if isinstance(value, dict):
                    assert kinds(value["@type"], vocabulary) & allowed, (name, value)
                else:
                    assert allowed & ({"Number"} if isinstance(value, int) else {"Text", "URL", "Thing"}), (name, value)


def test_they_say_what_the_judge_found_on_each_headline_claim(graph, planted):
    claims = json.loads((planted.claims / "claims.json").read_text())["claims"]
    heads = {claim["id"]: claim for claim in claims if claim["weight"] == "headline"}
    assert {entry["identifier"] for entry in graph} == set(heads) and len(heads) == len(graph) > 10
    for entry in graph:
        claim, rating = heads[entry["identifier"]], entry["reviewRating"]
        assert (rating["alternateName"], rating["ratingExplanation"]) == (claim["verdict"], claim["reason"])
        assert entry["claimReviewed"] == (claim["quote"] or claim["paraphrase"])
        based = {file["identifier"] for file in entry["isBasedOn"]}
        assert based == {f"sha256:{used['sha256']}" for used in claim["evidence"]}


def test_a_decided_claim_is_rated_the_better_the_verdict_and_an_open_one_is_not():
    row = dict.fromkeys(("id", "quote", "paraphrase", "made_by", "source_title", "place", "reason"), "x")
    rows = [{**row, "weight": "headline", "evidence": [], "verdict": verdict} for verdict in claimrows.VERDICTS]
    made = [entry["reviewRating"] for entry in claim_reviews.reviews(rows)["@graph"]]
    rated = {entry["alternateName"]: entry["ratingValue"] for entry in made if "ratingValue" in entry}
    assert rated == {"contradicted": 1, "direction only": 2, "confirmed": 3}
    assert all(entry["worstRating"] <= entry["ratingValue"] <= entry["bestRating"] for entry in made if len(entry) > 3)


def test_words_cannot_end_the_element(graph):
    row = {"weight": "headline", "id": "X", "verdict": "confirmed", "quote": "</script><script>alert(1)//<!--"}
    row |= dict.fromkeys(("paraphrase", "made_by", "source_title", "place", "reason"), "") | {"evidence": []}
    made = page.environment().from_string("{{ reviews|tojson }}").render(reviews=claim_reviews.reviews([row]))
    assert "<" not in made and json.loads(made)["@graph"][0]["claimReviewed"] == row["quote"]


def test_an_unfinished_run_has_no_verdicts_for_other_programs(planted):
    lacks = Partial(done=3, of=4, missing=(Missing(job="train/a/b/seed0", state="failed", step=7, why="not finite"),))
    html = page.render(ReportSettings(run="planted", profile="planted", partial=lacks), planted.inputs)
    assert embedded(html) == []
    assert "<title>Unfinished: " in html and "<h1>Unfinished: " in html
    row = html[html.index("train/a/b/seed0") :]
    assert re.match(r".*?failed.*?7.*?not finite", row, re.DOTALL)

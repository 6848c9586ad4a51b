from __future__ import annotations

import copy

import pytest

from pixelwise.claims.checks import Measurement
from pixelwise.claims.claim_schema import parse, register
from pixelwise.claims.register_files import REGISTER, read
from pixelwise.errors import PixelwiseError


@pytest.fixture(scope="module")
def document():
    return read()[0]


def smaller(document):
    """A register of the claims that nothing refers to, for tests that break it."""
    by_id = {entry["id"]: entry for entry in document["claims"]}
    chosen = copy.deepcopy([by_id["S-SPD-1"], by_id["S-FID-1"]])
    sources = {"S1": document["sources"]["S1"]}
    return {"sources": sources, "datasets": {}, "claims": chosen, "contradictions": []}


def test_many_claims_with_known_sources_and_unique_ids():
    known = register()
    assert len(known.claims) >= 80
    assert len({claim.id for claim in known.claims}) == len(known.claims)
    assert {claim.source for claim in known.claims} <= set(known.sources)
    assert {claim.check.dataset for claim in known.claims if isinstance(claim.check, Measurement)} <= {
        None,
        *known.datasets,
    }


@pytest.mark.parametrize("prefix", ["S-", "P-", "B-", "D1-", "D2-", "R-", "K-", "A-"])
def test_every_group_of_sources_is_there(prefix):
    assert sum(name.startswith(prefix) for name in register().entries) >= 5


def test_all_contradictions_of_the_specification_are_listed():
    assert {f"C-{number}" for number in range(1, 26)} <= {entry.id for entry in register().contradictions}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["claims"][0].update(source="S9"), "source 'S9' is not in the register"),
        (lambda d: d["claims"][1].update(id="S-SPD-1"), "id 'S-SPD-1' occurs twice"),
        (lambda d: d["claims"][0].update(colour="red"), "claims.S-SPD-1.colour"),
        (lambda d: d["claims"][0].pop("quantity"), "claims.S-SPD-1.quantity: Field required"),
        (lambda d: d["claims"][0].pop("quote"), "exactly one of quote, paraphrase"),
        (lambda d: d["claims"][0].pop("fragment"), "quote and fragment belong together"),
        (lambda d: d["claims"][0].update(quote="a " * 13), "quote has 13 words; at most 12"),
        (lambda d: d["claims"][0].update(weight="headline"), "every headline has it"),
        (lambda d: d["claims"][0]["check"].update(kind="speed"), "'latency'"),
        (lambda d: d["claims"][0]["check"].update(by="magic"), "magic"),
        (lambda d: d["claims"][0]["check"].update(rule={}), "exactly one of within, equals"),
        (lambda d: d["claims"][0]["check"].update(rule={"within": [3, 2]}), "low <= high"),
        (lambda d: d["claims"][0].update(withdrawn_by="S-NO-1"), "claim 'S-NO-1' is not in the register"),
        (lambda d: d["claims"][0].update(check={"by": "audit", "contradiction": "C-99"}), "contradiction 'C-99'"),
    ],
)
def test_a_wrong_register_is_one_line(document, change, message):
    broken = smaller(document)
    change(broken)
    with pytest.raises(PixelwiseError) as error:
        parse(broken, REGISTER)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("register: ")


def test_a_new_claim_needs_no_python(document):
    added = smaller(document)
    new = {"id": "X-NEW-1", "quote": None, "fragment": None, "paraphrase": "a new statement"}
    added["claims"].append(added["claims"][0] | new)
    assert parse(added, REGISTER).claim("X-NEW-1").words == "a new statement"


def test_unreadable_files(tmp_path):
    with pytest.raises(PixelwiseError, match="not readable as YAML"):
        register(tmp_path / "missing.yaml")
    (tmp_path / "broken.yaml").write_text("a: [")
    with pytest.raises(PixelwiseError, match="not readable as YAML"):
        register(tmp_path / "broken.yaml")


def test_an_unknown_claim_is_named():
    with pytest.raises(PixelwiseError, match="claim 'X-1'; no such id"):
        register().claim("X-1")

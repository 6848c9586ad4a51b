"""What a benchmark measured of two networks treated alike is evidence in the ledger, and nothing else of it is."""

from __future__ import annotations

import pytest

from pixelwise.artifacts import write_manifest
from pixelwise.claims import ledger
from pixelwise.claims.bench_pairs import as_timing
from pixelwise.record import Record, Run, Value, write_records

PAIR = {"architecture": "spade_pix2pixhd"}, {"architecture": "asapnet"}


def pair(value, treatments=("published", "published"), device="cuda", n=200, processes=3, **changes):
    subject, rival = (Run(**run, treatment=how) for run, how in zip(PAIR, treatments, strict=True))
    facts = {"height": 256, "width": 512, "batch": 1, "precision": "fp32", "device": device, "processes": processes}
    ends = {"low": value - 0.03, "high": value + 0.03, "interval": "planted"}
    return Record(
        kind="bench",
        task="translation",
        model=f"spade_pix2pixhd/asapnet {treatments[1]}",
        dataset="blocks",
        protocol="planted",
        condition=facts,
        n=n,
        synthetic=True,
        short=False,
        values={"ratio": Value(value=value, unit="times", **ends)},
        hardware={"gpu": "NVIDIA H100"} if device == "cuda" else {"cpu": "AMD EPYC", "threads": 2},
        **{"subject": subject, "rival": rival, **changes},
    )


def judged(tmp_path, *records):
    folder = tmp_path / "bench/device"
    write_records(folder / "metrics.json", list(records))
    write_manifest(folder, {"id": "bench/device", "commit": "abc", "command": "python benchmarks/bench.py --quick"}, {})
    document = ledger.judged(tmp_path)
    return document, {claim["id"]: claim for claim in document["claims"]}


def test_the_published_pair_decides_on_a_gpu(tmp_path):
    document, claims = judged(tmp_path, pair(2.8), pair(5.0, ("optimised", "optimised")))
    assert claims["S-SPD-3"]["verdict"] == "confirmed"
    assert [number["value"] for number in claims["S-SPD-3"]["measured"]] == [2.8]
    assert document["runs"][0]["commit"] == "abc"
    assert document["runs"][0]["command"] == "python benchmarks/bench.py --quick"


def test_one_process_decides_nothing_and_is_told(tmp_path):
    claim = judged(tmp_path / "gpu", pair(2.8, processes=1))[1]["S-SPD-3"]
    assert claim["verdict"] == "not testable here" and not claim["evidence"]
    (beside,) = claim["context_only"]
    assert beside["reasons_excluded"] == ["timed in one process: how much processes differ is unknown"]
    claim = judged(tmp_path / "cpu", pair(1.74, device="cpu", n=15, processes=1))[1]["S-SPD-3"]
    assert " in one process. That is outside" in claim["reason"], claim["reason"]


@pytest.mark.parametrize("name", ["S-SPD-3", "S-SPD-4-256", "P-1-LOW"])
def test_on_a_processor_the_lines_follow_from_the_published_pair(tmp_path, name):
    records = [pair(1.74, device="cpu", n=15), pair(2.83, ("published", "eager"), device="cpu")]
    claim = judged(tmp_path, *records)[1][name]
    assert claim["verdict"] == "other machine"
    assert claim["reason"].startswith("On this CPU ASAP-Net is 1.74 [1.71, 1.77] times as fast as ")


def test_a_pair_treated_unlike_decides_nothing(tmp_path):
    claim = judged(tmp_path, pair(2.83, ("published", "eager")), pair(2.83, ("published", "optimised")))[1]["S-SPD-3"]
    assert claim["verdict"] == "not testable here" and not claim["evidence"]


@pytest.mark.parametrize(
    "record",
    [
        pair(2.8, ("published", "eager")),
        pair(2.8, subject=None),
        pair(2.8, rival=None),
        pair(2.8).model_copy(update={"values": {"median": Value(value=1, unit="ms")}}),
        pair(2.8).model_copy(update={"kind": "latency"}),
    ],
)
def test_what_stays_as_it_is(record):
    assert as_timing(record) is record

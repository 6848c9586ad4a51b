"""The page as a file: complete, self-contained, escaped, small."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from pixelwise.artifacts import write_json
from pixelwise.errors import PixelwiseError
from pixelwise.planning.jobs import command
from pixelwise.record import Record, Value, read_records, write_records
from pixelwise.reporting import claimrows, page, page_tables, provenance, speed_tables, summary
from pixelwise.settings.reporting import ReportSettings, SummarySettings

SETTINGS = ReportSettings(run="planted", profile="planted")


class Elements(HTMLParser):
    """Every opening tag with its attributes, and the visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def html(planted) -> str:
    return page.render(SETTINGS, planted.inputs)


@pytest.fixture(scope="module")
def elements(html) -> Elements:
    return Elements(html)


def test_page_asks_nothing_of_the_network(elements, html):
    for _, attributes in elements.tags:
        for name in ("src", "href"):
            address = attributes.get(name)
            assert address is None or address.startswith(("data:", "#")) or address == page.BENCH_PAGE, address
    assert "@import" not in html
    assert not re.search(r"url\((?!data:)", html)


def test_page_is_under_five_megabytes(html):
    assert len(html.encode()) < 5_000_000


def test_ids_are_unique_and_every_link_has_a_target(elements):
    ids = [attributes["id"] for _, attributes in elements.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {attributes["href"] for tag, attributes in elements.tags if tag == "a" and attributes.get("href")}
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)


def test_every_picture_has_words_and_every_field_a_label(elements, html):
    images = [attributes for tag, attributes in elements.tags if tag == "img"]
    assert len(images) > 20
    assert all(attributes.get("alt") for attributes in images)
    assert len(re.findall(r"<label>[^<]+<(?:select|input)", html)) == 5
    headings = [int(tag[1]) for tag, _ in elements.tags if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))


def test_first_page_says_what_held(planted, elements):
    document = json.loads((planted.claims / "claims.json").read_text())
    text = " ".join(elements.text)
    assert all(sentence in text for answer in document["answers"] for sentence in answer["sentences"])
    assert len(document["rows"]) == 12
    assert all(row["plain"] in text for row in document["rows"])


def test_every_claim_has_a_row_and_every_contradiction_both_sides(planted, elements, html):
    document = json.loads((planted.claims / "claims.json").read_text())
    claims = [*document["claims"], *document["references"]]
    ids = (attributes.get("id") or "" for tag, attributes in elements.tags if tag == "details")
    rows = {name for name in ids if name.startswith("claim-")}
    assert rows == {f"claim-{claim['id']}" for claim in claims}
    found = json.loads((planted.claims / "contradictions.json").read_text())["contradictions"]
    assert html.count('class="against"') == len(found)
    assert html.count("<blockquote>") == 2 * len(found)


def test_decided_row_shows_number_command_file_hardware_and_figure(html):
    row = html[html.index('id="claim-S-SPD-3"') :]
    row = row[: row.index("</details>")]
    for piece in (
        *("2.88 [2.80, 2.96]", "pixelwise time results/planted/jobs/time/translation.json"),
        *(
            "time/translation/metrics.json",
            "sha256",
            "PLANTED test processor, 2 threads",
            'href="#figure-inference_time"',
        ),
    ):
        assert piece in row, piece


def test_synthetic_and_short_are_said_at_the_top(html):
    top = html[: html.index("<main")]
    assert "SYNTHETIC DATA" in top
    assert "SHORT RUN" in top


def test_names_from_files_are_escaped(planted, tmp_path):
    evil = '<script>alert("x")</script>'
    folder = tmp_path / "fid"
    folder.mkdir()
    records = read_records(planted.jobs["fid/streets/asapnet/seed0"] / "metrics.json")
    write_records(
        folder / "metrics.json", [entry.model_copy(update={"model": evil, "dataset": evil}) for entry in records]
    )
    out = tmp_path / "summary"
    out.mkdir()
    summary.run(SummarySettings(run="planted", resamples=100), {**planted.scored, "fid/evil": folder}, out, tmp_path)
    made = page.render(SETTINGS, {**planted.inputs, "summary": out})
    assert "<script>alert" not in made
    assert "&lt;script&gt;" in made


def test_page_too_large_is_refused_in_one_line(planted):
    settings = ReportSettings(run="planted", profile="planted", max_bytes=500_000)
    with pytest.raises(PixelwiseError, match=r"allowed are 500000: lower grid_images"):
        page.render(settings, planted.inputs)


def test_unknown_verdict_is_refused(planted, tmp_path):
    document = json.loads((planted.claims / "claims.json").read_text())
    document["claims"][0]["verdict"] = "maybe"
    write_json(tmp_path / "claims.json", document)
    write_json(tmp_path / "contradictions.json", {"contradictions": []})
    with pytest.raises(PixelwiseError, match=r"claims\.0\.verdict: .*'confirmed'.*found 'maybe'"):
        claimrows.load(tmp_path, set())


def test_step_writes_the_page_and_the_benchmark_beside_it(planted, tmp_path, monkeypatch):
    monkeypatch.setattr(page, "BENCH", tmp_path / "none")
    page.run(SETTINGS, planted.inputs, tmp_path, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    assert page.BENCH_PAGE not in (tmp_path / "index.html").read_text()
    monkeypatch.setattr(page, "BENCH", Path(__file__).parents[2] / "results/bench")
    made = page.bench_page(page.BENCH)
    assert "ratios of times" in made and 'href="index.html"' in made
    assert len(made.encode()) < 5_000_000


def test_durations_come_from_the_run_log(tmp_path):
    log = tmp_path / "run.jsonl"
    lines = [
        {"out": "results/a", "status": "done", "seconds": 5},
        {"out": "results/a", "status": "failed", "seconds": 90},
        {"out": "results/a", "status": "done", "seconds": 7.5},
    ]
    log.write_text("\n".join(map(json.dumps, lines)) + '\n{"cut off')
    assert provenance.durations(log) == {"results/a": 7.5}
    assert provenance.durations(tmp_path / "none") == {}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "not logged"), (3.21, "3.2 s"), (59.4, "59 s"), (185, "3 min 05 s"), (7800, "2 h 10 min")],
)
def test_durations_in_words(seconds, text):
    assert provenance.span(seconds) == text


def test_commands_are_those_of_the_manifest():
    job = {"id": "train/photos/dncnn/seed0", "kind": "denoising", "out": "results/tiny/train/photos/dncnn/seed0"}
    assert command(job) == "pixelwise train results/tiny/jobs/train/photos/dncnn/seed0.json"
    job = {"id": "prepare/photos", "kind": "prepare", "out": "data/tiny/photos/prepared"}
    assert command(job) == "pixelwise prepare results/tiny/jobs/prepare/photos.json"


def test_deviations_name_setting_published_and_here(planted):
    table = provenance.deviations(planted.jobs)
    assert ["photos/dncnn/seed0", "steps", "100000", "1000"] in table.rows


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (2.88, 2.8, 2.96, "2.88 [2.80, 2.96]"),
        (1180.4, 1160, 1200, "1180 [1160, 1200]"),
        (0.31, 0.29, 0.33, "0.310 [0.290, 0.330]"),
        (0.46, 0.1, 9.0, "0.460 [0.100, 9.000]"),
        (5.0, 5.0, 5.0, "5"),
        (float("nan"), 1, 2, ""),
    ],
)
def test_intervals_keep_the_digits_that_matter(value, low, high, text):
    assert page_tables.estimate(SimpleNamespace(value=value, low=low, high=high, unit="1")) == text


def test_benchmark_of_each_machine_has_its_tables_and_figure(tmp_path):
    rows = []
    for height, width, ratio in ((256, 512, 2.9), (512, 1024, 5.2)):
        common = {
            "condition": {"height": height, "width": width, "batch": 1, "precision": "fp32"},
            **{
                "kind": "bench",
                "task": "translation",
                "dataset": "random",
                "n": 40,
                "synthetic": False,
                "short": False,
            },
            "hardware": {"cpu": "PLANTED test processor", "threads": 2},
        }
        for protocol in ("as published", "both optimised"):
            value = Value(value=ratio, unit="times", low=ratio - 0.1, high=ratio + 0.1, interval="95 %")
            rows.append(Record(model="pix2pixhd/asapnet", protocol=protocol, values={"ratio": value}, **common))
            denoisers = common | {"task": "denoising", "values": {"ratio": Value(value=1.5, unit="times")}}
            rows.append(Record(model="dncnn denoiser/asapnet denoiser", protocol=protocol, **denoisers))
        median = Value(value=100 * ratio, unit="ms", low=99 * ratio, high=101 * ratio)
        rows.append(Record(model="asapnet", protocol="generator", values={"median": median}, **common))
    (tmp_path / "cpu").mkdir()
    write_records(tmp_path / "cpu" / "metrics.json", rows)
    made = speed_tables.bench(tmp_path)
    assert [len(table.rows) for table in made] == [4, 2]
    assert made[0].columns[4:] == ["256x512", "512x1024"]
    assert made[0].rows[2][1:] == [
        "translation",
        "as published",
        "fp32, batch 1",
        "2.90 [2.80, 3.00] (40)",
        "5.20 [5.10, 5.30] (40)",
    ]
    (figure,) = speed_tables.bench_figures(tmp_path)
    assert "both optimised, fp32: 2.90 at 256x512 to 5.20 at 512x1024" in figure["alt"]
    assert speed_tables.bench(tmp_path / "none") == []

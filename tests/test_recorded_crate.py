"""A record's RO-Crate: valid by an independent validator, of what the manifests say, and the same bytes each time."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from requests.adapters import BaseAdapter
from requests.models import Response
from requests_cache import CachedSession
from rocrate.rocrate import ROCrate
from rocrate_validator import services
from rocrate_validator.models import ValidationResult, ValidationSettings
from urllib3 import HTTPResponse

from pixelwise import artifacts, recorded_crate
from pixelwise.errors import PixelwiseError
from tests.pipeline.micro import ROOT

RECORDED = sorted(path.parent for path in (ROOT / "results" / "recorded").glob("*/run.jsonl"))
CONTEXT = "https://w3id.org/ro/crate/1.1/context"
Graph = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record of the tiny run, described anew."""
    copy = shutil.copytree(ROOT / "results/recorded/tiny", tmp_path_factory.mktemp("recorded") / "tiny")
    (copy / recorded_crate.NAME).unlink()
    recorded_crate.write(copy, "tiny", "2026-03-28")
    return copy


@pytest.fixture(scope="module")
def graph(record: Path) -> Graph:
    document = json.loads((record / "ro-crate-metadata.json").read_text())
    return {entity["@id"]: entity for entity in document["@graph"]}


class _Shipped(BaseAdapter):
    """Answers with the context of RO-Crate 1.1 that the package `rocrate` ships."""

    def send(self, request: Any, *_: Any, **__: Any) -> Response:
        answer = Response()
        answer.status_code, answer.url, answer.request = 200, request.url, request
        answer.headers["Content-Type"] = "application/ld+json"
        body = io.BytesIO((files("rocrate") / "data" / "ro-crate.jsonld").read_bytes())
        answer.raw = HTTPResponse(body, answer.headers, 200, preload_content=False)
        return answer

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def validated(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., ValidationResult]:
    """`roc-validator` without network: its cache holds the one document that it would fetch."""
    cache = tmp_path_factory.mktemp("cache") / "http"
    with CachedSession(str(cache), backend="sqlite", expire_after=-1) as session:
        session.mount(CONTEXT, _Shipped())
        assert session.get(CONTEXT).json()["@id"] == CONTEXT
    fixed: dict[str, Any] = {"offline": True, "cache_path": cache, "validate_profile_checks": False}
    return lambda folder, profile: services.validate(
        ValidationSettings(rocrate_uri=str(folder), profile_identifier=profile, **fixed)
    )


def test_it_is_a_provenance_run_crate(record: Path, validated: Callable[..., ValidationResult]) -> None:
    result = validated(record, "provenance-run-crate")
    assert not result.has_issues(), [str(issue.message) for issue in result.get_issues()]


def test_the_validator_sees_what_is_wrong(
    record: Path, tmp_path: Path, validated: Callable[..., ValidationResult]
) -> None:
    copy = shutil.copytree(record, tmp_path / "copy")
    document = json.loads((copy / recorded_crate.NAME).read_text())
    next(entity for entity in document["@graph"] if entity["@id"] == "#summarise").pop("instrument")
    (copy / recorded_crate.NAME).write_text(json.dumps(document))
    told = [str(issue.message) for issue in validated(copy, "process-run-crate").get_issues()]
    assert told == ["The Action MUST have an instrument property that references the executed tool"]


def test_every_file_is_in_it_with_its_hash(record: Path, graph: Graph) -> None:
    present = {path.relative_to(record).as_posix() for path in record.rglob("*") if path.is_file()}
    parts = {part["@id"] for part in graph["./"]["hasPart"]}
    assert parts == present - {recorded_crate.NAME}
    for name in parts:
        assert graph[name]["sha256"] == artifacts.sha256(record / name)
        assert graph[name]["contentSize"] == str((record / name).stat().st_size)
    assert len(ROCrate(record).get_entities()) == len(graph)


def listed(value: Any) -> set[str]:
    return {entry["@id"] for entry in (value if isinstance(value, list) else [value])} if value else set()


def test_its_edges_are_those_of_the_manifests(record: Path, graph: Graph) -> None:
    jobs = {json.loads(line)["job"]: json.loads(line)["out"] for line in (record / "run.jsonl").open()}
    assert listed(graph["./"]["mentions"]) == {"#run", *(f"#{name}" for name in jobs)}

    def entity(folder: str) -> str:
        manifest = f"{folder.removeprefix('results/tiny/')}/manifest.json"
        return manifest if (record / manifest).is_file() else f"#{folder}"

    read = 0
    for name, out in jobs.items():
        action = graph[f"#{name}"]
        assert action["instrument"]["@id"] == f"#pixelwise-{name.split('/')[0]}"
        assert entity(out) in listed(action["result"])
        if (manifest := record / entity(out)).is_file():
            made = json.loads(manifest.read_text())
            assert listed(action.get("object")) == {entity(folder) for folder in made["inputs"]}
            needs = {graph[need]["name"] for need in listed(graph[action["instrument"]["@id"]]["softwareRequirements"])}
            assert needs >= set(made["job"]["packages"])
            read += len(made["inputs"])
    assert read > len(jobs) > 30


@pytest.mark.parametrize("folder", RECORDED, ids=lambda path: path.name)
def test_what_git_keeps_is_described_as_it_is(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / folder.name)
    before = (copy / recorded_crate.NAME).read_bytes()
    date = next(entity["datePublished"] for entity in json.loads(before)["@graph"] if entity["@id"] == "./")
    recorded_crate.write(copy, folder.name, date)
    assert (copy / recorded_crate.NAME).read_bytes() == before, "run: pixelwise record --crate"


def test_what_describes_nothing_is_named(record: Path, tmp_path: Path) -> None:
    with pytest.raises(PixelwiseError, match=r"absent: no record of a run \(it has no run.jsonl\)"):
        recorded_crate.write(tmp_path / "absent", "absent")
    copy = shutil.copytree(record, tmp_path / "copy")
    before = (copy / recorded_crate.NAME).read_bytes()
    (copy / "commit.json").write_text(json.dumps({"commit": "0" * 40}))
    with pytest.raises(PixelwiseError, match=r"commit 0{40} is not in this clone; fetch it"):
        recorded_crate.write(copy, "tiny")
    (copy / "Snakefile").unlink()
    with pytest.raises(PixelwiseError, match=r"Snakefile: missing"):
        recorded_crate.write(copy, "tiny")
    assert (copy / recorded_crate.NAME).read_bytes() == before

"""Where a job may write: only where a job of its name does, never through a link, never over what is not ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pixelwise import artifacts, graph, jobs, paths
from pixelwise.errors import PixelwiseError
from pixelwise.execute import execute
from tests.pipeline.micro import PARAMS, ROOT

PRECIOUS = "what the user wrote"


@pytest.fixture
def fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> jobs.Job:
    """The job that writes the photographs, planned in a folder of its own, beside a file of the user's."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "precious").write_text(PRECIOUS)
    (tmp_path / "clone").mkdir()
    monkeypatch.chdir(tmp_path / "clone")
    Path("precious").write_text(PRECIOUS)
    plan = graph.plan_of(PARAMS)
    jobs.prepare(plan.jobs)
    return next(job for job in plan.jobs if job.id == "fetch/photos")


def listing(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): p.read_text() if p.is_file() else "" for p in sorted(folder.rglob("*"))}


def refused(file: str | Path, step: str = "fetch") -> str:
    """The one line that a job is refused with; nothing is touched."""
    before = listing(Path.cwd().parent)
    with pytest.raises(PixelwiseError) as caught:
        execute(Path(file), step)
    assert listing(Path.cwd().parent) == before
    assert str(caught.value).isprintable()
    return str(caught.value)


def edited(job: jobs.Job, **changes: Any) -> Path:
    """A job file by hand: as planned, but for these keys."""
    document = json.loads(Path(job.file).read_text())
    document["job"] |= changes
    file = Path("evil.json")
    file.write_text(json.dumps(document))
    return file


OUTS = [
    *(
        "",
        ".",
        "..",
        "/",
        "data",
        "results",
        "data/micro",
        "results/micro",
        "/etc",
        "~",
        "outside",
        "data/micro/photos",
    ),
    *(
        "../outside",
        "data/../../outside",
        "data/micro/../../../outside",
        "/data/micro/photos/raw",
        "./data/micro/photos/raw",
    ),
    *(
        "data/micro/photos/raw/",
        "data//micro/photos/raw",
        "data/micro/photos/./raw",
        "data/micro/photos/raw\0",
        "data\n",
    ),
    *("results/micro/jobs", "results/recorded/tiny/claims", "data/micro/photos/raw/x", "data/micro/$(touch x)/raw"),
    *(
        "data/micro/streets/raw",
        "results/micro/train/photos/dncnn/seed0",
        "a" * 5000,
        "data/micro/" + "a" * 300 + "/raw",
    ),
    *("C:\\data", "data\\micro\\photos\\raw", "data/../photos/raw", "data/-rf/photos/raw", "precious", "src/pixelwise"),
]


@pytest.mark.parametrize("out", OUTS, ids=range(len(OUTS)))
def test_another_folder_is_refused(fetch: jobs.Job, out: str) -> None:
    assert str(edited(fetch)) in refused(edited(fetch, out=out))


@pytest.mark.parametrize(
    "name", ["", "..", "fetch", "fetch/../x", "fetch/a/b", "train/photos", "x/photos", "fetch/$(x)"]
)
def test_another_name_is_refused(fetch: jobs.Job, name: str) -> None:
    refused(edited(fetch, id=name))


@pytest.mark.parametrize("folder", ["", "..", "../outside", "/etc", "data/other/photos/raw", "results/micro/jobs"])
def test_an_input_that_no_job_makes_is_refused(fetch: jobs.Job, folder: str) -> None:
    assert "evil.json" in refused(edited(fetch, inputs={"raw": folder}))


@pytest.mark.parametrize("module", ["os", "pixelwise./etc/passwd", "pixelwise.absent", "pixelwise..cli", "../x", ""])
def test_a_module_of_others_is_refused(fetch: jobs.Job, module: str) -> None:
    assert "evil.json" in refused(edited(fetch, modules=[module]))


@pytest.mark.parametrize(
    "place",
    [
        *("data", "data/micro", "data/micro/photos", "data/micro/photos/raw"),
        *("logs", "logs/run.jsonl", "logs/micro", "logs/micro/fetch/photos.log"),
        *("work", "work/data/micro", "work/data/micro/photos/raw", "work/data/micro/photos/raw/lock"),
    ],
)
def test_nothing_is_written_through_a_link(fetch: jobs.Job, place: str) -> None:
    link = Path(place)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(Path("../outside/precious" if "." in link.name else "../outside").absolute())
    assert f"{place}: a link to" in refused(fetch.file)
    before = listing(Path.cwd().parent)
    with pytest.raises(PixelwiseError, match=f"{place}: a link to"):
        jobs.prepare(graph.plan_of(PARAMS).jobs)
    assert listing(Path.cwd().parent) == before


@pytest.mark.parametrize("place", ["results", "results/micro", "results/micro/jobs", "results/micro/jobs/fetch"])
def test_planning_writes_through_no_link(fetch: jobs.Job, place: str, tmp_path: Path) -> None:
    Path(place).rename(tmp_path / "elsewhere")
    Path(place).symlink_to(tmp_path / "elsewhere")
    before = listing(tmp_path)
    config: Any = json.loads(json.dumps(PARAMS))
    config["profiles"]["micro"]["datasets"]["photos"]["train"] = 1
    with pytest.raises(PixelwiseError, match=f"{place}: a link to"):
        jobs.prepare(graph.plan_of(config).jobs)
    assert listing(tmp_path) == before


def test_a_folder_that_no_job_made_is_never_emptied(fetch: jobs.Job) -> None:
    out = Path(fetch.out)
    out.mkdir(parents=True)
    (out / "mine.txt").write_text(PRECIOUS)
    assert f"{out}: holds files that no job made" in refused(fetch.file)
    (out / "mine.txt").unlink()
    out.rmdir()
    out.write_text(PRECIOUS)
    assert f"{out}: holds files that no job made" in refused(fetch.file)


@pytest.mark.parametrize("state", ["empty", "killed", "finished", "without its manifest"])
def test_a_folder_of_ours_is_made_anew(fetch: jobs.Job, state: str) -> None:
    """Snakemake makes an empty folder; a killed job leaves one with a mark; DVC puts links to its cache into one."""
    out = Path(fetch.out)
    if state == "empty":
        out.mkdir(parents=True)
    elif state == "killed":
        artifacts.empty(out)
    else:
        execute(Path(fetch.file), "fetch")
    if state != "empty":
        (out / "cached").symlink_to(Path("../outside/precious").absolute())
        (out / "linked").symlink_to(Path("../outside").absolute())
    if state == "without its manifest":
        (out / "manifest.json").unlink()
    execute(Path(fetch.file), "fetch")
    assert artifacts.verify_manifest(out / "manifest.json") == []
    assert not (out / "linked").is_symlink() and not (out / "cached").is_symlink()
    assert Path("../outside/precious").read_text() == PRECIOUS


def test_an_older_folder_is_known_by_what_planning_found(fetch: jobs.Job) -> None:
    """Finished before there were marks; Snakemake removes the manifest before the job starts."""
    out = Path(fetch.out)
    execute(Path(fetch.file), "fetch")
    (out / artifacts.MARK).unlink()
    (out / artifacts.MANIFEST).write_text("{}")
    assert fetch.id in jobs.prepare(graph.plan_of(PARAMS).jobs)
    (out / artifacts.MANIFEST).unlink()
    elsewhere = Path("copy.json")
    elsewhere.write_bytes(Path(fetch.file).read_bytes())
    assert "holds files that no job made" in refused(elsewhere)
    execute(Path(fetch.file), "fetch")
    assert artifacts.verify_manifest(out / "manifest.json") == []


def test_every_job_writes_where_it_says() -> None:
    for profile in ("tiny", "paper"):
        for job in graph.plan(ROOT / "params.yaml", profile).jobs:
            assert paths.is_output(job.out, profile)
            assert job.places == paths.checked("job", job.id, job.out, job.inputs.values())
            assert job.places.file == job.file == f"results/{profile}/jobs/{job.id}.json"

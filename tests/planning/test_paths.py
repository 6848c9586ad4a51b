"""Where a job may write: only where a job of its name does, never through a link, never over what is not ours."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pixelwise import artifacts
from pixelwise.errors import PixelwiseError
from pixelwise.planning import graph, jobs, paths, staleness
from pixelwise.planning.execute import execute
from tests.pipeline.micro import PARAMS, ROOT

PLAN = graph.plan_of(PARAMS)
PRECIOUS = "what the user wrote"


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which the micro run is planned, beside a file of the user's."""
    folder = tmp_path_factory.mktemp("planned")
    (folder / "outside").mkdir()
    (folder / "outside" / "precious").write_text(PRECIOUS)
    (folder / "clone").mkdir()
    (folder / "clone" / "precious").write_text(PRECIOUS)
    with contextlib.chdir(folder / "clone"):
        staleness.prepare(PLAN.jobs)
    shutil.rmtree(folder / "clone" / "work", ignore_errors=True)  # what planning keeps for the next planning
    return folder


@pytest.fixture
def fetch(planned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> jobs.Job:
    """The job that writes the photographs; the test is in a copy of the planned clone."""
    shutil.copytree(planned, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path / "clone")
    return next(job for job in PLAN.jobs if job.id == "fetch/photos")


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
    "name",
    [
        "",
        "..",
        "prepare/photos",
        "inspect",
        "fetch",
        "fetch/../x",
        "fetch/a/b",
        "train/photos",
        "x/photos",
        "fetch/$(x)",
    ],
)
def test_another_name_is_refused(fetch: jobs.Job, name: str) -> None:
    assert "evil.json" in refused(edited(fetch, id=name))


@pytest.mark.parametrize("run", ["recorded", "bench", "weights", "a b", "$(x)", "-rf", "..", "recorded-smoke"])
def test_another_run_is_refused(fetch: jobs.Job, run: str) -> None:
    assert "evil.json" in refused(edited(fetch, out=f"data/{run}/photos/raw"))
    with pytest.raises(PixelwiseError, match="name"):
        paths.places(run, "time/tiny")


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
        *("work", "work/data/micro", "work/data/micro/photos/raw", "work/data/micro/photos/raw/lock", "work/downloads"),
    ],
)
def test_nothing_is_written_through_a_link(fetch: jobs.Job, place: str) -> None:
    link = Path(place)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(Path("../outside/precious" if "." in link.name else "../outside").absolute())
    assert f"{place}: a link to" in refused(fetch.file)
    before = listing(Path.cwd().parent)
    with pytest.raises(PixelwiseError, match=f"{place}: a link to"):
        staleness.prepare(PLAN.jobs)
    assert listing(Path.cwd().parent) == before


@pytest.mark.parametrize("place", ["results", "results/micro", "results/micro/jobs", "results/micro/jobs/fetch"])
def test_planning_writes_through_no_link(fetch: jobs.Job, place: str, tmp_path: Path) -> None:
    Path(place).rename(tmp_path / "elsewhere")
    Path(place).symlink_to(tmp_path / "elsewhere")
    before = listing(tmp_path)
    config: Any = json.loads(json.dumps(PARAMS))
    config["profiles"]["micro"]["datasets"]["photos"]["train"] = 1
    with pytest.raises(PixelwiseError, match=f"{place}: a link to"):
        staleness.prepare(graph.plan_of(config).jobs)
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


def run(job: jobs.Job) -> None:
    """Run it in a process of its own, as Snakemake does, and check every byte."""
    done = subprocess.run([sys.executable, "-m", "pixelwise", "fetch", job.file], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert artifacts.verify_manifest(Path(job.manifest)) == []


@pytest.mark.slow
def test_a_folder_of_ours_is_made_anew(fetch: jobs.Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """Snakemake makes an empty folder; a killed job leaves one with a mark; DVC puts links to its cache into one."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    out = Path(fetch.out)
    out.mkdir(parents=True)
    run(fetch)
    (out / artifacts.MANIFEST).unlink()
    (out / "cached").symlink_to(Path("../outside/precious").absolute())
    (out / "linked").symlink_to(Path("../outside").absolute())
    run(fetch)
    assert not (out / "linked").is_symlink() and not (out / "cached").is_symlink()
    assert Path("../outside/precious").read_text() == PRECIOUS
    artifacts.empty(out)
    (out / "half").write_text("written")
    run(fetch)


def test_an_older_folder_is_known_by_what_planning_found(fetch: jobs.Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """Finished before there were marks; Snakemake removes the manifest before the job starts."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    out = Path(fetch.out)
    out.mkdir(parents=True)
    (out / "made").write_text("before")
    (out / artifacts.MANIFEST).write_text("{}")
    assert fetch.id in staleness.prepare(PLAN.jobs)
    (out / artifacts.MANIFEST).unlink()
    elsewhere = Path("copy.json")
    elsewhere.write_bytes(Path(fetch.file).read_bytes())
    assert "holds files that no job made" in refused(elsewhere)
    run(fetch)


def test_every_job_writes_where_it_says() -> None:
    for profile in ("tiny", "paper"):
        for job in graph.plan(ROOT / "params.yaml", profile).jobs:
            assert paths.is_output(job.out, profile)
            assert job.places == paths.checked("job", job.step, job.id, job.out, job.inputs)
            assert job.places.file == job.file == f"results/{profile}/jobs/{job.id}.json"

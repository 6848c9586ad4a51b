"""Two processes at once, forced into each window between the locks; and a few random sequences of what people do."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pixelwise import artifacts
from pixelwise.errors import PixelwiseError
from pixelwise.planning import exclusive, graph
from tests.pipeline.cut import DVC, SNAKEMAKE, Place, tree
from tests.pipeline.forks import Server, at_work
from tests.pipeline.sequences import World, play

TRAIN = "results/a/jobs/train/photos/dncnn/seed0.json"
DATA = "data/a/photos/prepared"
ENDLESS = 10**6


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, server: Server) -> World:
    return World(tmp_path_factory.mktemp("world"), server)


@pytest.fixture
def place(world: World, tmp_path: Path) -> Iterator[Place]:
    """A finished clone; what still works in it at the end of a test is killed."""
    copied = Place(world.done.copy(tmp_path / "place").folder, world.server)
    yield copied
    while found := at_work(copied.folder, "pixelwise", "snakemake", "dvc"):
        for process in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.05)
    shutil.rmtree(copied.folder)


def until_trained(place: Place) -> None:
    """Wait until the training of an endless run has begun."""
    end = time.monotonic() + 60
    while not list(place.folder.glob("work/results/a/train/photos/dncnn/seed0/*/loss.csv")):
        assert time.monotonic() < end
        time.sleep(0.02)


def endless(place: Place) -> None:
    place.edit("profiles.a.train.dncnn.steps", ENDLESS)


def test_a_job_that_reads_keeps_others_from_making_its_input_anew(place: Place) -> None:
    endless(place)
    place.go("snakemake", "-n", "evaluate_all")
    training = place.start("pixelwise", "train", TRAIN)
    until_trained(place)
    before = tree(place.folder / DATA)
    status, output = place.go("pixelwise", "prepare", "results/a/jobs/prepare/photos.json")
    assert (status, output.count("\n")) == (2, 1), output
    assert f"work/{DATA}/lock: held by another process" in output
    assert tree(place.folder / DATA) == before
    assert place.go("pixelwise", "restore", "results/a/jobs/restore/photos/baselines/seed0.json")[0] == 0
    assert place.go("pixelwise", "train", TRAIN)[0] == 2
    os.kill(training.pid, signal.SIGTERM)
    assert "the same command continues" in training.wait()[1]
    assert place.go("pixelwise", "prepare", "results/a/jobs/prepare/photos.json")[0] == 0


def test_a_job_does_not_look_at_an_input_that_is_being_made(place: Place) -> None:
    with artifacts.locked(place.folder / "work" / DATA / "lock"):
        before = tree(place.folder / "results")
        status, output = place.go("pixelwise", "restore", "results/a/jobs/restore/photos/baselines/seed0.json")
    assert (status, output.count("\n")) == (2, 1), output
    assert "the job that makes it is running" in output
    assert tree(place.folder / "results") == before


def test_an_input_that_is_replaced_while_a_job_reads_it(place: Place) -> None:
    """`dvc checkout` heeds neither lock, and no lock keeps an editor out."""
    place.edit("profiles.a.train.dncnn.steps", 100)
    place.go("snakemake", "-n", "evaluate_all")
    file = next(path for path in sorted((place.folder / DATA).iterdir()) if path.suffix != ".json" and path.suffix)
    content = file.read_bytes()
    for replaced, expected in ((content, 0), (content[::-1], 2)):
        training = place.start("pixelwise", "train", TRAIN)
        until_trained(place)
        os.kill(training.pid, signal.SIGSTOP)
        file.write_bytes(replaced)
        os.kill(training.pid, signal.SIGCONT)
        status, output = training.wait()
        assert status == expected, output
    assert f"{DATA}/{file.name}" in output
    assert not (place.folder / "results/a/train/photos/dncnn/seed0").exists()


def test_beside_a_run_nothing_plans_writes_or_replaces(place: Place) -> None:
    endless(place)
    place.start(*SNAKEMAKE)
    until_trained(place)
    before = {**tree(place.folder / "results/a/jobs"), **tree(place.folder / "data"), **tree(place.folder / "results")}
    assert place.go("snakemake", "-n", "evaluate_all")[0] == 0
    assert place.go("snakemake", "evaluate_all", "--rulegraph")[0] == 0
    status, output = place.go(*SNAKEMAKE)
    assert status == 2
    assert "run 'a' is being worked on by process" in output.strip().splitlines()[-1], output
    status, output = place.go(*DVC)
    assert status and "is busy, it is being blocked by" in output, output
    place.edit("profiles.a.restore.photos.sigmas", [50])
    status, output = place.go("snakemake", "-n", "evaluate_all")
    assert status == 2
    assert "run 'a' is being worked on by process" in output.strip().splitlines()[-1]
    now = {**tree(place.folder / "results/a/jobs"), **tree(place.folder / "data"), **tree(place.folder / "results")}
    assert now == before


def test_a_run_does_not_begin_while_dvc_reads_or_replaces_its_outputs(place: Place) -> None:
    entry = {"pid": os.getpid(), "cmd": "dvc repro"}
    file = place.folder / ".dvc/tmp/rwlock"
    file.write_text(json.dumps({"write": {str(place.folder / "results/a/train"): entry}, "read": {}}))
    place.edit("profiles.a.restore.photos.sigmas", [50])
    before = tree(place.folder / "results")
    status, output = place.go(*SNAKEMAKE)
    assert status == 2
    assert f"run 'a' is being worked on by process {os.getpid()} (dvc repro)" in output
    assert tree(place.folder / "results") == before
    file.write_text("{}")
    assert place.go(*SNAKEMAKE)[0] == 0
    assert not json.loads(file.read_text()).get("write"), "still in DVC's list"


def test_dvc_works_after_a_run_was_killed(place: Place) -> None:
    endless(place)
    running = place.start(*SNAKEMAKE)
    until_trained(place)
    os.killpg(running.pid, signal.SIGKILL)
    assert running.wait()[0] == -signal.SIGKILL
    place.edit("profiles.a.train.dncnn.steps", 2)
    assert place.go("snakemake", "--unlock")[0] == 0
    status, output = place.go(*DVC)
    assert status == 0, output


def test_planning_waits_for_another_that_plans(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.folder)
    first = exclusive.Turn("a")
    assert not first.busy
    waiting = place.start("snakemake", "-n", "results/a/inspect/dncnn/manifest.json")
    time.sleep(2)
    assert not waiting.ended()
    first.end()
    status, output = waiting.wait()
    assert status == 0, output
    assert "Nothing to be done" in output


def test_a_plan_of_files_that_were_then_replaced_does_not_begin(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.folder)
    turn = exclusive.Turn("a")
    assert turn.plan(graph.plan(Path("params.yaml")).jobs)
    shutil.rmtree("results/a/train")
    place.go("dvc", "checkout", "-f")
    assert Path("results/a/train").is_dir()
    with pytest.raises(PixelwiseError, match="replaced by another process after it was planned"):
        turn.start()
    turn.end()
    assert place.go(*DVC)[0] == 0


def test_sequences(world: World) -> None:
    play(world, number=4, sequences=2, steps=3)
    assert world.count["sequences"] >= 1

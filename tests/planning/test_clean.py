"""`pixelwise clean`: what no entry makes any more goes, once asked for; whatever is not ours stays."""

from __future__ import annotations

import copy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pixelwise import artifacts
from pixelwise.artifacts import MARK, write_json
from pixelwise.errors import PixelwiseError
from pixelwise.planning import staleness
from pixelwise.planning.exclusive import Turn
from pixelwise.planning.execute import _state
from pixelwise.planning.graph import Plan
from pixelwise.planning.upkeep import clean
from tests.pipeline.micro import PARAMS, ROOT
from tests.planning.finished import TRAIN, make, named, plan

GONE = "asapnet_denoise"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A finished run; afterwards one network was taken out of the configuration."""
    (tmp_path / "clone").mkdir()
    monkeypatch.chdir(tmp_path / "clone")
    before = plan()
    make(before)
    params = copy.deepcopy(PARAMS)
    del params["profiles"]["micro"]["train"][GONE]
    params["profiles"]["other"] = copy.deepcopy(params["profiles"]["micro"])
    Path("params.yaml").write_text(yaml.safe_dump(params))
    return before


def lines(yes: bool = False, profile: str | None = None) -> list[str]:
    return list(clean(Path("params.yaml"), profile, yes))


def tree() -> set[str]:
    return {
        path.as_posix() for path in Path.cwd().parent.rglob("*") if ".lock" not in path.name and path.name != "lock"
    }


LEFT = [f"results/micro/restore/photos/{GONE}/seed0", f"results/micro/train/photos/{GONE}/seed0"]


def test_listed_first_and_removed_when_asked(run: Plan) -> None:
    size = sum(path.stat().st_size for path in Path(LEFT[0]).iterdir())
    before = {place for place in tree() if not place.endswith("/work") and "/work/" not in place}
    listed = lines()
    assert listed[0] == f"{size / 1000:>6.1f} kB  {LEFT[0]}: not configured any more"
    assert [line.split("  ")[-1].split(":")[0] for line in listed[:-1]] == LEFT
    assert listed[-1].startswith("2 folders, ") and listed[-1].endswith("; remove them with --yes")
    assert before <= tree() and all(Path(folder).is_dir() for folder in LEFT)
    removed = lines(yes=True)
    assert [line.split() for line in removed[:-1]] == [["removed", *line.split()] for line in listed[:-1]]
    gone = {place for place in before - tree() if not place.endswith("/work")}
    assert gone and all(
        any(
            f"/{folder}/".startswith(f"/{Path(place).relative_to(Path.cwd())}/")
            or place.startswith(f"{Path.cwd()}/{folder}")
            for folder in LEFT
        )
        for place in gone
    )
    assert Path("results/micro/train/photos/dncnn/seed0/result.txt").is_file()
    assert (
        lines()
        == lines(yes=True)
        == ["nothing to remove: every output and every half of a training is of present settings"]
    )


def test_nothing_foreign_is_touched(run: Plan) -> None:
    shutil.rmtree(LEFT[0])
    shutil.rmtree(LEFT[1])
    outside = Path.cwd().parent / "outside"
    places = {
        "unmarked": Path("results/micro/train/photos/mine/seed0"),
        "marked, but no place of a job": Path("results/micro/notes"),
        "marked, of no profile": Path("results/foreign/train/photos/x/seed0"),
        "recorded": Path("results/recorded/micro/train/photos/x/seed0"),
        "outside": outside / "train/photos/x/seed0",
        "unmarked work": Path("work/results/micro/train/photos/x/seed0/0123456789ab"),
        "work of another name": Path(f"work/results/micro/{TRAIN}/mine"),
        "a mark that is a link": Path("results/micro/train/photos/linked/seed0"),
    }
    for folder in places.values():
        folder.mkdir(parents=True)
        (folder / "keep.txt").write_text("keep")
    for name in (
        "marked, but no place of a job",
        "marked, of no profile",
        "recorded",
        "outside",
        "work of another name",
    ):
        (places[name] / MARK).touch()
    (places["a mark that is a link"] / MARK).symlink_to(places["outside"].resolve() / MARK)
    Path("results/micro/train/streets/link").symlink_to(outside / "train/photos/x")
    Path("data/micro/link").symlink_to(outside)
    before = tree()
    assert len(lines(yes=True)) == 1
    assert before <= tree()


def test_links_in_an_output_are_removed_as_links(run: Plan) -> None:
    kept = Path.cwd().parent / "cache" / "file"
    kept.parent.mkdir()
    kept.write_text("cached")
    (Path(LEFT[1]) / "model.safetensors").symlink_to(kept)
    (Path(LEFT[1]) / "folder").symlink_to(kept.parent)
    lines(yes=True)
    assert not Path(LEFT[1]).exists() and kept.read_text() == "cached"


def test_a_run_reached_through_a_link_is_refused(run: Plan) -> None:
    Path("results/micro").rename("elsewhere")
    Path("results/micro").symlink_to(Path("elsewhere").resolve())
    with pytest.raises(PixelwiseError, match=r"^results/micro: a link to .*; nothing is written through links"):
        lines(yes=True)
    assert Path("elsewhere/train/photos", GONE).is_dir()


def half(job: Any, **changes: Any) -> Path:
    """Resume folder of a job, as `execute` makes it; of the job as it is, or with changed parts."""
    description, inputs = {**job.description(), **changes}, staleness.present_inputs(job)
    folder = _state(Path(job.places.work), description, inputs)
    folder.mkdir(parents=True)
    write_json(folder / MARK, {"job": description, "inputs": inputs})
    (folder / "checkpoint.pt").write_bytes(b"x" * 2_000_000)
    return folder


def test_halves_of_trainings(run: Plan) -> None:
    train, gone = named(run, TRAIN), named(run, f"train/photos/{GONE}/seed0")
    now = train.description()
    kept = half(train)
    settings = half(train, settings={**now["settings"], "learning_rate": 0.5})
    code = half(train, code={**now["code"], "pixelwise/x.py": "0" * 64})
    dropped = half(gone)
    shutil.rmtree(LEFT[0])
    shutil.rmtree(LEFT[1])
    listed = {line.split("  ")[-1].split(": ")[0]: line for line in lines()[:-1]}
    assert set(listed) == {place.as_posix() for place in (settings, code, dropped)}
    assert listed[str(settings)].endswith("half of a job with other settings (learning_rate)")
    assert listed[str(code)].endswith("half of a job with other code (pixelwise/x.py)")
    assert listed[str(dropped)].endswith("half of a job that is not configured any more")
    assert all("2.0 MB" in line for line in listed.values())
    lines(yes=True)
    assert kept.is_dir() and not settings.exists() and not code.exists() and not dropped.exists()
    shutil.rmtree(named(run, "prepare/photos").out)  # whether a half fits its inputs can't be told without them
    settings = half(train, settings={**now["settings"], "learning_rate": 0.5})
    assert len(lines(yes=True)) == 1 and settings.is_dir()


def test_a_profile_at_a_time(run: Plan) -> None:
    shutil.copytree("results/micro", "results/other")
    shutil.copytree("results/micro", "results/micro-smoke")
    found = lines(profile="other")[:-1]
    assert found and all("  results/other/" in line for line in found)
    assert any("  results/micro-smoke/" in line for line in lines(profile="micro"))
    with pytest.raises(PixelwiseError, match=r"^--profile: 'x'; allowed are micro, other$"):
        lines(profile="x")


def test_not_beside_a_run(run: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixelwise.planning.exclusive.PATIENCE", 0.2)
    turn = Turn("micro")
    with pytest.raises(PixelwiseError, match=r"run 'micro' is being worked on by process"):
        lines(yes=True)
    turn.end()
    with artifacts.locked(Path("work", LEFT[0], "lock"), shared=True), pytest.raises(PixelwiseError, match="held by"):
        lines(yes=True)
    assert Path(LEFT[0]).is_dir()


def test_by_the_command_line(run: Plan) -> None:
    command = [sys.executable, "-m", "pixelwise", "clean"]
    env = {"PYTHONPATH": str(ROOT / "src"), "PATH": ""}
    done = subprocess.run([*command, "--yes"], env=env, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.splitlines()[-1].startswith("removed 2 folders, "), done.stderr
    again = subprocess.run(command, env=env, capture_output=True, text=True)
    assert again.stdout.startswith("nothing to remove")

"""A kind of data set is one file: in a copy of the package, one file more, and nothing else is touched."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml

from pixelwise.artifacts import sha256
from tests.data.builders import png
from tests.sharing import know_sources, package

ROOT = Path(__file__).parents[2]
TOY = '''
"""Toy maps: two label ids, downloaded as one zip archive."""

from __future__ import annotations

from pathlib import Path

from pixelwise.data.declared_kinds import Download, Kind
from pixelwise.data.examples import IGNORE, LabelTable, Listing
from pixelwise.data.layout import index, pair
from pixelwise.data.sources import Source
from pixelwise.data.walking import images_below
from pixelwise.settings.base import Flag, Settings
from pixelwise.settings.data import Dataset

SOURCE = Source(url="https://toy.invalid/toy.zip", licence="CC0 (toy)", sha256="{sha256}")


class Options(Settings):
    """What an entry takes more: whether the second id counts."""

    second: Flag = True


def labels(dataset: Dataset) -> LabelTable:
    counted = 1 if dataset.more(Options).second else IGNORE
    names = ("ground", "thing")
    return LabelTable(names, ((0, 0, 0), (255, 0, 0)), (0, counted), names)


def listing(root: Path, split: str, _: Dataset) -> Listing:
    roles = {{"image": ".jpg", "label": ".png"}}
    return pair({{role: index(images_below(root / split, end), lambda path: path.stem) for role, end in roles.items()}})


KIND = Kind(
    title="Toy maps",
    origin=Download(SOURCE, keep=lambda name: not name.endswith(".txt"), members=8),
    listing=listing,
    labels=labels,
    licence=SOURCE.licence,
    citation="Nobody, On toys, 2026",
    counts={{"train": 3, "val": 1}},
    options=Options,
    download_gb=0.5,
)
'''
PARAMS = {
    "profile": "toys",
    "profiles": {
        "toys": {
            "title": "A toy",
            "compute": {"device": "cpu"},
            "datasets": {"mine": {"kind": "toy", "height": 32, "width": 64, "second": False}},
            "networks": {"small": {"architecture": "segmenter"}},
            "train": {"reader": {"task": "segmentation", "dataset": "mine", "network": "small", "batch": 2}},
            "segment": {"segmenter": "reader"},
        }
    },
}
DESCRIBED = """
import json, sys
from pathlib import Path
from pixelwise.planning import code
from pixelwise.planning.graph import plan
runs = {name: plan(Path(sys.argv[1]), name).jobs for name in sys.argv[2:]}
print(json.dumps({name: {job.id: job.description() for job in jobs} for name, jobs in runs.items()}))
code.keep()
"""
PLANNED = """
from pathlib import Path
from pixelwise.planning import graph, staleness
run = graph.plan(Path("params.yaml"))
graph.preflight(run, staleness.prepare(run.jobs))
"""
REPORTED = """
from pathlib import Path
from pixelwise.reporting.provenance import sources
for row in sources({"prepare/mine": Path("data/toys/mine/prepared")}).rows:
    print(*row, sep="|")
"""


class Copy:
    """A copy of the package, and an empty project beside it in which it runs."""

    def __init__(self, folder: Path) -> None:
        self.package, self.project = folder / "src" / "pixelwise", folder / "project"
        package(self.package)
        self.project.mkdir()
        archive = folder / "mirror" / "toy.zip"
        archive.parent.mkdir()
        rng = np.random.default_rng(0)
        with zipfile.ZipFile(archive, "w") as zipped:
            zipped.writestr("readme.txt", "A toy.")
            for name in ("train/a", "train/b", "train/c", "val/d"):
                photograph = png(folder / "x.jpg", rng.integers(0, 256, (20, 40, 3), dtype=np.uint8))
                zipped.write(photograph, f"{name}.jpg")
                zipped.write(png(folder / "x.png", rng.integers(0, 2, (20, 40), dtype=np.uint8)), f"{name}.png")
        self.toy = TOY.format(sha256=sha256(archive))
        self.variables = {**os.environ, "PYTHONPATH": str(folder / "src"), "PIXELWISE_MIRROR": str(archive.parent)}

    @property
    def kinds(self) -> Path:
        """Where a kind's file belongs."""
        return self.package / "data" / "kinds"

    def configure(self, kind: str = "toy", **changes: object) -> None:
        """Write params.yaml of the project, with one kind of data set."""
        params = json.loads(json.dumps(PARAMS))
        params["profiles"]["toys"]["datasets"]["mine"] |= {"kind": kind, **changes}
        (self.project / "params.yaml").write_text(yaml.safe_dump(params))

    def python(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run Python with the copy."""
        done = subprocess.run(
            [sys.executable, *words], cwd=self.project, env=self.variables, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def pixelwise(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of the copy."""
        return self.python("-m", "pixelwise", *words, check=check)

    def planned(self) -> list[str]:
        """Words of the data set's line in the plan."""
        (line,) = [line.split() for line in self.pixelwise("plan").stdout.splitlines() if line.startswith(" mine ")]
        return line

    def described(self) -> dict[str, dict[str, object]]:
        """Profile -> job -> description, for profiles of the repository."""
        printed = self.python("-c", DESCRIBED, str(ROOT / "params.yaml"), "tiny", "street", "paper").stdout
        found: dict[str, dict[str, object]] = json.loads(printed)
        return found


@pytest.fixture
def copy(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    made = Copy(tmp_path)
    know_sources(tmp_path_factory, made.project)
    return made


def test_one_file_is_planned_fetched_prepared_checked_and_reported(copy: Copy) -> None:
    (copy.kinds / "toy.py").write_text(copy.toy)
    copy.configure()
    assert copy.planned()[-2:] == ["a", "download"] and "0.5" in copy.planned()
    copy.python("-c", PLANNED)
    for step in ("fetch", "prepare"):
        copy.pixelwise(step, f"results/toys/jobs/{step}/mine.json")
    job = json.loads((copy.project / "results/toys/jobs/prepare/mine.json").read_text())["job"]
    assert [name for name in job["code"] if "data/kinds/" in name] == [
        "pixelwise/data/kinds/__init__.py",
        "pixelwise/data/kinds/toy.py",
    ]
    facts = json.loads((copy.project / "data/toys/mine/prepared/dataset.json").read_text())
    assert facts["task"] == "translation" and facts["label_names"] == ["ground", "thing"]
    assert facts["eval_map"] == [0, 255] and facts["splits"]["train"]["names"] == ["a", "b", "c"]
    checked = copy.pixelwise("data", "check", "mine").stdout
    assert "train: 3 examples" in checked and "thing" in checked
    row = copy.python("-c", REPORTED).stdout.strip()
    assert row == "mine|toy|https://toy.invalid/toy.zip|CC0 (toy)|Nobody, On toys, 2026|train 3, val 1"


def test_a_new_kind_makes_no_job_stale_and_a_changed_one_its_own(copy: Copy) -> None:
    before = copy.described()
    (copy.kinds / "toy.py").write_text(copy.toy)
    assert copy.described() == before and len(before["paper"]) > 100
    with open(copy.kinds / "camvid.py", "a") as stream:
        stream.write("CHANGED = True\n")
    with open(copy.package / "data" / "manifests" / "camvid.csv", "a") as stream:
        stream.write("\n")
    after = copy.described()
    stale = {profile: [name for name in jobs if jobs[name] != after[profile][name]] for profile, jobs in before.items()}
    assert stale == {"tiny": [], "street": ["fetch/camvid", "prepare/camvid"], "paper": []}


DRAWN = """
import numpy as np
from PIL import Image

from pixelwise.artifacts import atomic
from pixelwise.data.declared_kinds import Made


def write(dataset: Dataset, out: Path) -> None:
    for name in ("train/a", "train/b", "val/c"):
        for end, shape in ((".jpg", (20, 40, 3)), (".png", (20, 40))):
            with atomic(out / (name + end)) as path:
                Image.fromarray(np.ones(shape, np.uint8)).save(path)


KIND = replace(KIND, origin=Made(f"{__name__}:write", "made by a toy"), counts=None, synthetic=True)
"""
BROUGHT = """
from pixelwise.data.declared_kinds import Folder

KIND = replace(KIND, origin=Folder(bring="ask Nobody, and set TOY_ROOT", variable="TOY_ROOT", folders=("train",)))
"""


def test_a_kind_that_writes_its_own_files(copy: Copy) -> None:
    (copy.kinds / "toy.py").write_text(copy.toy + "\nfrom dataclasses import replace\n" + DRAWN)
    copy.configure()
    assert copy.planned()[-2:] == ["the", "program"]
    copy.python("-c", PLANNED)
    for step in ("fetch", "prepare"):
        copy.pixelwise(step, f"results/toys/jobs/{step}/mine.json")
    facts = json.loads((copy.project / "data/toys/mine/prepared/dataset.json").read_text())
    assert facts["synthetic"] and facts["address"] == "made by a toy" and facts["splits"]["val"]["names"] == ["c"]


def test_a_kind_that_the_user_brings(copy: Copy, tmp_path: Path) -> None:
    (copy.kinds / "toy.py").write_text(copy.toy + "\nfrom dataclasses import replace\n" + BROUGHT)
    copy.configure()
    assert copy.planned()[-2:] == ["your", "folder"]
    assert "Missing: data mine: ask Nobody, and set TOY_ROOT." in " ".join(copy.pixelwise("plan").stdout.split())
    refused = copy.python("-c", PLANNED, check=False)
    assert refused.stderr.endswith("toy: no folder given; ask Nobody, and set TOY_ROOT\n")
    with zipfile.ZipFile(tmp_path / "mirror" / "toy.zip") as zipped:
        zipped.extractall(tmp_path / "brought")
    copy.variables["TOY_ROOT"] = str(tmp_path / "brought")
    copy.python("-c", PLANNED)
    copy.pixelwise("fetch", "results/toys/jobs/fetch/mine.json")
    listed = (copy.project / "data/toys/mine/raw/files.csv").read_text()
    assert listed.count("\n") == 9 and "train/a.jpg," in listed


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("toys", {}, r"\.kind: no such kind of data set; allowed are bsd68, .*, toy, train400 \(found 'toys'\)"),
        ("toy", {"secnd": True}, r"\.secnd: no such parameter; did you mean second\?"),
        ("toy", {"second": 1}, r"\.second: Input should be a valid boolean \(found 1\)"),
        ("toy", {"root": "/"}, r": toy takes no root: downloaded without a login"),
        ("gopro", {}, r"\.second: no such parameter; allowed: at_most, .*, width"),
    ],
)
def test_a_mistake_is_one_line(copy: Copy, kind: str, changes: dict[str, object], message: str) -> None:
    (copy.kinds / "toy.py").write_text(copy.toy)
    copy.configure(kind, **changes)
    done = copy.pixelwise("plan", check=False)
    wanted = rf"pixelwise: error: params\.yaml: profiles\.toys\.datasets\.mine{message}\n"
    assert done.returncode == 2 and re.fullmatch(wanted, done.stderr), done.stderr


def test_a_file_that_declares_nothing_is_named(copy: Copy) -> None:
    (copy.kinds / "toy.py").write_text("KIND = None\n")
    copy.configure()
    done = copy.pixelwise("plan", check=False)
    assert done.returncode == 2 and done.stderr.endswith("kinds/toy.py: KIND is NoneType; a Kind is needed\n")

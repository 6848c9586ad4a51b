"""A small but complete run in a clone of its own: every kind of job, real components, seconds each."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import yaml

from pixelwise.planning import code
from tests.pipeline.forks import PROGRAMS, Server

ROOT = Path(__file__).parents[2]
PARAMS = {
    "profile": "micro",
    "smoke": False,
    "defaults": {"seeds": [0], "compute": {"device": "cpu", "threads": 1}},
    "networks": {"segmenter": {"architecture": "segmenter", "options": {"stages": 2, "width": 8}}},
    "profiles": {
        "micro": {
            "title": "Micro run for tests",
            "networks": {
                "asapnet": {
                    "architecture": "asapnet",
                    "options": {"width": 4, "max_width": 8, "depth": 1, "mlp_width": 8},
                },
                "dncnn": {"architecture": "dncnn", "options": {"depth": 3, "width": 8}},
            },
            "datasets": {
                "streets": {"kind": "streets", "height": 32, "width": 64, "train": 4, "val": 4},
                "photos": {"kind": "photos", "train": 2, "val": 1},
            },
            "train": {
                "asapnet": {
                    "task": "translation",
                    "dataset": "streets",
                    "network": "asapnet",
                    "discriminator_options": {"width": 4},
                    "batch": 2,
                    "presentations": 4,
                    "perceptual": 0,
                },
                "segmenter": {
                    "task": "segmentation",
                    "dataset": "streets",
                    "network": "segmenter",
                    "batch": 2,
                    "presentations": 4,
                },
                "dncnn": {
                    "task": "denoising",
                    "dataset": "photos",
                    "network": "dncnn",
                    "batch": 2,
                    "steps": 3,
                    "learning_rate": 0.001,
                },
                "asapnet_denoise": {
                    "task": "denoising",
                    "dataset": "photos",
                    "network": "asapnet",
                    "batch": 2,
                    "steps": 2,
                },
            },
            "inspect": {"sizes": [[256, 512]]},
            "figures": {"dpi": 50},
            "fid": {"resamples": 2, "protocols": ["pytorch-fid"]},
            "segment": {"segmenter": "segmenter", "protocols": ["native"], "resamples": 10},
            "restore": {"photos": {"dataset": "photos", "sigmas": [25], "limit": 1, "bm3d_limit": 0}},
            "time": {
                "denoising": {
                    "task": "denoising",
                    "trained": ["dncnn"],
                    "sizes": [[32, 32]],
                    "warmup": 1,
                    "calls": 3,
                    "processes": 1,
                }
            },
        }
    },
}


OF_MAKE = ("PROFILE", "CORES", "PYTHON", "SMOKE", "PARTIAL", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
"""What a `make` around the tests exports, which is not meant for one inside them."""


class Clone:
    """A clone of the project in which commands run.

    Args:
        folder: Where it lies.
        server: Runs the commands of this project, Snakemake and DVC at once; without, each is a process from nothing.
    """

    def __init__(self, folder: Path, server: Server | None = None) -> None:
        self.folder, self.server = folder, server

    def run(self, *command: str, check: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command of this environment in the clone."""
        if self.server is not None and command[0] in PROGRAMS:
            with tempfile.NamedTemporaryFile("r") as errors:
                started = self.server.start(*command, cwd=self.folder, errors=Path(errors.name), **variables)
                done = subprocess.CompletedProcess(command, *started.wait(), errors.read())
        else:
            path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
            environment = {**os.environ, "PATH": path, "PYTHONPATH": "", **variables}
            done = subprocess.run(
                command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=600, check=False
            )
        if check and done.returncode:
            raise AssertionError(
                f"{' '.join(command)}: {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-5000:]}"
            )
        return done

    def snakemake(self, *arguments: str, check: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
        return self.run("snakemake", "--cores", "2", *arguments, check=check, **variables)

    def make(self, target: str, packages: str = "") -> subprocess.CompletedProcess[str]:
        """Run a target of the Makefile as if the clone and the programs of the server were installed in it.

        Args:
            target: Which.
            packages: A folder of packages beside those of this environment.
        """
        assert self.server is not None
        installed = os.pathsep.join(filter(None, [str(self.folder / "src"), packages]))
        (self.folder / ".venv").mkdir()
        (self.folder / ".venv/bin").symlink_to(self.server.bin)
        try:
            return self.run("make", "-o", ".venv/installed", target, PYTHONPATH=installed, **dict.fromkeys(OF_MAKE, ""))
        finally:
            shutil.rmtree(self.folder / ".venv")

    def nothing_to_do(self) -> bool:
        """Whether a dry run plans no job."""
        return "Nothing to be done" in (done := self.snakemake("-n", "all")).stdout + done.stderr

    def jobs(self, *command: str) -> Counter[str]:
        """Run a command and count, by step and model, the jobs that the run log gained."""
        before = len(self.log())
        self.run(*command)
        return Counter("/".join([job.split("/")[0], *job.split("/")[2:3]]) for job in self.log()[before:])

    def log(self) -> list[str]:
        """Ids of all jobs done so far."""
        file = self.folder / "logs" / "run.jsonl"
        if not file.exists():
            return []
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        return [line["job"] for line in lines if line["status"] == "done"]

    def edit(self, path: str, value: object) -> None:
        """Set one value of params.yaml, named by its dotted path."""
        file = self.folder / "params.yaml"
        params = yaml.safe_load(file.read_text())
        *parents, last = path.split(".")
        node = params
        for parent in parents:
            node = node[parent]
        node[last] = value
        file.write_text(yaml.safe_dump(params, sort_keys=False))

    def learning_rate(self) -> float:
        """The learning rate that the present DnCNN checkpoint was made with, by its manifest."""
        manifest = self.folder / "results/micro/train/photos/dncnn/seed0/manifest.json"
        return float(json.loads(manifest.read_text())["job"]["settings"]["learning_rate"])

    def copy(self, folder: Path) -> Clone:
        """The same clone elsewhere, modification times kept."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Clone(folder, self.server)

    def cloned(self, folder: Path) -> Clone:
        """What Git takes to another place."""
        self.run("git", "clone", "-q", str(self.folder), str(folder))
        return Clone(folder, self.server)

    def commit(self, message: str) -> None:
        self.run("git", "add", "-A")
        self.run("git", "-c", "user.name=Test", "-c", "user.email=test@example.org", "commit", "-qm", message)

    def metrics(self) -> dict[str, str]:
        """Every file that must be the same in two clones: text of all metrics, timings apart."""
        folder = self.folder / "results" / "micro"
        files = [p for p in folder.rglob("*") if p.name in ("metrics.json", "metrics.csv", "per_image.csv", "loss.csv")]
        return {p.relative_to(folder).as_posix(): p.read_text() for p in sorted(files) if "time/" not in p.as_posix()}


LEARNING_RATE = "profiles.micro.train.dncnn.learning_rate"
DNCNN = Counter({"train/dncnn": 1, "restore/dncnn": 1, "summarise": 1, "judge": 1, "figures": 1, "report": 1})
REPORT = Counter({"summarise": 1, "judge": 1, "figures": 1, "report": 1})


def fresh(folder: Path, server: Server | None = None) -> Clone:
    """A repository with the working tree's files and the micro profile, nothing run yet."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    for name in listed.stdout.splitlines():
        if name.startswith(("tests/", "docs/", "results/")) or not (ROOT / name).is_file():
            continue
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    for path in (ROOT / "src").rglob("__pycache__"):  # a clone need not be compiled again
        ignored = shutil.ignore_patterns("*.pyc.*")
        shutil.copytree(path, folder / path.relative_to(ROOT), ignore=ignored, dirs_exist_ok=True)
    if (known := ROOT / code.KNOWN).is_file():  # nor its sources be parsed again
        (folder / code.KNOWN).parent.mkdir()
        shutil.copyfile(known, folder / code.KNOWN)
    (folder / "params.yaml").write_text(yaml.safe_dump(PARAMS, sort_keys=False))
    clone = Clone(folder, server)
    clone.run("git", "init", "-q", "-b", "main")
    clone.commit("start")
    return clone

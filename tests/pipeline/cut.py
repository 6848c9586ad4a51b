"""The smallest run that both tools can make (one data set, trainings of two steps, scores), and what must hold."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import yaml

from pixelwise.planning import graph, staleness
from tests.pipeline.forks import Running, Server
from tests.pipeline.micro import Clone, fresh

Tree = dict[str, str]
ENTRY = {
    "task": "denoising",
    "dataset": "photos",
    "network": "dncnn",
    "batch": 2,
    "steps": 2,
    "learning_rate": 0.001,
}
RESTORE = {"dataset": "photos", "sigmas": [25], "baselines": ["identity"], "resamples": 2, "samples": 0}
PARAMS: dict[str, Any] = {
    "profile": "a",
    "smoke": False,
    "defaults": {"seeds": [0], "compute": {"device": "cpu", "threads": 1}, "inspect": {"sizes": [[256, 256]]}},
    "networks": {"dncnn": {"architecture": "dncnn", "options": {"depth": 3, "width": 4}}},
    "profiles": {
        name: {
            "title": f"Cut {name}",
            "datasets": {"photos": {"kind": "photos", "train": 2, "val": 1, "height": 64, "width": 64}},
            "train": {"dncnn": {**ENTRY, "learning_rate": rate}},
            "restore": {"photos": copy.deepcopy(RESTORE)},
        }
        for name, rate in (("a", 0.001), ("b", 0.003))
    },
}
SNAKEMAKE = ("snakemake", "--cores", "2", "evaluate_all")
DVC = ("dvc", "repro", "evaluate")


class Place(Clone):
    """A clone with the cut, whose commands a server of forks runs."""

    def __init__(self, folder: Path, server: Server) -> None:
        super().__init__(folder)
        self.server = server

    def start(self, *command: str) -> Running:
        return self.server.start(*command, cwd=self.folder, PYTHONPATH=str(self.folder / "src"))

    def go(self, *command: str) -> tuple[int, str]:
        """Exit status and output of a command."""
        return self.start(*command).wait()

    def read(self) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load((self.folder / "params.yaml").read_text())
        return found

    def write(self, params: dict[str, Any]) -> None:
        (self.folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))

    def planned(self) -> tuple[set[str], set[str], list[str]]:
        """All output folders of the cut; those that planning calls valid; what `verify` says of them."""
        with contextlib.chdir(self.folder):
            chosen = [job for job in graph.plan(Path("params.yaml")).jobs if job.step not in REPORT]
            valid: set[str] = set()
            for job in chosen:
                if staleness.valid(job) and valid.issuperset(job.inputs.values()):
                    valid.add(job.out)
            return {job.out for job in chosen}, valid, staleness.verify(chosen)

    def damage(self, out: str) -> set[str]:
        """Files of one output folder that differ from its manifest, or from being listed there."""
        folder = self.folder / out
        listed = json.loads((folder / "manifest.json").read_text())["files"]
        present = {name: digest for name, digest in tree(folder).items() if name != "manifest.json"}
        return {f"{out}/{name}" for name, _ in set(listed.items()) ^ set(present.items())}


REPORT = ("summarise", "judge", "figures", "report")


def clone(folder: Path, server: Server) -> Place:
    """A clone with the cut in which nothing has run."""
    fresh(folder)
    place = Place(folder, server)
    place.write(PARAMS)
    ignore = folder / ".gitignore"
    ignore.write_text(ignore.read_text() + "/results/\n")
    place.commit("cut")
    return place


def tree(folder: Path) -> Tree:
    """Every file of a folder with the hash of its bytes; the manifest too, hidden files not."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def wanted(params: dict[str, Any]) -> dict[str, str]:
    """Output folder -> a name for all that its content follows from, worked out without the project's own planning."""
    run = params["profile"]
    profile = params["profiles"][run]
    photos, restore = profile["datasets"]["photos"], profile["restore"]["photos"]
    found: dict[str, str] = {}

    def add(out: str, *causes: Any) -> str:
        found[out] = json.dumps([out, *causes], sort_keys=True)
        return found[out]

    networks = {**params["networks"], **profile.get("networks", {})}
    for model in {networks[entry["network"]]["architecture"] for entry in profile["train"].values()}:
        add(f"results/{run}/inspect/{model}", params["defaults"]["inspect"])
    data = add(f"data/{run}/photos/prepared", photos, add(f"data/{run}/photos/raw", photos))
    add(f"results/{run}/restore/photos/baselines/seed0", restore, data)
    for name, entry in profile["train"].items():
        model = add(f"results/{run}/train/photos/{name}/seed0", entry, data)
        add(f"results/{run}/restore/photos/{name}/seed0", restore, data, model)
    return found

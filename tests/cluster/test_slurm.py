"""The documented line on a real Slurm of one machine; by hand, since it takes ten minutes of two cores:

make install-slurm
sudo tests/cluster/one_machine.sh up          # links its configuration into /etc/slurm, where all commands look
pytest -s tests/cluster
sudo tests/cluster/one_machine.sh down
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import threading
import time
from collections import defaultdict

import pytest

from tests.pipeline.micro import Clone, fresh

STEPS = int(os.environ.get("PIXELWISE_CLUSTER_STEPS", "40000"))
"""Of the training that meets its wall limit: more than a minute and a half of an idle core."""
LINE = ("snakemake", "--workflow-profile", "profiles/slurm", "all")
LOCAL = {"fetch", "weights", "inspect", "summarise", "judge", "figures", "report"}
CARDS = {"train", "generate", "fid", "segment", "time", "restore"}


def _answers() -> bool:
    if not shutil.which("sinfo") or importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        return False
    try:
        return subprocess.run(["sinfo", "-h"], capture_output=True, timeout=10, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


pytestmark = [pytest.mark.slow, pytest.mark.timeout(0), pytest.mark.skipif(not _answers(), reason="no Slurm answers")]


class Watch:
    """What `scontrol` says of every job, looked at each second, since Slurm forgets jobs that have ended."""

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, str]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._ended.wait(1):
            shown = subprocess.run(["scontrol", "show", "job", "-o"], capture_output=True, text=True, check=False)
            for line in shown.stdout.splitlines():
                facts = dict(re.findall(r"(\w+)=(\S*)", line))
                if facts.get("Comment", "").startswith("rule_"):
                    self.jobs[facts["JobId"]] = facts

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def by_rule(self) -> dict[str, list[dict[str, str]]]:
        """Rule -> what is known of its jobs, in the order in which they were submitted."""
        found = defaultdict(list)
        for number in sorted(self.jobs, key=int):
            found[self.jobs[number]["Comment"].removeprefix("rule_").split("_wildcards")[0]].append(self.jobs[number])
        return found


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    made = fresh(tmp_path_factory.mktemp("slurm") / "clone")
    made.edit("defaults.compute.device", "auto")  # no card is here: it computes on the processor, yet asks for a card
    made.edit("profiles.micro.train.dncnn.steps", STEPS)
    made.run("git", "init", "-q")
    made.commit("micro")
    return made


def run(clone: Clone, *command: str, **variables: str) -> tuple[Watch, str]:
    """Run a command in the clone, with the plugin's folder kept on the path; print what Slurm was asked for."""
    began, output = time.time(), clone.folder / "output.txt"
    with Watch() as seen, output.open("w") as stream:
        environment = {**os.environ, **variables}
        done = subprocess.run(command, cwd=clone.folder, env=environment, stdout=stream, stderr=subprocess.STDOUT)
        time.sleep(3)
    print(f"\n$ {' '.join(command)}    [{done.returncode}, {time.time() - began:.0f} s]")
    for number in sorted(seen.jobs, key=int):
        job = seen.jobs[number]
        asked = " ".join(f"{name}={job.get(name, '-')}" for name in ("TimeLimit", "MinMemoryNode", "TresPerJob"))
        print(f"  {number:>4} {job['JobState']:10} {job['RunTime']} {asked} {job['Comment']}")
    text = output.read_text()
    assert done.returncode == 0, text[-5000:]
    return seen, text


def test_a_run_carries_over_a_wall_limit(clone: Clone) -> None:
    short = "train:runtime=1 if attempt == 1 else 30"
    seen, _ = run(clone, *LINE, "--set-resources", short)
    jobs = seen.by_rule()
    assert not LOCAL & jobs.keys()
    assert {"prepare", "train", "time", "generate", "fid", "segment", "restore"} <= jobs.keys()
    for rule, found in jobs.items():
        for job in found:
            asks = rule in CARDS and "baselines" not in job["Comment"]
            assert ("gpu" in job.get("TresPerJob", "")) == asks, job
    assert all(job["OverSubscribe"] == "NO" for job in jobs["time"])
    killed = [job for job in jobs["train"] if job["JobState"] == "TIMEOUT"]
    assert any("dncnn" in job["Comment"] for job in killed)
    log = [json.loads(line) for line in (clone.folder / "logs/run.jsonl").read_text().splitlines()]
    ends = [entry["status"] for entry in log if entry["job"] == "train/photos/dncnn/seed0"]
    assert ends[-1] == "done" and len(ends) > 1, ends
    assert (clone.folder / "results/micro/report/index.html").is_file()
    assert clone.nothing_to_do()
    done = next(entry for entry in reversed(log) if entry["job"] == "train/photos/dncnn/seed0")
    print(f"  dncnn: {ends}, the last attempt {done['seconds']} s")


def test_dvc_computes_on_the_cluster(clone: Clone) -> None:
    chosen = {"SNAKEMAKE_PROFILE": "profiles/slurm"}
    seen, _ = run(clone, "dvc", "repro", **chosen)
    before = set(seen.jobs)  # of the earlier run
    clone.edit("profiles.micro.train.dncnn.steps", 3)
    seen, _ = run(clone, "dvc", "repro", **chosen)
    new = sorted(seen.jobs[number]["Comment"] for number in seen.jobs.keys() - before)
    assert len(new) == 2 and "rule_restore" in new[0] and "rule_train" in new[1], new

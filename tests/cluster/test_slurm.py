"""The documented line on a real Slurm of one machine; by hand, since it takes half an hour of two cores:

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


def _answers() -> bool:
    if not shutil.which("sinfo") or importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        return False
    try:
        return subprocess.run(["sinfo", "-h"], capture_output=True, timeout=10, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


pytestmark = [pytest.mark.slow, pytest.mark.timeout(0), pytest.mark.skipif(not _answers(), reason="no Slurm answers")]


class Watch:
    """What `scontrol` says of every new job, looked at each second, since Slurm forgets jobs that have ended."""

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, str]] = {}
        self._before = self._shown().keys()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)

    @staticmethod
    def _shown() -> dict[str, dict[str, str]]:
        shown = subprocess.run(["scontrol", "show", "job", "-o"], capture_output=True, text=True, check=False)
        jobs = [dict(re.findall(r"(\w+)=(\S*)", line)) for line in shown.stdout.splitlines()]
        return {job["JobId"]: job for job in jobs if job.get("Comment", "").startswith("rule_")}

    def _look(self) -> None:
        while not self._ended.wait(1):
            self.jobs |= {number: job for number, job in self._shown().items() if number not in self._before}

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
    made.edit("profiles.micro.train.asapnet_denoise.processes", 2)
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


def cards(comment: str) -> str:
    """What a job asks for: none where nothing is computed by a network, two for the training in two processes."""
    if re.match("rule_prepare|rule_generate_wildcards_streets_mean_colour|rule_restore_wildcards_.*baselines", comment):
        return ""
    return "gres:gpu:2" if comment.startswith("rule_train") and "asapnet_denoise" in comment else "gres:gpu:1"


def test_a_run_carries_over_a_wall_limit(clone: Clone) -> None:
    short = "train:runtime=1 if attempt == 1 else 30"
    seen, _ = run(clone, *LINE, "--set-resources", short)
    jobs = seen.by_rule()
    assert not LOCAL & jobs.keys()
    assert {"prepare", "train", "time", "generate", "fid", "segment", "restore"} <= jobs.keys()
    for job in seen.jobs.values():
        assert job.get("TresPerJob", "") == cards(job["Comment"]), job
    assert all(job["OverSubscribe"] == "NO" for job in jobs["time"])
    killed = [job for job in jobs["train"] if job["JobState"] == "TIMEOUT"]
    assert any("dncnn" in job["Comment"] for job in killed)
    log = [json.loads(line) for line in (clone.folder / "logs/run.jsonl").read_text().splitlines()]
    ends = [entry["status"] for entry in log if entry["job"] == "train/photos/dncnn/seed0"]
    assert ends[-1] == "done" and len(ends) > 1, ends
    told = (clone.folder / "logs/micro/train/photos/dncnn/seed0.log").read_text()
    began = re.search(rf"step (\d+) of {STEPS}", told)
    assert began and int(began[1]) > 0, told
    assert (clone.folder / "results/micro/report/index.html").is_file()
    assert clone.nothing_to_do()
    done = next(entry for entry in reversed(log) if entry["job"] == "train/photos/dncnn/seed0")
    print(f"  dncnn: {ends}; the last attempt began at step {began[1]} of {STEPS} and took {done['seconds']} s")


def test_dvc_computes_on_the_cluster(clone: Clone) -> None:
    chosen = {"SNAKEMAKE_PROFILE": "profiles/slurm"}
    seen, _ = run(clone, "dvc", "repro", **chosen)
    assert not seen.jobs
    clone.edit("profiles.micro.train.dncnn.steps", 3)
    seen, _ = run(clone, "dvc", "repro", **chosen)
    new = sorted(job["Comment"] for job in seen.jobs.values())
    assert len(new) == 2 and "rule_restore" in new[0] and "rule_train" in new[1], new

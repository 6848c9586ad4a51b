"""What jobs ask of a cluster, by a dry run: no Slurm is needed. A real one: `tests/cluster`."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from pixelwise.files import run_log
from pixelwise.planning.graph import plan_of
from tests.pipeline.micro import LEARNING_RATE, PARAMS, ROOT

RULES = {"fetch", "weights", "inspect", "summarise", "judge", "figures", "report"}


def asked(shown: str) -> dict[str, dict[str, str]]:
    """Job -> its resources, from what Snakemake prints."""
    found = {}
    for rule, text in re.findall(r"^(?:local)?rule (\w+):\n((?:    .*\n)+)", shown, re.M):
        facts = dict(re.findall(r"^    (\w+): (.*)$", text, re.M))
        wildcards, resources = (
            re.findall(r"(\w+)=([^,]+)", facts.get(name, "")) for name in ("wildcards", "resources")
        )
        found["/".join([rule, *(value for _, value in wildcards)])] = dict(resources)
    return found


def test_each_job_asks_for_what_it_needs(new_clone):
    clone = new_clone("clone")
    clone.edit("defaults.compute.device", "auto")
    done = clone.run("snakemake", "-n", "--jobs", "20", "all", "--set-resources", "train:runtime=90")
    jobs = asked(done.stdout + done.stderr)
    for name, resources in jobs.items():
        rule = name.split("/")[0]
        if rule in RULES or rule == "all":
            assert "runtime" not in resources and "gpu" not in resources, name  # they stay on the submitting machine
            continue
        on_card = rule != "prepare" and "baselines" not in name and not name.startswith("generate/streets/mean_colour/")
        assert resources.get("gpu", "0") == str(int(on_card)), name
        assert resources["runtime"] == ("90" if rule == "train" else "30"), name
        assert (resources.get("slurm_extra") == "--exclusive") == (rule == "time"), name
        assert int(resources["mem_mb"]) >= 4000 and resources["cpus_per_task"] == "1", name
        assert resources["nodes"] == "1", name
    assert {name.split("/")[0] for name in jobs} >= {"train", "time", "prepare", "restore", "generate", "fid"}


def test_a_training_in_several_processes_is_one_task_of_one_node(new_clone):
    clone = new_clone("clone")
    clone.edit("defaults.compute.device", "auto")
    clone.edit("profiles.micro.train.dncnn.processes", 2)
    done = clone.run("snakemake", "-n", "--jobs", "20", "train_all")
    jobs = asked(done.stdout + done.stderr)
    two, one = (jobs[f"train/photos/{name}/seed0"] for name in ("dncnn", "asapnet_denoise"))
    assert (two["gpu"], two["nodes"], two["cpus_per_task"]) == ("2", "1", "2")
    assert int(two["mem_mb"]) == 2 * int(one["mem_mb"])


@pytest.mark.parametrize("where", [("--cores", "2"), ("--jobs", "20")])
def test_a_log_with_a_broken_line_stops_no_run(new_clone, where):
    clone = new_clone("clone")
    (clone.folder / "logs").mkdir()
    (clone.folder / "logs/run.jsonl").write_text('{}\n{"job": "train/photos/dncnn/seed0", "kin')
    jobs = asked((done := clone.run("snakemake", "-n", *where, "all")).stdout + done.stderr)
    assert int(jobs["prepare/photos"]["mem_mb"]) > 0
    assert ("runtime" in jobs["prepare/photos"]) == ("--jobs" in where)


def test_the_log_tells_the_settings_that_plan_looks_for(done):
    jobs = {job.id: job for job in plan_of(json.loads(json.dumps(PARAMS))).jobs}
    by_out = {job.out: job for job in jobs.values()}
    lines, problems = run_log.read(done.folder / "logs/run.jsonl")
    assert not problems and len(lines) > 20
    assert {line.job: line.settings for line in lines} == {line.job: jobs[line.job].effort(by_out) for line in lines}


def test_the_report_is_named_where_the_whole_run_is_that_of_the_settings(clone):
    assert "the report of run 'micro' is " in (said := clone.snakemake("data_all")).stdout + said.stderr
    clone.edit(LEARNING_RATE, 0.02)
    assert "the report of run" not in (said := clone.snakemake("data_all")).stdout + said.stderr


def test_the_environments_of_conda_are_refused_in_a_line(new_clone):
    done = new_clone("clone").snakemake("all", "--sdm", "conda", check=False)
    assert done.returncode != 0
    [line] = [line for line in done.stderr.splitlines() if "pixelwise" in line]
    assert "conda: not supported" in line and "requirements.lock" in line and "Traceback" not in done.stderr


def test_what_is_needed_stands_in_the_rules():
    """`--set-resources` and `--default-resources` in a command replace those of the profile as a whole."""
    profile = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())
    assert "set-resources" not in profile and profile["default-resources"] == {"tmpdir": "system_tmpdir"}
    assert profile["retries"] == 3 and profile["slurm-status-command"] == "squeue"
    # The plugin trusts `squeue` where Slurm remembers ended jobs for three of these, and looks at least each 180 s.
    assert 3 * profile["slurm-init-seconds-before-status-checks"] >= 180

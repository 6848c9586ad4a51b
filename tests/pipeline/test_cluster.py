"""What jobs ask of a cluster, by a dry run: no Slurm is needed. A real one: `tests/cluster`."""

from __future__ import annotations

import re

import yaml

from tests.pipeline.micro import ROOT

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
    assert {name.split("/")[0] for name in jobs} >= {"train", "time", "prepare", "restore", "generate", "fid"}


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

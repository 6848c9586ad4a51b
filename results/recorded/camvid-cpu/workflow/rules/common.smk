# Configuration, the list of jobs, and the functions that the rules share.

import os
import sys
from pathlib import Path

ROOT = Path(workflow.basedir)
sys.path.insert(
    0, str(ROOT / "src")
)  # this clone's own source, whatever else is installed

from pixelwise import net

with net.planning():
    from pixelwise.planning import (
        clone,
        configuration,
        environment,
        exclusive,
        graph,
        unfinished,
    )
    from pixelwise.data import own

    clone.run_this_checkout(ROOT)
    # `config` holds what the command line gave, which child processes are given again; all else is read from the file.
    PLAN = graph.plan_of(configuration.read(Path("params.yaml"), config))
    if workflow.is_main_process:
        environment.check(
            environment.differences(job.entries for job in PLAN.jobs), PLAN.environment
        )
        TURN = exclusive.Turn(PLAN.name)
        STALE = TURN.plan(PLAN.jobs, own.noticed(PLAN.jobs))
config["profile"] = PLAN.name  # for the captions of `snakemake --report`


wildcard_constraints:
    seed=r"seed\d+",


DATA, RESULTS, LOGS = f"data/{PLAN.name}", f"results/{PLAN.name}", f"logs/{PLAN.name}"
JOBS = {job.id: job for job in PLAN.jobs}
EVALUATED = ("generate", "time", "fid", "segment", "follow", "restore", "inspect")
# Cards of this machine, for jobs that run on it: as many at a time as there are cards, unless --resources gpu=N says
# otherwise. A cluster has its own (profiles/slurm).
GPUS = clone.gpus() if workflow.local_exec else 0
if GPUS:
    workflow.global_resources.setdefault("gpu", GPUS)
# Snakemake fills wildcards into this path, so a brace in the path of the clone is doubled.
ENVIRONMENT = str(ROOT / "workflow/envs/pixelwise.yaml")
ENVIRONMENT = ENVIRONMENT.replace("{", "{{").replace("}", "}}")


def manifests(chosen):
    return [job.manifest for job in chosen]


def evaluated(wildcards):
    """Input function: all evaluations. `dvc.yaml` names their folders, whatever the profile does, so they are made."""
    if not workflow.dryrun:
        for step in EVALUATED:
            os.makedirs(f"{RESULTS}/{step}", exist_ok=True)
    return manifests(PLAN.of(*EVALUATED))


def job_of(step, wildcards):
    # Whether jobs are to run is known from here on. Snakemake's own lock comes later, and advises to unlock.
    runs = workflow.is_main_process and workflow.executor_plugin and not workflow.dryrun
    if runs and TURN.busy:
        with net.planning():
            TURN.refuse()
    name = "/".join([step, *wildcards])
    if name not in JOBS:
        raise ValueError(f"profile '{PLAN.name}' has no job '{name}'")
    return JOBS[name]


def job_file(step):
    """Input function: the job's own file."""
    return lambda wildcards: job_of(step, wildcards).file


def upstream(step):
    """Input function: the manifests of the jobs that this one reads."""
    return lambda wildcards: [
        f"{folder}/manifest.json" for folder in job_of(step, wildcards).inputs.values()
    ]


def threads_of(step):
    """Threads function: what the job's settings say, since they change the last bits of sums."""
    return lambda wildcards: getattr(job_of(step, wildcards).settings, "threads", 1)


def gpus_of(step):
    """Resource function: one card for a job that computes on one, where there is any."""
    return lambda wildcards: int(GPUS > 0 and job_of(step, wildcards).on_gpu)


def preflight():
    """Stop before the first job if something is missing that no job can obtain."""
    with net.planning(workflow.persistence.unlock):
        graph.preflight(PLAN, STALE)
        clone.preflight(PLAN.jobs, STALE)
        TURN.start()


def verified(*steps):
    """Options of `pixelwise verify` that choose the outputs of these steps."""
    chosen = [word for step in steps for word in ("--step", step)]
    smoke = "--smoke" if PLAN.name != PLAN.profile_name else "--no-smoke"
    return [*chosen, "--profile", PLAN.profile_name, smoke]

# Configuration, the list of jobs, and the functions that the rules share.

import functools
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
        staleness,
        unfinished,
        watched,
    )
    from pixelwise.data import own

    clone.run_this_checkout(ROOT)
    clone.one_environment(workflow.deployment_settings.deployment_method)
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
# otherwise. `--jobs` without a local executor is a cluster's, which has its own.
GPUS = clone.gpus()
if GPUS and workflow.resource_settings.nodes is None:
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


def threads(job):
    """What the job's settings say for each process, since threads change the last bits of sums."""
    return getattr(job.settings, "threads", 1) * job.processes


def threads_of(step):
    """Threads function."""
    return lambda wildcards: threads(job_of(step, wildcards))


def on_cluster():
    """Whether jobs compute on other machines: known once this file is read, and shown by a dry run."""
    return workflow.resource_settings.nodes is not None and (
        workflow.dryrun or not workflow.local_exec
    )


def gpus_of(step):
    """Resource function: a card for each process of a job that computes on cards; here, where there is any."""

    def cards(wildcards):
        job = job_of(step, wildcards)
        return job.processes if job.on_gpu and (on_cluster() or GPUS > 0) else 0

    return cards


@functools.cache
def limits():
    from pixelwise.claims.limits import Limits

    return Limits(PLAN.jobs)


def asked_of(step):
    """What a job asks for beside cards, as resource functions: memory anywhere; of a cluster processors and time.

    A training in several processes starts them itself: it is one task of one node.
    """

    def of_cluster(value):
        return lambda wildcards, attempt: (
            value(job_of(step, wildcards), attempt) if on_cluster() else None
        )

    return {
        "mem_mb": lambda wildcards, attempt: limits().memory(
            job_of(step, wildcards), attempt
        ),
        "nodes": of_cluster(lambda *_: 1),
        "cpus_per_task": of_cluster(lambda job, _: threads(job)),
        "runtime": of_cluster(lambda job, attempt: limits().runtime(job, attempt)),
    }


def alone(wildcards):
    """Resource function: a node of its own, in the words of Slurm."""
    return "--exclusive" if on_cluster() else None


def preflight():
    """Stop before the first job if something is missing that no job can obtain."""
    with net.planning(workflow.persistence.unlock):
        graph.preflight(PLAN, STALE)
        if not on_cluster():
            clone.preflight(PLAN.jobs, STALE)
            clone.enough_cards(PLAN.jobs, STALE, GPUS)
        TURN.start()
    needed = {
        "/".join([job.rule.name, *job.wildcards]) for job in workflow.dag.needrun_jobs()
    }
    capacity = workflow.nodes if on_cluster() else (workflow.cores, GPUS)
    goes_on = workflow.execution_settings.keep_going
    watched.begin(PLAN.name, PLAN.jobs, needed, capacity, goes_on)


def verified(*steps):
    """Options of `pixelwise verify` that choose the outputs of these steps."""
    chosen = [word for step in steps for word in ("--step", step)]
    smoke = "--smoke" if PLAN.name != PLAN.profile_name else "--no-smoke"
    return [*chosen, "--profile", PLAN.profile_name, smoke]

# Configuration, the list of jobs, and the functions that the rules share.

import os
import sys
from pathlib import Path

ROOT = Path(workflow.basedir)
sys.path.insert(
    0, str(ROOT / "src")
)  # this clone's own source, whatever else is installed

from pixelwise import clone, graph, jobs
from pixelwise.errors import PixelwiseError

clone.use(ROOT)


def stop(error):
    """End with the error's one line: a traceback would hide it."""
    print(f"pixelwise: error: {error}", file=sys.stderr, flush=True)
    os._exit(2)


try:
    PLAN = graph.plan_of(config)
    if workflow.is_main_process:
        STALE = jobs.prepare(PLAN.jobs)
except PixelwiseError as error:
    stop(error)


wildcard_constraints:
    seed=r"seed\d+",


DATA, RESULTS, LOGS = f"data/{PLAN.name}", f"results/{PLAN.name}", f"logs/{PLAN.name}"
JOBS = {job.id: job for job in PLAN.jobs}
EVALUATED = ("generate", "time", "fid", "segment", "restore", "inspect")
if workflow.is_main_process:
    for step in EVALUATED:  # dvc.yaml names their folders, whatever the profile does
        os.makedirs(f"{RESULTS}/{step}", exist_ok=True)
GPUS = clone.gpus()


def manifests(chosen):
    return [job.manifest for job in chosen]


def job_of(step, wildcards):
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


def preflight():
    """Stop before the first job if something is missing that no job can obtain."""
    try:
        graph.preflight(PLAN, STALE)
    except PixelwiseError as error:
        workflow.persistence.unlock()
        stop(error)

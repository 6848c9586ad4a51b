"""Where a job may write. Every path is made or checked here, from plain names, before anything is touched."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pixelwise.errors import PixelwiseError
from pixelwise.planning.code import KNOWN
from pixelwise.settings.names import PATTERN, SMOKE, own, plain

_SEED = re.compile(r"seed\d{1,10}")
_SCORED = ("train", "generate", "fid", "segment", "follow", "restore")
_OUT = {
    "fetch": "data/{run}/{0}/raw",
    "prepare": "data/{run}/{0}/prepared",
    "weights": "data/{run}/weights/{0}",
    **{step: f"results/{{run}}/{step}/{{0}}/{{1}}/{{seed}}" for step in _SCORED},
    "time": "results/{run}/time/{0}",
    "inspect": "results/{run}/inspect/{0}",
    "summarise": "results/{run}/summary",
    "judge": "results/{run}/claims",
    "figures": "results/{run}/figures",
    "report": "results/{run}/report",
}
"""Step -> folder of a job's outputs, by the parts of the job's id. No folder lies inside another."""
_REAL = {"follow": "fid"}
"""Step -> the one whose output for the photographs it reads, if that is not its own."""
_ROLES = {
    "raw": "fetch",
    "data": "prepare",
    **dict.fromkeys(("weights", "perceptual", "inception"), "weights"),
    **dict.fromkeys(("model", "segmenter"), "train"),
    "images": "generate",
    "summary": "summarise",
    "claims": "judge",
    "figures": "figures",
}
"""Role of an input -> step that makes it; `real` is made by the job's own step, and any other role is a job's id."""
_SHARED = ("logs/run.jsonl", "work/downloads", str(KNOWN))
"""What jobs and planning share."""


@dataclass(frozen=True)
class Places:
    """All that one job writes, relative to the checkout.

    Attributes:
        file: Its job file.
        out: Folder of its outputs.
        work: Folder of its lock and of what it resumes from.
        log: What it printed.
        shown: Folder of what it shows on its way, such as pictures of what a network has learnt; it stays.
    """

    file: str
    out: str
    work: str
    log: str

    @property
    def shown(self) -> str:
        """Folder of what it shows on its way."""
        return self.log.removesuffix(".log")


def _named(text: str, rule: Callable[[str], str] = plain) -> str:
    try:
        rule(text.removesuffix(SMOKE))
    except ValueError as error:
        raise PixelwiseError(f"{text[:80]!r}: {error}") from None
    return text


def places(run: str, job: str) -> Places:
    """What a job writes; its run's name and its id decide it.

    Args:
        run: Name of the run.
        job: The job's id, such as `train/photos/dncnn/seed0`.

    Raises:
        PixelwiseError: If the run's name or the id is not one that this program makes.
    """
    step, *parts = job.split("/")
    pattern = _OUT.get(step)
    if pattern is None:
        raise PixelwiseError(f"job {job[:80]!r}: begins with none of {', '.join(_OUT)}")
    seed = parts.pop() if "{seed}" in pattern and parts else ""
    if len(parts) != len(re.findall(r"\{\d\}", pattern)) or ("{seed}" in pattern and not _SEED.fullmatch(seed)):
        raise PixelwiseError(f"job {job[:80]!r}: not of the form {pattern.split('{run}/')[1]}")
    out = pattern.format(*map(_named, parts), run=_named(run, own), seed=seed)
    return Places(f"results/{run}/jobs/{job}.json", out, f"work/{out}", f"logs/{run}/{job}.log")


def checked(file: Path | str, step: str, job: str, out: str, inputs: Mapping[str, str]) -> Places:
    """What a job that was read from a file writes, if it is what a job of that name writes.

    Args:
        file: Where it was read, for messages.
        step: The step that it is of.
        job: Its id.
        out: The folder that it names for its outputs.
        inputs: Role -> folder that it names as its input.

    Raises:
        PixelwiseError: If it names any other folder, an input that is not the output of such a job as its role needs,
            or a place that is a link.
    """
    if job.split("/")[0] != step:
        raise PixelwiseError(f"{file}: id {job[:80]!r}; that of a job of step '{step}' begins with it")
    run = out.split("/")[1] if out.count("/") else ""
    for folder in (out, *inputs.values()):
        if not is_output(folder, run):
            allowed = f"data/{run}/ or results/{run}/" if PATTERN.fullmatch(run) else "data/<run>/ or results/<run>/"
            raise PixelwiseError(f"{file}: the folder {folder[:200]!r}; allowed is a job's own below {allowed}")
    try:
        found = places(run, job)
    except PixelwiseError as error:
        raise PixelwiseError(f"{file}: {error}") from None
    if out != found.out:
        raise PixelwiseError(f"{file}: out {out[:200]!r}; the job {job} writes to {found.out}")
    for role, folder in inputs.items():
        made, maker = _job(folder, run), (_ROLES | {"real": _REAL.get(step, step)}).get(role)
        if maker not in (None, made.split("/")[0]) or (maker is None and role != made):
            raise PixelwiseError(f"{file}: inputs: {role[:80]!r} is {folder}, which the job {made} makes")
    unlinked((found,))
    return found


def is_output(folder: str, run: str) -> bool:
    """Whether a text is the output folder of some job of a run."""
    return _job(folder, run) != ""


def _job(folder: str, run: str) -> str:
    """Id of the job of a run that writes to a folder, or nothing if none does."""
    parts = folder.split("/")
    if len(parts) < 3 or parts[1] != run or not all(PATTERN.fullmatch(part) for part in parts):
        return ""
    step = {"raw": "fetch", "prepared": "prepare"}.get(parts[-1]) if parts[0] == "data" else None
    if parts[0] == "data":
        job = f"weights/{parts[3]}" if parts[2] == "weights" and len(parts) == 4 else f"{step}/{parts[2]}"
    else:
        job = "/".join([{"summary": "summarise", "claims": "judge"}.get(parts[2], parts[2]), *parts[3:]])
    try:
        return job if places(run, job).out == folder else ""
    except PixelwiseError:
        return ""


def unlinked(jobs: Iterable[Places], more: Iterable[str] = ()) -> None:
    """Refuse to write through a link: nothing on the way to what jobs write may be one.

    Links inside an output folder, as DVC makes them, are no matter: they are removed as links.

    Args:
        jobs: What jobs write.
        more: Further paths.

    Raises:
        PixelwiseError: With the first link.
    """
    ends = [path for job in jobs for path in (job.file, job.out, f"{job.work}/lock", job.log, job.shown)]
    paths = {Path(path) for path in (*_SHARED, *ends, *more)}
    for path in sorted(paths.union(*(path.parents for path in paths))):
        if path.is_symlink():
            target = os.readlink(path)
            raise PixelwiseError(f"{path}: a link to {target}; nothing is written through links (docs/pipeline.md)")

"""Lines of the run log, as jobs that end now write them."""

from __future__ import annotations

import json
from typing import Any

from pixelwise.planning.jobs import Job


def line(job: Job, jobs: dict[str, Job], seconds: float = 3600.0, status: str = "done", **more: Any) -> str:
    """A line of the log for one of these jobs, by their ids, as it would run now."""
    settings = job.effort({other.out: other for other in jobs.values()})
    told = {"job": job.id, "kind": job.kind, "out": job.out, "status": status, "seconds": seconds}
    return json.dumps(told | {"settings": settings} | more)

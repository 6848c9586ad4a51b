"""How many cases run, and what the cases share.

Without anything set, the cases are the same in every run and take about a minute. `PIXELWISE_FUZZ=50 pytest tests/fuzz`
runs fifty times as many, other ones each time, and prints how to repeat one that fails.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.configuration import set_hypothesis_home_dir

from pixelwise.planning import execute
from tests.fuzz.sandbox import Sandbox

TIMES = float(os.environ.get("PIXELWISE_FUZZ", "0"))
COMMON = {
    "deadline": None,  # the oracle has its own, in processor time
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "print_blob": True,
}
PHASES = (Phase.explicit, Phase.generate) if not TIMES else (Phase.explicit, Phase.generate, Phase.shrink)


def cases(count: int) -> settings:
    """Settings for about so many cases of a kind.

    Args:
        count: Cases in a usual run.
    """
    return settings(derandomize=not TIMES, max_examples=int(count * (TIMES or 1)), phases=PHASES, **COMMON)


@pytest.fixture(scope="package", autouse=True)
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """This process writes no byte code, keeps caches in a temporary folder and reaches no network."""
    cache = tmp_path_factory.mktemp("cache")
    set_hypothesis_home_dir(cache)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)
        patch.setenv("MPLCONFIGDIR", str(cache))
        patch.setenv("PIXELWISE_MIRROR", str(cache))
        # A step refuses to end if it imported what its job does not list; here, the cases before it did.
        patch.setattr(execute, "_unlisted", lambda job: [])
        yield


@pytest.fixture(scope="package")
def finished(tmp_path_factory: pytest.TempPathFactory, process: None) -> Sandbox:
    """A clone in which the micro run is finished."""
    from tests.fuzz.made import fill

    return Sandbox(tmp_path_factory.mktemp("finished"), fill)

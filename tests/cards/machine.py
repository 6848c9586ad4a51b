"""A machine as a test wants it: an `nvidia-smi` of the test's own on the PATH."""

from __future__ import annotations

import os
import sys
from pathlib import Path

CARD = {
    "index": "0",
    "name": "NVIDIA H200",
    "uuid": "GPU-aaaa",
    "driver_version": "580.65",
    "memory.total": "143771",
    "memory.free": "143000",
    "compute_cap": "9.0",
}
OLD = CARD | {"name": "NVIDIA GeForce GTX 1080 Ti", "driver_version": "560.70", "compute_cap": "6.1"}

PROGRAM = """#!{python}
import sys, time
cards, refused, hang = {cards!r}, {refused!r}, {hang!r}
asked = next((a for a in sys.argv if a.startswith("--query-")), "=")
if hang:
    time.sleep(60)
fields = asked.partition("=")[2].split(",")
if set(fields) & set(refused):
    sys.exit('Field "' + fields[-1] + '" is not a valid field to query.')
rows = cards if "gpu" in asked else {processes!r}
loop = any(a.startswith("--loop-ms") for a in sys.argv)
while True:
    for row in rows:
        print(", ".join(str(row.get(f, "[N/A]")) for f in fields), flush=True)
    if not loop:
        break
    time.sleep(0.05)
"""


def smi(
    folder: Path, cards: list[dict[str, str]], refused: tuple[str, ...] = (), hang: bool = False, processes=()
) -> str:
    """Write the program; returns a PATH that finds it first."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "nvidia-smi"
    values = {"cards": cards, "refused": refused, "hang": hang, "processes": list(processes)}
    program.write_text(PROGRAM.format(python=sys.executable, **values))
    program.chmod(0o755)
    return os.pathsep.join([str(folder), os.environ["PATH"]])

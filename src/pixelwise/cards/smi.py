"""`nvidia-smi`, which may be missing, hang, or know nothing of a quantity."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections.abc import Sequence

PROGRAM = "nvidia-smi"
PATIENCE = 15.0
"""Seconds after which it is taken to hang; without persistence mode the driver takes some seconds to load."""

_hung: set[str] = set()
"""Programs that hung once: this process does not ask them again, or each question would take as long."""

Answer = dict[str, str | None]
"""Field -> what was said, as text: driver 560.70 is no number. None for `[N/A]` and its kind."""


def known(text: str) -> str | None:
    """What a field says, or None where it says that nothing is known.

    >>> known("[N/A]") is None, known(" 560.70 ")
    (True, '560.70')
    """
    text = text.strip()
    return None if not text or text.strip("[]").lower() in ("n/a", "not supported", "unknown error") else text


def number(text: str | None) -> float | None:
    """A field as a number; None where it is none."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def rows(fields: Sequence[str], text: str) -> list[Answer]:
    """The lines of `--format=csv,noheader,nounits`; lines of another length (cut, or a message) are left out."""
    found = csv.reader(text.splitlines(), skipinitialspace=True)
    return [dict(zip(fields, map(known, row), strict=True)) for row in found if len(row) == len(fields)]


def query(fields: Sequence[str], *, of: str = "gpu", card: str | None = None) -> list[Answer] | None:
    """Ask for fields of every card, or of the processes that compute on them.

    Args:
        fields: Names of `nvidia-smi --help-query-gpu`.
        of: "gpu" or "compute-apps".
        card: Index or UUID; all cards without it.

    Returns:
        One answer for each card or process; None if the program is missing, hangs or fails.
    """
    program = shutil.which(PROGRAM)
    if program is None or program in _hung:
        return None
    command = [program, f"--query-{of}={','.join(fields)}", "--format=csv,noheader,nounits"]
    command += [] if card is None else [f"--id={card}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, errors="replace")
    except subprocess.TimeoutExpired:
        _hung.add(program)
        return None
    except OSError:
        return None
    return rows(fields, done.stdout) if done.returncode == 0 else None

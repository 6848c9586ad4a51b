"""What a name may be. A user's names become folders, wildcards and words of a shell line, so they are plain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import AfterValidator

PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
LONGEST = 64
SMOKE = "-smoke"
SUBJECTS = ("real", "shuffled", "mean_colour", "baselines")
"""What is scored beside the models."""
FOLDERS = ("raw", "prepared", "weights", "jobs", "recorded", "bench", "downloads", "run.jsonl")
"""What stands beside folders that a user names."""
ALLOWED = f"a name is at most {LONGEST} of A-Z a-z 0-9 . _ -, and begins with a letter or digit"

Value = TypeVar("Value")


def plain(text: str) -> str:
    """Check a name that the program may have made, such as `baselines` or that of a shrunk run.

    Raises:
        ValueError: If it is anything else than a short plain name.
    """
    if len(text.removesuffix(SMOKE)) > LONGEST or not PATTERN.fullmatch(text):
        raise ValueError(ALLOWED)
    return text


def own(text: str) -> str:
    """Check a name that the user chose.

    Raises:
        ValueError: If it is not plain, or if it is one that the program uses itself.
    """
    plain(text)
    if text.lower() in (*SUBJECTS, *FOLDERS) or text.lower().endswith(SMOKE):
        raise ValueError(f"a reserved name; so are {', '.join((*SUBJECTS, *FOLDERS))} and all that end in {SMOKE}")
    return text


def apart(table: Mapping[str, Value]) -> Mapping[str, Value]:
    """Check that no two names of a table are one folder on a disk that ignores case.

    Raises:
        ValueError: If two are.
    """
    seen: dict[str, str] = {}
    for name in table:
        if (twin := seen.setdefault(name.lower(), name)) != name:
            raise ValueError(f"{twin} and {name} differ in case alone, and are one folder on many disks")
    return table


Name = Annotated[str, AfterValidator(plain)]
OwnName = Annotated[str, AfterValidator(own)]
Table = Annotated[dict[OwnName, Value], AfterValidator(apart)]
"""What stands under names of the user's, such as `datasets`."""

"""The measured claims that no shipped profile decides, with what would decide them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

LIST = Path(__file__).with_name("beyond_profiles.yaml")


@cache
def needs() -> dict[str, str]:
    """Claim -> what decides it, which no profile has."""
    groups = yaml.safe_load(LIST.read_text(encoding="utf-8"))
    return {claim: group["needs"] for group in groups for claim in group["claims"]}

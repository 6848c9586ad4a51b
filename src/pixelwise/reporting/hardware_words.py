"""Words for the hardware that a number was measured on."""

from __future__ import annotations

import json

ACCELERATOR = ("gpu", "accelerator")
PROCESSOR = ("cpu", "processor")


def describe(hardware: str) -> str:
    """One phrase for a record's `hardware` (JSON text): the accelerator, or else processor and threads."""
    facts = json.loads(hardware) if hardware else {}
    if not facts:
        return "no machine: counted, not measured"
    for name in ACCELERATOR:
        if facts.get(name) and str(facts[name]).lower() not in ("none", "cpu"):
            return str(facts[name])
    processor = next((str(facts[name]) for name in PROCESSOR if facts.get(name)), "unnamed processor")
    threads = facts.get("threads")
    return f"{processor}, {threads} thread{'s' if threads != 1 else ''}" if threads else processor

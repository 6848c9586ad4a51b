"""Ask pip-audit about every package of a lock file, and say how many of them it really looked up.

pip-audit ends well when it finds nothing, also where it could look up nothing; so the packages are counted here.

    python .ci/audit.py requirements.lock
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.utils import canonicalize_name

ENTRY = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==[^\s;\\]+\s*(?:;\s*([^\\]+?))?\s*\\?$", re.MULTILINE)


def locked(text: str) -> set[str]:
    """Names of the packages that a lock file wants on this machine."""
    return {canonicalize_name(name) for name, marker in ENTRY.findall(text) if not marker or Marker(marker).evaluate()}


def problems(report: dict[str, Any], wanted: set[str]) -> tuple[list[str], int]:
    """What a report of pip-audit leaves to object to, one line each, and how many packages were looked up."""
    entries = report["dependencies"]
    found = {canonicalize_name(entry["name"]) for entry in entries if "skip_reason" not in entry}
    lines = [f"{entry['name']}: {entry['skip_reason']}" for entry in entries if "skip_reason" in entry]
    known = {canonicalize_name(entry["name"]) for entry in entries}
    lines += [f"{name}: not in the report" for name in sorted(wanted - known)]
    for entry in entries:
        for weakness in entry.get("vulns", []):
            fixed = ", ".join(weakness.get("fix_versions", [])) or "none yet"
            lines.append(f"{entry['name']} {entry['version']}: {weakness['id']}; fixed in {fixed}")
    return lines, len(found & wanted)


def main() -> int:
    """Run pip-audit on the lock file of the command line; 0 if every package was looked up and none is weak."""
    lock = Path(sys.argv[1])
    wanted = locked(lock.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.json"
        options = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
        command = [sys.executable, "-m", "pip_audit", *options, "--output", str(file), "--requirement", str(lock)]
        status = subprocess.run(command, check=False).returncode
        report = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {"dependencies": []}
    lines, count = problems(report, wanted)
    for line in lines:
        print(line, file=sys.stderr)
    print(f"looked up {count} of the {len(wanted)} packages of {lock}; pip-audit ended with status {status}")
    return int(bool(lines) or status != 0 or count == 0 or count < len(wanted))


if __name__ == "__main__":
    sys.exit(main())

"""What the page allows a browser: its own style and script by their hashes, pictures within it, and nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping


def policy(style: str, script: str) -> str:
    """The page's Content-Security-Policy.

    Args:
        style: Text of its `<style>` element, exactly.
        script: Text of its `<script>` element, exactly.

    Returns:
        The directives. Whatever else got into the page, from a name in a file, neither runs nor is fetched.
    """

    def hashed(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"

    allowed = {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": hashed(style),
        "script-src": hashed(script),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in allowed.items())


def bar(counts: Mapping[str, Mapping[str, int]]) -> str:
    """Rules for the widths of the bars of verdicts, one for each basis: the policy allows no style at an element."""
    return "".join(
        f".{basis.replace(' ', '-')} .{verdict.replace(' ', '-')} {{ flex-grow: {count:d}; }}\n"
        for basis, numbers in counts.items()
        for verdict, count in numbers.items()
    )

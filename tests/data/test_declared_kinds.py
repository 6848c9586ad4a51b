"""Every kind of data set says what planning, settings and report need to know, and is light to look at."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pixelwise.data import declared_kinds
from pixelwise.data.declared_kinds import Download, Folder, Made
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset

NEEDED = {
    "streets": {"height": 32, "width": 64, "train": 1, "val": 1},
    "custom": {"root": ".", "num_labels": 3},
    "gopro": {"root": "."},
}


@pytest.mark.parametrize("name", declared_kinds.names())
def test_every_kind_is_complete(name):
    kind, dataset = declared_kinds.find(name), Dataset(kind=name, **NEEDED.get(name, {}))
    assert kind.title and kind.licence and kind.address and kind.get
    assert isinstance(kind.origin, Download | Made | Folder)
    if isinstance(kind.origin, Download):
        source = kind.origin.source
        assert source.url.startswith("https://") and source.licence and kind.counts
        # Somebody says what the archive holds: a checksum, the checksum of a list, or at least the number of files.
        assert source.sha256 or source.manifest_sha256 or kind.origin.members
    if kind.labels:
        table = kind.labels(dataset)
        assert len(table.names) == len(table.palette) == len(table.eval_map)
        assert {target for target in table.eval_map if target != 255} == set(range(len(table.eval_names)))
    for module in declared_kinds.fetching(name):
        __import__(module)


def test_looking_at_the_declarations_imports_nothing_heavy():
    code = (
        "import sys; from pixelwise.data import declared_kinds as d; [d.find(name) for name in d.names()]; "
        "print(len(d.names()), sorted({'torch', 'numpy', 'PIL', 'requests', 'cityscapesscripts'} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == f"{len(declared_kinds.names())} []"


def test_looking_at_one_declaration_imports_no_other():
    code = "import sys; from pixelwise.data import declared_kinds as d; d.find('set12'); print(*sorted(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert [name for name in printed if name.startswith("pixelwise.data.kinds.")] == ["pixelwise.data.kinds.set12"]


def test_an_unknown_kind_is_one_line():
    with pytest.raises(PixelwiseError, match=r"^kind: kodak; allowed are bsd68, bsds500, .*, train400$"):
        declared_kinds.find("kodak")


def test_nobody_else_lists_kinds():
    """Where a data set is configured, planned, obtained and reckoned with, no other module names a kind."""
    package = declared_kinds.PLACE.parents[1]
    protocols = package / "settings" / "restoration.py"  # protocols are called after their images
    for layer in ("settings", "planning", "data", "claims"):
        for path in (package / layer).rglob("*.py"):
            named = [name for name in declared_kinds.names() if f'"{name}"' in path.read_text()]
            assert not named or path.parent == declared_kinds.PLACE or path == protocols, (path, named)

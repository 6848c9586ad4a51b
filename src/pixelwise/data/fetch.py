"""Step `fetch`: the files of one data set, unchanged.

What is downloaded or drawn is written into the output. Data sets of the user's own (Cityscapes, custom, GoPro) are not
copied: the output is a list of their files with size and checksum, by which the next step checks what it reads.
"""

from __future__ import annotations

from pathlib import Path

from pixelwise.artifacts import sha256, write_text
from pixelwise.data import extract, own, roots
from pixelwise.data.declared_kinds import Download, Folder, Made, find, load
from pixelwise.data.download import obtain
from pixelwise.data.extract import Member
from pixelwise.data.own import FILES
from pixelwise.data.roots import preflight
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset, FetchSettings
from pixelwise.terminal.screen import say

__all__ = ["FILES", "preflight", "run"]


def run(settings: FetchSettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Fetch one data set.

    Args:
        settings: Which.
        inputs: None.
        out: Folder for the files, or for the list of the user's files.
        work: Beside it, the times of the user's files are noted. Downloads are kept in `work/downloads/`.

    Raises:
        PixelwiseError: If the data can't be had or are damaged.
    """
    dataset, kind = settings.dataset, find(settings.dataset.kind)
    if isinstance(kind.origin, Made):
        load(kind.origin.write)(dataset, out)
    elif isinstance(kind.origin, Folder):
        record(dataset, out, work.parent)
    else:
        unpack(dataset, out)


def unpack(dataset: Dataset, out: Path) -> None:
    """Obtain a data set's archive and extract its files."""
    kind = find(dataset.kind)
    if not isinstance(kind.origin, Download):
        raise PixelwiseError(f"data set {dataset.kind}: not downloaded; {kind.get}")
    source, keep, count = kind.origin.source, kind.origin.keep, kind.origin.members
    archive = obtain(source)
    if source.manifest:
        wanted = [member for member in extract.members(source) if keep(member.name)]
    else:
        wanted = [Member(name, None, None) for name in extract.names(archive) if keep(name)]
        say(f"{archive}: sha256 {sha256(archive)}; the publisher gives none to compare with")
    if count is not None and len(wanted) != count:
        what = "photographs and label maps" if kind.labels else "photographs"
        raise PixelwiseError(f"{archive}: {len(wanted)} {what}; expected {count}")
    extract.extract(archive, source, wanted, out)


def record(dataset: Dataset, out: Path, notes: Path) -> None:
    """Write the list of the user's files that the settings ask for: path below the root, bytes, sha256.

    Their times are noted in `notes`, apart from the list, which is the same wherever the files are.
    """
    place = roots.brought(dataset)
    if place is not None and place.download and not place.named(dataset.root):
        load(place.download)()
    root = roots.locate(dataset)
    lines, seen = ["path,size,sha256"], own.Seen(notes)
    for path in dict.fromkeys(own.listed(root, dataset, say)):  # a picture may hold both label map and photograph
        name = path.relative_to(root).as_posix()
        if "," in name or "\n" in name:
            raise PixelwiseError(f"{path}: a comma or line break in a name; rename the file")
        lines.append(f"{name},{path.stat().st_size},{seen.sha256(path)}")
    write_text(out / FILES, "\n".join(lines) + "\n")
    seen.save()

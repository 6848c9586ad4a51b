"""Step `fetch`: the files of one data set, unchanged.

What is downloaded or drawn is written into the output. Data sets of the user's own (Cityscapes, custom, GoPro) are not
copied: the output is a list of their files with size and checksum, by which the next step checks what it reads.
"""

from __future__ import annotations

from pathlib import Path

from pixelwise.artifacts import sha256, write_text
from pixelwise.data import bsds, extract, facades, own, roots, sources
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
    dataset = settings.dataset
    if dataset.kind == "streets":
        from pixelwise.data import streets

        assert dataset.train is not None and dataset.val is not None
        assert dataset.height is not None and dataset.width is not None
        streets.draw(out, dataset.train, dataset.val, dataset.height, dataset.width, dataset.seed)
    elif dataset.kind == "photos":
        from pixelwise.data import photos

        photos.write(out)
    elif dataset.kind in roots.OWN:
        record(dataset, out, work.parent)
    else:
        unpack(dataset, out)


def unpack(dataset: Dataset, out: Path) -> None:
    """Obtain a data set's archive and extract its files."""
    source = sources.archive(dataset.kind)
    archive = obtain(source)
    if source.manifest:
        wanted = extract.members(source)
        if dataset.kind in bsds.FOLDERS:
            wanted = [member for member in wanted if member.name.startswith(tuple(bsds.folders(dataset.kind)))]
    else:
        names = facades.wanted(extract.names(archive))
        wanted = [Member(name, None, None) for name in names]
        say(f"{archive}: sha256 {sha256(archive)}; the publisher gives none to compare with")
        if len(wanted) != 2 * facades.COUNT:
            raise PixelwiseError(f"{archive}: {len(wanted)} photographs and label maps; expected {2 * facades.COUNT}")
    extract.extract(archive, source, wanted, out)


def record(dataset: Dataset, out: Path, notes: Path) -> None:
    """Write the list of the user's files that the settings ask for: path below the root, bytes, sha256.

    Their times are noted in `notes`, apart from the list, which is the same wherever the files are.
    """
    if dataset.kind == "cityscapes" and not roots.available(dataset):
        from pixelwise.data import cityscapes_login

        cityscapes_login.download()
    root = roots.locate(dataset)
    lines, seen = ["path,size,sha256"], own.Seen(notes)
    for path in own.listed(root, dataset, say):
        name = path.relative_to(root).as_posix()
        if "," in name or "\n" in name:
            raise PixelwiseError(f"{path}: a comma or line break in a name; rename the file")
        lines.append(f"{name},{path.stat().st_size},{seen.sha256(path)}")
    write_text(out / FILES, "\n".join(lines) + "\n")
    seen.save()

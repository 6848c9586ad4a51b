"""One picture or a folder of them: what is read and written, all checked before the first is made; then the loop."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pixelwise.data.walking import images_below
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation.apply import own_picture
from pixelwise.files import outputs
from pixelwise.models import declarations
from pixelwise.terminal.console import terminal
from pixelwise.terminal.screen import plain, say, show


@dataclass(frozen=True)
class Pair:
    """A picture to read and the one to write."""

    source: Path
    out: Path


@dataclass(frozen=True)
class Work:
    """Everything that a command makes.

    Attributes:
        source: The file or folder that the user named.
        out: The file or folder to write.
        pairs: In the order of the names.
        folder: Whether folders were named.
        unread: A line for each picture of a folder that can't be read.
    """

    source: Path
    out: Path
    pairs: list[Pair]
    folder: bool
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Done:
    """A picture that was written: its size in pixels, seconds with reading and writing, and remarks on it."""

    out: Path
    height: int
    width: int
    seconds: float
    notes: tuple[str, ...] = ()


def plan(
    source: Path,
    out: Path,
    kinds: Collection[str],
    ending: str | None,
    inputs: Sequence[Path],
    force: bool,
    look: Callable[[Path], object],
    keep: Callable[[Sequence[Path]], list[Path]] = list,
) -> Work:
    """What is to be made; nothing is written yet.

    Args:
        source: A picture, or a folder: all pictures below it.
        out: The picture to write, or for a folder the folder, which is made if its own folder is there.
        kinds: Suffixes that are read in a folder.
        ending: Suffix of what is written to a folder; None keeps each one's own.
        inputs: Further files that the command reads.
        force: Whether files that are there may be replaced.
        look: Refuses a picture that can't be read, by its header; in a folder the others are made.
        keep: Which of a folder's pictures are meant.

    Raises:
        PixelwiseError: If no picture can be read or one is twice there, or what is to be written must not or can't be.
    """
    if not source.is_dir():
        outputs.check(out, (source, *inputs), force)
        own_picture.check_file(out, 1, 1)
        look(source)
        return Work(source, out, [Pair(source, out)], False)
    _check_folder(source, out, inputs)
    found = images_below(source, kinds=kinds)
    if not found.paths and not found.defects:
        raise PixelwiseError(f"{source}: no pictures below this folder; {', '.join(kinds)} are read")
    for line in found.notes:
        say(line)
    made: dict[Path, Path] = {}
    unread = list(found.defects)
    kept = keep(found.paths)
    read = {os.path.realpath(path) for path in kept}
    if left := len(found.paths) - len(kept):
        say(f"{source}: {len(kept)} pictures are taken, {left} others left out, such as {_other(found.paths, kept)}")
    for path in kept:
        if why := _refused(path, look):
            unread.append(why)
            continue
        name = path.relative_to(source)
        target = out / (name if ending is None else name.with_suffix(ending))
        if target in made:
            raise PixelwiseError(f"{path}: makes {target}, as {made[target]} does; names without endings must differ")
        if os.path.realpath(target) in read:
            raise PixelwiseError(f"{target}: is one of the pictures that are read; name another folder to write to")
        made[target] = path
        there = next(folder for folder in target.parents if os.path.lexists(folder))
        if there == target.parent or not there.is_dir():
            outputs.check(there / target.name, (path, *inputs), force)
    if not made:
        raise PixelwiseError(unread[0] + (f" (and {len(unread) - 1} more)" if len(unread) > 1 else ""))
    return Work(source, out, [Pair(path, target) for target, path in made.items()], True, tuple(unread))


def _refused(path: Path, look: Callable[[Path], object]) -> str | None:
    """Why a picture can't be read, or None."""
    try:
        look(path)
    except PixelwiseError as error:
        return str(error)
    except OSError as error:
        return f"{path}: {error.strerror}"
    return None


def _other(paths: Sequence[Path], kept: Sequence[Path]) -> str:
    taken = set(kept)
    return next(path.name for path in paths if path not in taken)


def _check_folder(source: Path, out: Path, inputs: Sequence[Path]) -> None:
    """Refuse an output folder that can't be made, or that is a folder of inputs, or lies in one."""
    if os.path.lexists(out) and not out.is_dir():
        raise PixelwiseError(f"{out}: a file; {source} is a folder, so name a folder to write to")
    parent = out if out.is_dir() else out.parent
    if not parent.is_dir():
        raise PixelwiseError(f"{parent}: no such folder")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise PixelwiseError(f"{parent}: no permission to write here")
    for folder in (source, *filter(Path.is_dir, inputs)):
        if out.resolve().is_relative_to(folder.resolve()):
            raise PixelwiseError(f"{out}: inside {folder}, whose pictures are read; name a folder elsewhere")


def run(work: Work, one: Callable[[Pair], Done], model: str, checkpoint: Path) -> None:
    """Make every picture, and say on standard output what was made: a line each, and for a folder one more.

    A picture of a folder that can't be made is told at once on standard error; the others are made.

    Args:
        work: What `plan` gave.
        one: Makes one picture.
        model: Architecture of the network.
        checkpoint: Its file.

    Raises:
        PixelwiseError: If a picture could not be made.
    """
    look = declarations.model(model).look
    name, started = (look.label if look else model), time.perf_counter()
    if not work.folder:
        _tell([one(work.pairs[0])], name)
        return
    done: list[Done] = []
    failed: list[str] = []
    total = len(work.pairs) + len(work.unread)
    with _progress(work) as bar:
        task = bar.add_task(work.source.name, total=len(work.pairs))
        for line in work.unread:
            _fail(line, failed, bar)
        for pair in work.pairs:
            new = [folder for folder in (pair.out.parent, *pair.out.parent.parents) if not folder.is_dir()]
            pair.out.parent.mkdir(parents=True, exist_ok=True)
            try:
                done.append(one(pair))
            except PixelwiseError as error:
                _fail(str(error), failed, bar)
            finally:
                for folder in new:  # the innermost first
                    if not any(folder.iterdir()):
                        folder.rmdir()
            bar.advance(task)
    _tell(done, name)
    if done:
        seconds = time.perf_counter() - started
        show(f"{work.out}: {len(done)} of {total} pictures, {name}, {seconds:.1f} s, by {checkpoint}")
    if failed:
        raise PixelwiseError(f"{work.source}: {len(failed)} of {total} pictures failed; first: {failed[0]}")


def _fail(line: str, failed: list[str], bar: Progress) -> None:
    """Tell of a picture that can't be made."""
    failed.append(line)
    bar.console.print(plain(line), soft_wrap=True, highlight=False, markup=False)


def _tell(done: Sequence[Done], model: str) -> None:
    """A line for each picture; what holds of all of several pictures is said once."""
    common = set(done[0].notes).intersection(*(each.notes for each in done)) if len(done) > 1 else set()
    for each in done:
        notes = [note for note in each.notes if note not in common]
        more = f"; {'; '.join(notes)}" if notes else ""
        show(f"{each.out}: {each.height}x{each.width} pixels, {model}, {each.seconds:.2f} s{more}")
    for note in sorted(common):
        show(f"all: {note}")


def _progress(work: Work) -> Progress:
    """A bar on standard error, where that is a terminal."""
    columns = (TextColumn("{task.description}", markup=False), MofNCompleteColumn(), BarColumn(), TimeRemainingColumn())
    console = terminal(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)

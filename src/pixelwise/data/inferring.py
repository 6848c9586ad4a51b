"""Patterns for folders and files of the user's own names: which word says label, and what a name has in common."""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator

from pixelwise.data.layouts import Layout, pairs
from pixelwise.data.patterns import TRAIN, VAL

LABELS = (
    *("label", "mask", "annotation", "annot", "gt", "gtfine", "groundtruth", "segmentation", "seg", "segmap"),
    *("labelmap", "segmentationclass", "target", "semantic"),
)
IMAGES = (
    *("image", "img", "photo", "photograph", "picture", "pic", "jpegimage", "rgb", "frame", "leftimg8bit", "input"),
    *("original", "raw", "real"),
)
INSTANCES = ("instance", "inst", "segmentationobject")
ROLES = {"label": LABELS, "image": IMAGES, "instance": INSTANCES}
SAMPLE = 200
"""Names by which the parts that they do not have in common are found."""


def role_of(word: str) -> str | None:
    """What a folder of this name holds: `label`, `image`, `instance`, or None."""
    plain = re.sub(r"[^a-z0-9]", "", word.lower())
    return next((role for role, words in ROLES.items() if plain in words or plain.removesuffix("s") in words), None)


def _component(name: str) -> tuple[str, str | None]:
    """A folder's name with the split in it as `{split}`, and its role."""
    words = re.split(r"([_\- ]+)", name)
    splits = [i for i, word in enumerate(words) if word.lower() in (*TRAIN, *VAL)]
    if len(splits) == 1 and (len(words) == 1 or role_of("".join(words[: splits[0]] + words[splits[0] + 1 :]))):
        role = role_of("".join(words[: splits[0]] + words[splits[0] + 1 :]))
        words[splits[0]] = "{split}"
        return "".join(words), role
    return name, role_of(name)


def _folder(parts: list[str]) -> tuple[str, str | None]:
    """A pattern for the folders of a path, and the role that the last telling one has."""
    found = [_component(part) for part in parts]
    telling = [i for i, (text, role) in enumerate(found) if role or "{split}" in text]
    roles = [role for _, role in found if role]
    if not telling:
        return "/".join(parts), None
    last = telling[-1]
    kept = [text for text, _ in found[: last + 1]]
    return "/".join([*kept, "**"]), roles[-1] if roles else None


def _shared(one: str, other: str) -> int:
    """Letters that two names begin with alike."""
    unlike = (i for i, (left, right) in enumerate(zip(one, other, strict=False)) if left != right)
    return next(unlike, min(len(one), len(other)))


def _rest(one: str, others: list[str]) -> tuple[str, str]:
    """What a name has beyond the longest beginning that it shares with one of the others (sorted), and that one too."""
    at = bisect_left(others, one)
    best = max(others[max(0, at - 1) : at + 1], key=lambda other: _shared(one, other))
    common = _shared(one, best)
    return one[common:], best[common:]


def decorations(labels: list[str], images: list[str]) -> list[tuple[str, str]]:
    """Pairs of patterns for the stems of label maps and photographs, the most frequent first; `{stem}` in each."""
    found: Counter[tuple[str, str]] = Counter()
    step = max(1, len(labels) // SAMPLE)
    forward, backward = sorted(images), sorted(name[::-1] for name in images)
    for name in labels[::step]:
        end, other = _rest(name, forward)
        found[f"{{stem}}{end}", f"{{stem}}{other}"] += 1
        begin, other = (text[::-1] for text in _rest(name[::-1], backward))
        found[f"{begin}{{stem}}", f"{other}{{stem}}"] += 1
        for cut in re.finditer(r"[_\-. ]", name):  # 1_mask stands beside 1, but also beside 12
            found[f"{{stem}}{name[cut.start() :]}", "{stem}"] += 1
            found[f"{name[: cut.end()]}{{stem}}", "{stem}"] += 1
    found["{stem}", "{stem}"] += 1
    return [each for each, _ in found.most_common(12) if "{" not in "".join(each).replace("{stem}", "")]


def _ending(paths: list[str]) -> str:
    """The suffix that all files have, or `.*`."""
    ends = {os.path.splitext(path)[1].lower() for path in paths}
    return ends.pop() if len(ends) == 1 else ".*"


def inferred(paths: list[str]) -> Iterator[Layout]:
    """The layout that pairs most files, if folders are named after what they hold, or files of one folder are."""
    groups: dict[str | None, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path in paths:
        if not set("{}*") & set(path):
            folder, role = _folder(path.split("/")[:-1])
            groups[role][folder].append(path)
    made = [
        (pairs(layout, paths), -len(layout.images), layout)
        for label in groups["label"]
        for image in (*groups["image"], *groups[None])
        for layout in _paired(label, image, groups, paths)
    ]
    made += [  # label maps beside their photographs
        (pairs(layout, paths), -len(layout.images), layout)
        for role in (None, "image")
        for folder, inside in groups[role].items()
        for layout in _together(folder, inside)
    ]
    if best := max(made, key=lambda each: each[:2], default=None):
        yield best[2]


def _name(folder: str, file: str) -> str:
    return f"{folder}/{file}" if folder else file


def _stems(paths: list[str]) -> list[str]:
    return [os.path.splitext(path.rsplit("/", 1)[-1])[0] for path in paths]


def _paired(
    label: str, image: str, groups: dict[str | None, dict[str, list[str]]], paths: list[str]
) -> Iterator[Layout]:
    labels = groups["label"][label]
    images = groups["image"].get(image) or groups[None][image]
    if ("{split}" in label) != ("{split}" in image):
        return
    for on_label, on_image in decorations(_stems(labels), _stems(images)):
        found = Layout(
            "folders of labels and images",
            _name(image, on_image + _ending(images)),
            _name(label, on_label + _ending(labels)),
        )
        instances = [
            _name(folder, f"{mark}{_ending(files)}")
            for folder, files in groups["instance"].items()
            for mark, _ in decorations(_stems(files), _stems(images))[:1]
        ]
        yield Layout(found.name, found.images, found.labels, instances[0] if instances else None)


def _together(folder: str, inside: list[str]) -> Iterator[Layout]:
    """Files of one folder, of which some have a word for label maps in their names."""
    ends = [re.search(r"[_\-. ][A-Za-z]+$", stem) for stem in _stems(inside)]
    marks = Counter(end[0] for end in ends if end and (end[0] == "_L" or role_of(end[0]) == "label"))
    for mark, _ in marks.most_common(3):
        labels = [path for path in inside if os.path.splitext(path)[0].endswith(mark)]
        images = [path for path in inside if path not in set(labels)]
        for _, on_image in decorations([stem.removesuffix(mark) for stem in _stems(labels)], _stems(images))[:3]:
            yield Layout(
                "label maps beside their photographs",
                _name(folder, on_image + _ending(images)),
                _name(folder, "{stem}" + mark + _ending(labels)),
            )

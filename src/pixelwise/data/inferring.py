"""Patterns for folders and files of the user's own names: which word says label, and what a name has in common."""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from random import Random

from pixelwise.data.examples import CITYSCAPES
from pixelwise.data.layouts import Layout, common, trains
from pixelwise.data.patterns import TRAIN, VAL, folded

LABELS = (
    *("label", "mask", "annotation", "annot", "ann", "gt", "gtfine", "groundtruth", "segmentation", "seg", "segmap"),
    *("labelmap", "segmentationclass", "target", "semantic", "labelid", "labeltrainid"),
)
IMAGES = (
    *("image", "img", "photo", "photograph", "picture", "pic", "jpegimage", "rgb", "frame", "leftimg8bit", "input"),
    *("original", "raw", "real"),
)
INSTANCES = ("instance", "inst", "instanceid", "segmentationobject")
ROLES = {"label": LABELS, "image": IMAGES, "instance": INSTANCES}
SAMPLE = 200
"""Names by which the parts that they do not have in common are found."""
TRIED, MOST = 60, 12
"""How many such parts are tried on the sample, and on all files."""
JPEG = (".jpg", ".jpeg")
ANY = "**"
BETWEEN = "_-. "
"""Letters between the words of a name."""
TOGETHER, BESIDE = "folders of labels and images", "label maps beside their photographs"
_INSTANCE = re.compile(r"(^|[_\-. ])inst(ance)?s?([_\-. ]?(id|label|mask|map)s?)?$", re.IGNORECASE)
_COLOUR = re.compile(r"(^|[_\-. ])(colou?r|vis|overlay|preview)\w*$", re.IGNORECASE)
_TRAIN_IDS = re.compile(r"trainids?$", re.IGNORECASE)
_CITYSCAPES = re.compile(r"gt(Fine|Coarse)_labelIds$")


def role_of(word: str) -> str | None:
    """What a folder of this name holds: `label`, `image`, `instance`, or None."""
    plain = re.sub(r"[^a-z0-9]", "", word.lower()).removesuffix("dir")
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
    shared = _shared(one, best)
    while 1 < shared < max(len(one), len(best)) and one[shared - 1] in BETWEEN:
        shared -= 1
    return one[shared:], best[shared:]


def _bare(mark: str, names: list[str]) -> set[str]:
    """What stands for `{stem}` in those names that fit a mark."""
    begin, end = (folded(text) for text in mark.split("{stem}"))
    return {
        name[len(begin) : len(name) - len(end)]
        for name in map(folded, names)
        if name.startswith(begin) and name.endswith(end) and len(name) > len(begin) + len(end)
    }


def decorations(labels: list[str], images: list[str]) -> list[tuple[str, str]]:
    """Pairs of patterns for the stems of label maps and photographs, by how many names they pair; `{stem}` in each."""
    if not labels or not images:
        return []
    found: Counter[tuple[str, str]] = Counter()
    sample = Random(0).sample(labels, min(SAMPLE, len(labels)))
    forward, backward = sorted(images), sorted(name[::-1] for name in images)
    for name in sample:
        end, other = _rest(name, forward)
        found[f"{{stem}}{end}", f"{{stem}}{other}"] += 1
        begin, other = (text[::-1] for text in _rest(name[::-1], backward))
        found[f"{begin}{{stem}}", f"{other}{{stem}}"] += 1
        for cut in re.finditer(r"[_\-. ]", name):  # 1_mask stands beside 1, but also beside 12
            found[f"{{stem}}{name[cut.start() :]}", "{stem}"] += 1
            found[f"{name[: cut.end()]}{{stem}}", "{stem}"] += 1
    tried = [each for each, _ in found.most_common(TRIED) if "{" not in "".join(each).replace("{stem}", "")]
    names = {mark: _bare(mark, images) for mark in dict.fromkeys(["{stem}", *(mark for _, mark in tried)])}
    hits = {each: len(_bare(each[0], sample) & names[each[1]]) for each in (*tried, ("{stem}", "{stem}"))}
    return [each for each, count in Counter(hits).most_common(MOST) if count]


def _ending(paths: list[str]) -> str:
    """The suffix that all files have, or `.*`."""
    ends = {os.path.splitext(path)[1].lower() for path in paths}
    return ends.pop() if len(ends) == 1 else ".*"


def _rank(labels: str) -> int:
    """How surely the end of a pattern says label map: ids before colours, colours before instances."""
    end = _stem(labels).rpartition("{stem}")[2]
    if _INSTANCE.search(end):
        return 0
    return 1 if _COLOUR.search(end) else 2 if _TRAIN_IDS.search(end) else 3


def inferred(paths: list[str]) -> Iterator[Layout]:
    """The layout that pairs most files, if folders are named after what they hold, or files of one folder are."""
    groups: dict[str | None, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path in paths:
        if not set("{}*") & set(path):
            folder, role = _folder(path.split("/")[:-1])
            groups[role][folder].append(path)
    if max(len(groups[role]) for role in ROLES) > MOST:
        groups.update({role: _merged(groups[role]) for role in ROLES})
    for role in ROLES:
        groups[role] |= {_deeper(folder, inside): inside for folder, inside in groups[role].items()}
    if len(others := groups[None]) > 1:  # all folders whose names say nothing, and the largest alone
        largest = sorted(others, key=lambda folder: -len(others[folder]))[:MOST]
        together = {ANY: [path for inside in others.values() for path in inside]}
        groups[None] = together | {folder: others[folder] for folder in largest}
    layouts = {
        layout: common(layout, paths)
        for label in groups["label"]
        for image in (*groups["image"], *groups[None])
        for layout in _paired(label, image, groups)
    }
    for role in (None, "image", "label"):  # label maps beside their photographs
        for folder, inside in groups[role].items():
            layouts.update({layout: common(layout, inside) for layout in _together(folder, inside)})
    if not any(layouts.values()):
        return

    def order(each: Layout) -> tuple[int, int, int, int]:
        return len(layouts[each]), _photographs(each), _rank(each.labels or ""), -len(each.images)

    best = max(layouts, key=order)
    parted = [each for each, examples in layouts.items() if _unsplit(each) == _folders(best) and trains(examples)]
    parted = [each for each in parted if "{split}" in each.images]
    yield max(parted or [best], key=order)  # of the same folders, as the user parted them


def _merged(found: dict[str, list[str]]) -> dict[str, list[str]]:
    """Groups of files by folders, where any name will do that neither tells a role nor a split."""
    merged: dict[str, list[str]] = defaultdict(list)
    for folder, inside in found.items():
        parts = [part if part == ANY or "{split}" in part or role_of(part) else "*" for part in folder.split("/")]
        merged["/".join(parts)] += inside
    return merged


def _deeper(folder: str, inside: list[str]) -> str:
    """The pattern of a folder with the folders that all its files have in common, such as `annotations/trimaps/**`."""
    before = folder.removesuffix(f"/{ANY}").split("/")
    heads = [path.split("/")[len(before) : -1] for path in inside]
    shared = takewhile(lambda pair: pair[0] == pair[1], zip(min(heads), max(heads), strict=False))
    return "/".join([*before, *(part for part, _ in shared), ANY])


def _photographs(layout: Layout) -> int:
    """How surely the folder of a layout's photographs holds such."""
    parts = layout.images.replace("{split}", TRAIN[0]).split("/")[:-1]
    return 0 if parts == [ANY] else {"image": 2, None: 1}.get(_folder(parts)[1], 0)


def _folders(layout: Layout) -> tuple[str, str]:
    return layout.images.rpartition("/")[0], (layout.labels or "").rpartition("/")[0]


def _unsplit(layout: Layout) -> tuple[str, str]:
    images, labels = (folder.replace("{split}/", "") for folder in _folders(layout))
    return images, labels


def _name(folder: str, file: str) -> str:
    return f"{folder}/{file}" if folder else file


def _stem(path: str) -> str:
    return os.path.splitext(path.rsplit("/", 1)[-1])[0]


def _paired(label: str, image: str, groups: dict[str | None, dict[str, list[str]]]) -> Iterator[Layout]:
    """Label maps of one folder and photographs of another."""
    images = groups["image"].get(image) or groups[None][image]
    if ("{split}" in label) == ("{split}" in image):
        yield from _marked(TOGETHER, (label, groups["label"][label]), (image, images), groups["instance"])


def _marked(
    name: str, labels: tuple[str, list[str]], images: tuple[str, list[str]], others: dict[str, list[str]]
) -> Iterator[Layout]:
    """Label maps and photographs whose names have a beginning or an end that the others lack, with instance maps.

    Args:
        name: Of the layouts.
        labels: Pattern of their folder, and their paths.
        images: The same of photographs.
        others: Folders of instance maps, and their paths; they may also stand beside the label maps.
    """
    stems = [_stem(path) for path in images[1]]
    beside = [path for path in labels[1] if _INSTANCE.search(_stem(path))]
    instances = [
        (on_image, _name(folder, mark + _ending(files)))
        for folder, files in (*others.items(), (labels[0], beside))
        for mark, on_image in decorations([_stem(path) for path in files], stems)
    ]
    for on_label, on_image in decorations([_stem(path) for path in labels[1]], stems):
        of_labels = _name(labels[0], on_label + _ending(labels[1]))
        of_instances = next((each for mark, each in instances if mark == on_image and each != of_labels), None)
        layout = Layout(name, _name(images[0], on_image + _ending(images[1])), of_labels, of_instances)
        if _CITYSCAPES.search(on_label):
            layout = replace(layout, name="Cityscapes", palette=CITYSCAPES, coded="index")
        yield layout


def _together(folder: str, inside: list[str]) -> Iterator[Layout]:
    """Files of one folder, of which some have a word for label maps in their names, or are PNG beside JPEG."""
    ends = {path: found[0] for path in inside if (found := re.search(r"[_\-. ][A-Za-z]+$", _stem(path)))}
    told = {path: end for path, end in ends.items() if end == "_L" or role_of(end) == "label"}
    rest = [path for path in inside if path not in told and not _INSTANCE.search(_stem(path))]
    plain = [path for path in rest if not _COLOUR.search(_stem(path))]
    images = plain or [path for path in rest if path.lower().endswith(JPEG)]
    for mark, _ in Counter(told.values()).most_common(3):
        labels = [path for path, end in told.items() if end == mark]
        beside = [path for path in inside if _INSTANCE.search(_stem(path))]
        yield from _marked(BESIDE, (folder, labels), (folder, images), {folder: beside})
    jpegs = [path for path in images if path.lower().endswith(JPEG)]
    if jpegs and len(jpegs) < len(images):
        yield Layout(BESIDE, _name(folder, "{stem}" + _ending(jpegs)), _name(folder, "{stem}.png"))

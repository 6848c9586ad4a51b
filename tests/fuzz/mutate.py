"""Changes of documents and of their text that a careless or a hostile author could make."""

from __future__ import annotations

import copy
import datetime
import json
from typing import Any

from hypothesis import strategies as st

NAMES = (
    *(
        "../../beside",
        "../beside/deep",
        "..",
        ".",
        "/",
        "",
        " ",
        "~",
        "a/b",
        "a\\b",
        "/etc/passwd",
        "-rf",
        "--help",
        ".x",
    ),
    *(
        "$(touch STARTED)",
        "`touch STARTED`",
        "a;touch STARTED",
        "a|touch STARTED",
        "a&touch STARTED",
        "a\ntouch STARTED",
    ),
    *("${HOME}", "$HOME", "{input}", "{{x}}", "%s", "a b", "a'b", 'a"b', "a#b", "a,b", "a=b", "a:b", "*", "?", "[a]"),
    *("real", "shuffled", "baselines", "raw", "weights", "recorded", "bench", "x-smoke", "seed0", "manifest.json"),
    *("\x1b[31mred", "\0", "a\0b", "\x7f", "\u202egnp.exe", "\ufeff", "é", "名", "\U0001f600", "x" * 300, "x" * 5000),
    *("CON", "nul", "true", "null", "1", "1e3", "__proto__", "__class__", "?if True", "?for x in y", "__use_yte__"),
    *("<script>alert(1)</script>", "[bold]x[/bold]", "[/]", "[link=file:///etc/passwd]x[/link]", "a]b[c"),
)
"""Texts that mean something to a path, a shell, a template, a terminal or a page."""
NUMBERS = (
    *(0, 1, -1, 2, 3, 7, 255, 256, 65536, 10**6, 10**9, 10**12, 2**31, 2**63, 2**64, 10**30, 10**400, -(10**12)),
    *(0.0, -0.0, 0.5, -0.5, 1.5, 1e-320, 1e-9, 1e9, 1e308, -1e308, float("nan"), float("inf"), float("-inf")),
)
OTHERS: tuple[Any, ...] = (
    *(None, True, False, [], {}, [[]], [None], {"": ""}, {"a": {}}, [0, 1], [1, 0], [0.5, float("nan")], [[1, 2]] * 3),
    *([[256, 512]], [[10**6, 10**6]], {"architecture": "dncnn"}, "25", "[1, 2]", [True, "x", None, 1.5, {}]),
)
DATES: tuple[Any, ...] = (
    datetime.date(2020, 1, 1),
    datetime.datetime(2020, 1, 1, 12, 30),
    b"\x00\xff",
    {1: 2},
    {None: 1},
)
names = st.sampled_from(NAMES)
leaves = st.one_of(names, st.sampled_from(NUMBERS), st.sampled_from(OTHERS))
anything = st.one_of(leaves, st.recursive(leaves, lambda inner: st.lists(inner, max_size=3), max_leaves=6))


def paths(document: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document, the document itself apart."""
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [place for key, value in items for place in [(*prefix, key), *paths(value, (*prefix, key))]]


@st.composite
def changed(draw: st.DrawFn, base: Any, values: st.SearchStrategy[Any] = anything, most: int = 3) -> Any:
    """A copy of `base` with up to `most` values replaced, keys renamed, entries removed, added, moved or nested."""
    document = copy.deepcopy(base)
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, most]))):
        if not (places := paths(document)):
            return copy.deepcopy(draw(values))
        *parents, last = draw(st.sampled_from(places))
        node = document
        for key in parents:
            node = node[key]
        how = draw(st.sampled_from(("value", "value", "value", "near", "rename", "remove", "add", "wrap", "copy")))
        if how == "value":
            node[last] = copy.deepcopy(draw(values))
        elif how == "near":
            node[last] = near(draw, node[last])
        elif how == "rename" and isinstance(node, dict):
            node[draw(names)] = node.pop(last)
        elif how == "remove":
            del node[last]
        elif how == "add" and isinstance(node, dict):
            node[draw(names)] = copy.deepcopy(draw(values))
        elif how == "wrap":
            node[last] = {draw(names): node[last]} if draw(st.booleans()) else [node[last]]
        elif how == "copy":
            source = document
            for key in draw(st.sampled_from(places)):
                source = source[key] if _has(source, key) else source
            node[last] = copy.deepcopy(source)
    return document


def _has(node: Any, key: Any) -> bool:
    return (
        key in node if isinstance(node, dict) else isinstance(node, list) and isinstance(key, int) and key < len(node)
    )


def near(draw: st.DrawFn, value: Any) -> Any:
    """A value that looks like the right one: another type, another sign, a little more text."""
    if isinstance(value, bool):
        return draw(st.sampled_from([not value, int(value), str(value).lower(), None]))
    if isinstance(value, int | float):
        return draw(
            st.sampled_from([-value, value + 1, value * 1000, str(value), float(value), [value], value / 7, True])
        )
    if isinstance(value, str):
        more = [value + "\n", " " + value, value.upper(), value * 2, value[:-1], value + "/..", "/" + value, [value]]
        return draw(st.sampled_from([*more, value + "/../../../../beside", value + "\0", f"$(touch STARTED){value}"]))
    return copy.deepcopy(draw(leaves))


def json_text(document: Any) -> str:
    """JSON with everything that Python's reader would take: NaN, infinity, huge numbers."""
    return json.dumps(document, default=str, ensure_ascii=True)


@st.composite
def damaged(draw: st.DrawFn, text: str) -> bytes:
    """The bytes of a text file after an accident or on purpose."""
    content = text.encode("utf-8", "surrogatepass")
    how = draw(st.sampled_from(("cut", "flip", "insert", "double", "encode", "deep", "whole", "replace")))
    place = draw(st.integers(0, max(0, len(content) - 1)))
    if how == "cut":
        return content[:place]
    if how == "flip":
        return content[:place] + bytes([draw(st.integers(0, 255))]) + content[place + 1 :]
    if how == "insert":
        piece = draw(
            st.sampled_from([b"\0", b"\xff", b"\xed\xa0\x80", b"\t", b'"', b"{", b"]", b"\r", b"\xef\xbb\xbf", b"#"])
        )
        return content[:place] + piece + content[place:]
    if how == "double":
        return content + content
    if how == "encode":
        return text.encode(draw(st.sampled_from(["utf-16", "utf-32", "utf-8-sig", "utf-16-be"])), "surrogatepass")
    if how == "deep":
        depth = draw(st.sampled_from([100, 1000, 100_000]))
        opened, closed = draw(st.sampled_from([("[", "]"), ('{"a":', "}"), ('{"records":[', "]}"), ("- ", "")]))
        return (opened * depth + "1" + closed * depth).encode()
    if how == "whole":
        whole = [
            "",
            "\n",
            "null",
            "[]",
            "{}",
            "0",
            '""',
            "NaN",
            "1e999",
            "-",
            "true",
            "9" * 5000,
            "\0" * 64,
            '{"job": NaN}',
        ]
        return draw(st.sampled_from(whole)).encode()
    numbers = [b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-1", b"0", b"9" * 4400, b'"\\ud800"', b"null", b'"x"']
    return draw(st.sampled_from([*_numbers_replaced(content, draw(st.sampled_from(numbers)), place), content + b"x"]))


def _numbers_replaced(content: bytes, by: bytes, place: int) -> list[bytes]:
    """The text with the first number after a place replaced."""
    start = next((i for i in range(place, len(content)) if content[i : i + 1].isdigit()), None)
    if start is None:
        return []
    end = start
    while content[end : end + 1] in (b".", b"e", b"-") or content[end : end + 1].isdigit():
        end += 1
    return [content[:start] + by + content[end:]]

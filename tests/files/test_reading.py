"""The door: what is no JSON or no table of ours is one line with the file's name, whatever it holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pixelwise.artifacts import check_listed, read_json, read_manifest, verify_manifest, write_manifest
from pixelwise.errors import PixelwiseError
from pixelwise.files.listings import log, rows
from pixelwise.files.reading import LARGEST
from pixelwise.files.run_log import LogLine

BROKEN = {
    "nothing": b"",
    "not a number": b'{"a": NaN}',
    "infinity": b'{"a": Infinity}',
    "minus infinity": b"[-Infinity]",
    "too large a float": b'{"a": 1e999}',
    "too large a whole number": b'{"a": 99999999999999999999999999}',
    "thousands of digits": b"9" * 10_000,
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 50 + b"1" + b"}" * 50,
    "just too deep": b"[" * 42 + b"]" * 42,
    "a name twice": b'{"a": 1, "b": {"c": 1, "c": 2}}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "latin-1": '{"a": "\xe9"}'.encode("latin-1"),
    "half a surrogate pair": b'{"a": "\\ud800"}',
    "more after the end": b"{} {}",
    "cut off": b'{"a": [1, 2',
    "a control character": b'{"a": "\n"}',
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_broken_json_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(content)
    with pytest.raises(PixelwiseError) as caught:
        read_json(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_what_is_no_file_is_one_line(tmp_path: Path) -> None:
    pipe, huge = tmp_path / "pipe", tmp_path / "huge"
    os.mkfifo(pipe)
    with huge.open("wb") as stream:
        stream.truncate(LARGEST + 1)
    for path in (tmp_path, pipe, huge, tmp_path / "absent", Path("/dev/zero"), tmp_path / "with\0zero"):
        with pytest.raises(PixelwiseError):
            read_json(path)


def test_plain_json_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": [1, 2.5, null, true, "\\u00e9"]}')
    assert read_json(tmp_path / "a.json") == {"a": [1, 2.5, None, True, "\xe9"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1\n", "row 2 has 1 cells; its heading has 2"),
        ("a,a\n1,2\n", "a column occurs twice"),
        ("b\n1\n", "lacks the column 'a'"),
        ("", "lacks the column 'a'"),
        ("a\n\0\n", "byte 0"),
        ('a\n"x\n', "unexpected end of data"),
        ("a\n" + "x" * 200_000 + "\n", "field larger"),
    ],
)
def test_broken_tables_are_one_line(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(PixelwiseError, match=message):
        rows(tmp_path / "t.csv", ("a",))


def test_lines_of_the_run_log_are_checked_one_by_one(tmp_path: Path) -> None:
    good = '{"job": "a", "kind": "fid", "out": "results/a", "status": "done", "seconds": 1.5}'
    bad = ["[]", '{"out": "x", "status": "done", "seconds": -1}', '{"out": "x", "status": "done", "seconds": 1e999}']
    bad += ['{"out": "x", "status": "maybe", "seconds": 1}', '{"cut off']
    (tmp_path / "run.jsonl").write_text("\n".join([good, *bad, good]) + "\n")
    found, problems = log(tmp_path / "run.jsonl", LogLine, "the run log")
    assert [entry.seconds for entry in found] == [1.5, 1.5]
    assert [line.split(": ")[1][:7] for line in problems] == [f"line {n} " for n in range(2, 7)]


MANIFESTS = {
    "a list": "[]",
    "no files": '{"job": {}, "inputs": {}}',
    "files a list": '{"job": {}, "inputs": {}, "files": []}',
    "a hash that is none": '{"job": {}, "inputs": {}, "files": {"a": "x"}}',
    "a hash that is a number": '{"job": {}, "inputs": {"a": 1}, "files": {}}',
    "a name above": '{"job": {}, "inputs": {}, "files": {"../a": "%s"}}' % ("0" * 64),
    "an absolute name": '{"job": {}, "inputs": {}, "files": {"/etc/passwd": "%s"}}' % ("0" * 64),
    "more": '{"job": {}, "inputs": {}, "files": {}, "more": 1}',
}


@pytest.mark.parametrize("content", MANIFESTS.values(), ids=MANIFESTS)
def test_what_is_no_manifest_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(content)
    (problem,) = verify_manifest(path)
    assert problem.startswith(f"{path}: not a manifest")


def test_a_file_is_compared_with_its_manifest(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    for name in ("a.json", "samples/b.png"):
        (tmp_path / name).write_text("x")
    write_manifest(tmp_path, {}, {})
    assert set(read_manifest(tmp_path / "manifest.json")["files"]) == {"a.json", "samples/b.png"}
    for name in ("a.json", "samples/b.png"):
        check_listed(tmp_path / name)
        (tmp_path / name).write_text("y")
        with pytest.raises(PixelwiseError, match="it was changed"):
            check_listed(tmp_path / name)
        (tmp_path / name).unlink()
        with pytest.raises(PixelwiseError, match="no such file"):
            check_listed(tmp_path / name)
    (tmp_path / "new.json").write_text("x")
    with pytest.raises(PixelwiseError, match="not listed"):
        check_listed(tmp_path / "new.json")


def test_any_flipped_bit_of_a_manifest_is_seen(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("x")
    write_manifest(tmp_path, {"id": "train/a", "settings": {"rate": 0.001, "steps": 12}}, {"results/b": "0" * 64})
    path = tmp_path / "manifest.json"
    whole = path.read_bytes()
    assert verify_manifest(path) == []
    for place in range(len(whole)):
        for bit in (1, 2, 16, 32):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
            assert verify_manifest(path), (place, bit)

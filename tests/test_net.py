"""The net below the command line: one line whatever happens, the trace in a file, nothing before the line."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RUN = "import sys; from pathlib import Path; from pixelwise import net\ndef command():\n{body}\nnet.run(command)\n"


def _attended() -> None:
    """Signals as a terminal's shell leaves them; behind `nohup` or `&` some are ignored, which children inherit."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def started(code: str, cwd: Path, *arguments: str, **options: object) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **options.pop("variables", {})}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, cwd=cwd, env=environment, preexec_fn=_attended, **pipes)


def ran(body: str, cwd: Path, *arguments: str, **options: object) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of a command with this body, run inside the net."""
    code = RUN.format(body="\n".join(f"    {line}" for line in body.splitlines()))
    process = started(code, cwd, *arguments, **options)
    out, err = process.communicate(timeout=100)
    return process.returncode, (out or b"").decode(), (err or b"").decode()


def cli(cwd: Path, *arguments: str, **options: object) -> tuple[int, str, str]:
    process = started("from pixelwise.__main__ import main; main()", cwd, *arguments, **options)
    out, err = process.communicate(timeout=100)
    return process.returncode, (out or b"").decode(), (err or b"").decode()


def line(done: tuple[int, str, str], status: int) -> str:
    """The one line of an error."""
    assert done[0] == status, done
    assert done[2].startswith("pixelwise: error: ") and done[2].count("\n") == 1, done
    return done[2].removeprefix("pixelwise: error: ").rstrip("\n")


DEEP = "def deep(n): return deep(n + 1)\ndeep(0)"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        (DEEP, "RecursionError: maximum recursion depth exceeded"),
        ("assert False", "AssertionError"),
        ("raise KeyError('x')", "KeyError: 'x'"),
        ("raise ExceptionGroup('two', [ValueError('a'), TypeError('b')])", "ExceptionGroup: two"),
        ("class Odd(BaseException): pass\nraise Odd('one\\ntwo')", "Odd: one two"),
    ],
)
def test_what_no_one_foresaw(tmp_path: Path, body: str, kind: str) -> None:
    (tmp_path / "picture.png").write_bytes(b"x")
    said = line(ran(f"path = Path('picture.png')\n{body}", tmp_path), 1)
    found = re.fullmatch(
        rf"picture\.png: {re.escape(kind)}.*; the full trace is in (logs/error-[0-9TZ]+-\d+\.txt)", said
    )
    assert found, said
    trace = (tmp_path / found[1]).read_text()
    assert "Traceback (most recent call last)" in trace and 'File "<string>"' in trace


def test_the_file_is_that_of_the_innermost_frame_else_that_of_the_command_line(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "job.json"):
        (tmp_path / name).write_bytes(b"x")
    inner = "def read(path):\n    with open(path) as stream:\n        1 / 0\nfirst = Path('a.png')\nread('b.png')"
    assert line(ran(inner, tmp_path), 1).startswith("b.png: ZeroDivisionError")
    assert line(ran("1 / 0", tmp_path, "step", "job.json"), 1).startswith("job.json: ZeroDivisionError")
    assert line(ran("1 / 0", tmp_path), 1).startswith("ZeroDivisionError")


def test_the_trace_goes_elsewhere_if_logs_cannot_take_it(tmp_path: Path) -> None:
    here, temporary, other = tmp_path / "here", tmp_path / "temporary", tmp_path / "other"
    for folder in (here, temporary, other):
        folder.mkdir()
    (here / "logs").write_text("a file")
    variables = {"TMPDIR": str(temporary)}
    said = line(ran("1 / 0", here, variables=variables), 1)
    assert f"the full trace is in {temporary}/error-" in said
    (here / "logs").unlink()
    (here / "logs").symlink_to(other)
    assert f"the full trace is in {temporary}/error-" in line(ran("1 / 0", here, variables=variables), 1)
    assert not list(other.iterdir())
    full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n1 / 0"
    assert "takes the trace; raised in <string>, line 4" in line(ran(full, here, variables=variables), 1)
    assert len(list(temporary.iterdir())) == 2 and (here / "logs").is_symlink()


def test_passwords_of_addresses_are_in_no_line_and_no_trace(tmp_path: Path) -> None:
    said = line(ran("raise ValueError('https://me:secret@example.org/x is odd')", tmp_path), 1)
    assert "https://***@example.org/x is odd" in said
    trace = next((tmp_path / "logs").iterdir()).read_text().partition("ValueError")[2]
    assert "secret" not in trace and "***" in trace


def test_out_of_memory_and_a_full_disk_are_the_machines(tmp_path: Path) -> None:
    assert line(ran("bytearray(1 << 60)", tmp_path), 2).startswith("out of memory")
    full = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "with open('out.txt', 'w') as stream:\n    stream.write('x' * 99999)"
    )
    assert line(ran(full, tmp_path), 2) == "out.txt: File too large"
    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_signals_unwind_and_are_one_line(tmp_path: Path, number: signal.Signals, status: int) -> None:
    body = "import time\ntry:\n    print('ready', flush=True); time.sleep(300)\nfinally:\n    Path('unwound').touch()"
    code = RUN.format(body="\n".join(f"    {part}" for part in body.splitlines()))
    process = started(code, tmp_path)
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=100)
    assert line((process.returncode, out.decode(), err.decode()), status) == f"stopped by {number.name}"
    assert (tmp_path / "unwound").exists()


def test_a_signal_before_anything_is_imported_is_one_line(tmp_path: Path) -> None:
    for wait in (0.05, 0.15, 0.3, 0.5):
        process = started("from pixelwise.__main__ import main; print(flush=True); main()", tmp_path, "--help")
        assert process.stdout is not None and process.stdout.readline() == b"\n"
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=100)
        assert process.returncode in (0, 130, -signal.SIGINT), err
        assert b"Traceback" not in err and err.count(b"\n") <= 1, err


def test_a_reader_that_left_needs_no_line(tmp_path: Path) -> None:
    code = "from pixelwise.__main__ import main; main()"
    process = started(code, ROOT, "claims", "--metrics", "results/recorded/tiny")
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 141


def test_standard_output_that_is_full_is_named(tmp_path: Path) -> None:
    with open("/dev/full", "wb") as full:
        assert line(ran("print('x')", tmp_path, stdout=full), 2) == "standard output: No space left on device"
        assert line(cli(ROOT, "--help", stdout=full), 2) == "standard output: No space left on device"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_closed_streams(tmp_path: Path, stream: str) -> None:
    close = f'exec {sys.executable} -m pixelwise "$@" {"1" if stream == "stdout" else "2"}>&-'
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    for arguments, status in ((["--help"], 0), (["fetch", "absent"], 2)):
        done = subprocess.run(
            ["bash", "-c", close, "bash", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        assert done.returncode == status
        shown, silent = (done.stderr, done.stdout) if stream == "stdout" else (done.stdout, done.stderr)
        assert silent == "" and bool(shown) == ((stream == "stdout") == (status == 2))
        assert "Traceback" not in done.stdout + done.stderr


NOISE = """
import logging, os, threading, warnings
warnings.warn("noise of Python")
logging.getLogger("library").warning("noise of a log")
os.write(2, b"noise of C \\x1b[31m\\n")
thread = threading.Thread(target=lambda: 1 / 0)
thread.start(); thread.join()
"""


def test_nothing_of_libraries_stands_before_the_line(tmp_path: Path) -> None:
    assert line(ran(NOISE + "raise net.PixelwiseError('ours')", tmp_path), 2) == "ours"
    said = line(ran(NOISE + "raise ValueError('theirs')", tmp_path), 1)
    trace = (tmp_path / said.rpartition(" ")[2]).read_text()
    assert all(f"noise of {source}" in trace for source in ("Python", "a log", "C"))
    status, _, err = ran(NOISE, tmp_path)
    assert status == 0 and "noise of Python" in err and "noise of C \\x1b[31m\n" in err


def test_noise_of_a_job_is_in_its_log_as_it_comes(tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text("{}")
    with open(tmp_path / "log", "wb") as log:
        done = ran(NOISE + "raise net.PixelwiseError('ours')", tmp_path, "train", "job.json", stdout=log)
    assert line(done, 2) == "ours"
    text = (tmp_path / "log").read_text(errors="replace")
    assert "noise of C" in text and text.endswith("pixelwise: error: ours\n")


def test_a_warning_that_is_an_error_is_one_line(tmp_path: Path) -> None:
    done = ran("import warnings\nwarnings.warn('odd')", tmp_path, variables={"PYTHONWARNINGS": "error"})
    assert line(done, 1).startswith("UserWarning: odd; ")
    broken = (
        "import warnings\ndef show(*args, **more): raise OSError('no')\nwarnings.showwarning = show\nwarnings.warn('x')"
    )
    assert line(ran(broken, tmp_path), 2).endswith("no")


def test_names_on_the_terminal_are_escaped(tmp_path: Path) -> None:
    name = b"a\x1b[2J\n\xff\xe2\x80\xae.json"
    said = line(cli(tmp_path, "fetch", os.fsdecode(name)), 2)
    assert said.startswith("a\\x1b[2J\\n\\xff\\u202e.json: no such file")
    assert "\\x1b]0;x\\x07" in line(cli(tmp_path, "\x1b]0;x\x07"), 2)
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    assert "n\\xf6" in line(cli(tmp_path, "fetch", "nö", variables=ascii_only), 2)
    assert ran("print('n\u00f6')", tmp_path, variables=ascii_only) == (0, "n\\xf6\n", "")

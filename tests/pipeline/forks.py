"""A server that has imported the packages which commands use, and forks for each command: the same programs, faster.

It never imports this project, and learns from each command that ends well which packages to import ahead of the next.
A command started from the folder `bin`, such as a job of Snakemake's, is one process more than usual: a client that
waits, passes signals on, and ends as the forked process ends.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import importlib
import json
import os
import random
import select
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

PACKAGES = """snakemake.cli snakemake.storage snakemake.report.html_reporter smart_open yte dvc.cli dvc.cli.parser
dvc.cachemgr dvc.repo dvc.repo.reproduce dvc.stage.run dvc_data.index scmrepo.git torch torch._dynamo pandas PIL.Image
safetensors.torch scipy.stats skimage.metrics typer rich.progress requests filelock"""
PROGRAMS = ("snakemake", "dvc", "pixelwise")
CLIENT = """#!{python} -SEI
import array, json, os, signal, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
ask = dict(argv=[{program!r}, *sys.argv[1:]], cwd=os.getcwd(), env=dict(os.environ), group=os.getpgrp())
server.sendmsg([json.dumps(ask).encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))])
server.shutdown(socket.SHUT_WR)
answers = server.makefile()
pid = int(answers.readline())
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, lambda number, frame: os.kill(pid, number))
status = int(answers.readline() or "-9")
if status < 0:
    signal.signal(-status, signal.SIG_DFL) if status != -9 else None
    os.kill(os.getpid(), -status)
os._exit(status)
"""


class Running:
    """One command at work.

    Attributes:
        pid: Its process.
    """

    def __init__(self, connection: socket.socket, output: Path) -> None:
        self._connection, self._answers, self._output = connection, connection.makefile(), output
        self.pid = int(self._answers.readline())
        self._status: int | None = None

    def ended(self) -> bool:
        """Whether it has ended."""
        return self._status is not None or bool(select.select([self._connection], [], [], 0)[0])

    def wait(self) -> tuple[int, str]:
        """Exit status (negative: the signal that ended it) and all output."""
        if self._status is None:
            self._status = int(self._answers.readline())
        return self._status, self._output.read_text(errors="replace")


class Server:
    """A running server, and the folder `bin` of its programs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin = folder, folder / "bin"
        self.bin.mkdir(parents=True)
        self._address = str(folder / "socket")
        python = Path(sys.executable)
        for program in PROGRAMS:
            text = CLIENT.format(python=python, address=self._address, program=program)
            self._script(program, text)
        ours = f'if [ "$1 $2" = "-m pixelwise" ]; then shift 2; exec "{self.bin}/pixelwise" "$@"; fi'
        self._script("python", f'#!/bin/sh\n{ours}\nexec "{python}" "$@"\n')
        kept = {"PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": ""}  # a copy of a clone need not be compiled again
        environment = {**os.environ, **kept, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [python, "-P", __file__, self._address], env=environment, start_new_session=True, cwd=folder
        )
        while not os.path.exists(self._address):
            time.sleep(0.05)
        self._count = 0

    def _script(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def start(self, *command: str, cwd: Path, errors: Path | int | None = None, **variables: str) -> Running:
        """Start a command in a process group of its own; its standard error can go to a file or handle apart."""
        path = os.pathsep.join([str(self.bin), os.environ["PATH"]])
        environment = {**os.environ, "PATH": path, "PYTHONPATH": "", **variables}
        self._count += 1
        output = self.folder / f"output{self._count % 100}"
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self._address)
        with (
            output.open("w") as stream,
            open(os.devnull) as nothing,
            open(errors or output, "a", closefd=not isinstance(errors, int)) as other,
        ):
            handles = array.array("i", [nothing.fileno(), stream.fileno(), (other if errors else stream).fileno()])
            ask = {"argv": command, "cwd": str(cwd), "env": environment, "group": 0}
            connection.sendmsg([json.dumps(ask).encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handles)])
            connection.shutdown(socket.SHUT_WR)
            return Running(connection, output)

    def stop(self) -> None:
        """End the server."""
        self._process.terminate()
        self._process.wait()


def at_work(folder: Path, *programs: str) -> list[int]:
    """Processes of these programs that work in a folder."""
    found = []
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            named = process.name.isdigit() and (process / "comm").read_text().strip() in programs
            forked = named and __file__ in (process / "cmdline").read_text()
            if forked and os.path.samefile(process / "cwd", folder):
                found.append(int(process.name))
    return found


def _receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    text, handles = b"", array.array("i")
    while True:
        part, extra, _, _ = connection.recvmsg(1 << 20, socket.CMSG_SPACE(12))
        for _, _, content in extra:
            handles.frombytes(content)
        if not part:
            return json.loads(text), list(handles)
        text += part


def _imported() -> set[str]:
    return {name for name in sys.modules if not name.startswith(("pixelwise", "__m", "forks"))}


def _work(ask: dict[str, Any], handles: list[int], report: int) -> None:
    """The forked process: become the program."""
    for target, handle in enumerate(handles):
        os.dup2(handle, target)
        os.close(handle)
    os.environ.clear()
    os.environ.update(ask["env"])
    os.chdir(ask["cwd"])
    try:
        os.setpgid(0, ask["group"])
    except PermissionError:  # asked for from another session, such as by a `make` of a test
        os.setpgid(0, 0)
    program = ask["argv"][0]
    Path("/proc/self/comm").write_text(program)
    folder = Path(ask["env"]["PATH"].split(os.pathsep)[0])
    sys.executable = str(folder / "python")
    sys.argv = [str(folder / program), *ask["argv"][1:]]
    sys.path[:0] = [part for part in ask["env"].get("PYTHONPATH", "").split(os.pathsep) if part]
    random.seed()
    before, status = _imported(), 0
    try:
        module = {"snakemake": "snakemake.cli", "dvc": "dvc.cli", "pixelwise": "pixelwise.cli"}[program]
        status = importlib.import_module(module).main() or 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    with contextlib.suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    if status == 0:
        with contextlib.suppress(OSError):
            os.write(report, "\n".join(sorted(_imported() - before)).encode()[:60000])
    os._exit(status)


def _serve(address: str) -> None:
    for name in PACKAGES.split():
        importlib.import_module(name)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(50)
    ready = selectors.DefaultSelector()
    ready.register(listener, selectors.EVENT_READ)
    wake, alarm = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(alarm)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    ready.register(wake, selectors.EVENT_READ)
    children: dict[int, tuple[socket.socket, int]] = {}
    learn: list[str] = []
    while True:
        for key, _ in ready.select(0 if learn and not children else None):
            if key.fd == wake:
                with contextlib.suppress(BlockingIOError):
                    os.read(wake, 1000)
                continue
            connection, _ = listener.accept()
            ask, handles = _receive(connection)
            reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
            if (pid := os.fork()) == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for handle in (listener.fileno(), connection.fileno(), wake, alarm, reading, ready.fileno()):
                    os.close(handle)
                for other, pipe in children.values():
                    os.close(other.fileno())
                    os.close(pipe)
                _work(ask, handles, writing)
            for handle in (*handles, writing):
                os.close(handle)
            with contextlib.suppress(OSError):
                connection.sendall(f"{pid}\n".encode())
            children[pid] = (connection, reading)
        while children:
            pid, code = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            connection, reading = children.pop(pid)
            with contextlib.suppress(OSError):
                connection.sendall(f"{os.waitstatus_to_exitcode(code)}\n".encode())
            connection.close()
            with contextlib.suppress(BlockingIOError):
                learn += os.read(reading, 60000).decode().split("\n")
            os.close(reading)
        while learn and not children and not ready.select(0):
            with contextlib.suppress(BaseException):
                importlib.import_module(learn.pop(0))


if __name__ == "__main__":
    _serve(sys.argv[1])

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pixelwise.cards import leases

ROOT = Path(__file__).parents[2]
JOB = """
import sys, time
from pathlib import Path
from pixelwise.cards import leases
print(*leases.lease(sys.argv[2:], Path(sys.argv[1])), flush=True)
time.sleep(60)
"""


@pytest.fixture
def job(tmp_path):
    """Starts processes that lease one of the cards and hold it; returns the process, whose output names the card."""
    started = []

    def start(*cards):
        command = [sys.executable, "-c", JOB, str(tmp_path), *cards]
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_each_job_has_its_own_card_and_a_killed_one_gives_it_back(job, tmp_path):
    first = job("GPU-a", "GPU-b")
    assert first.stdout.readline() == "GPU-a\n"
    second = job("GPU-a", "GPU-b")
    assert second.stdout.readline() == "GPU-b\n"
    third = job("GPU-a", "GPU-b")
    line = third.stderr.readline()
    assert "waits for a graphics card" in line and f"GPU-a by process {first.pid}" in line
    assert third.poll() is None
    first.send_signal(signal.SIGKILL)
    assert third.stdout.readline() == "GPU-a\n"
    assert leases.holder("GPU-a", tmp_path) == str(third.pid)


def test_a_process_keeps_its_card(tmp_path):
    try:
        assert leases.lease(["GPU-b", "GPU-a"], tmp_path) == ["GPU-b"]
        assert leases.lease(["GPU-a", "GPU-b"], tmp_path) == ["GPU-b"]
    finally:
        leases.release("GPU-b")
    assert leases.take("GPU-b", tmp_path)
    leases.release("GPU-b")


def test_waiting_ends_when_a_card_is_free(job, tmp_path):
    other = job("GPU-a")
    other.stdout.readline()
    looks = []

    def rest(seconds):
        looks.append(seconds)
        other.kill()
        other.wait()
        time.sleep(0.05)

    assert leases.lease(["GPU-a"], tmp_path, rest) == ["GPU-a"] and looks
    leases.release("GPU-a")


def test_who_waits_for_several_cards_holds_none(job, tmp_path):
    """Two jobs that each hold one card and want two would wait for each other for ever."""
    first = job("GPU-b")
    assert first.stdout.readline() == "GPU-b\n"
    seen = []

    def rest(seconds):
        seen.append(leases.take("GPU-a", tmp_path))
        leases.release("GPU-a")
        first.kill()
        first.wait()

    try:
        assert leases.lease(["GPU-a", "GPU-b"], tmp_path, rest, count=2) == ["GPU-a", "GPU-b"]
        assert seen == [True]
    finally:
        leases.release("GPU-a")
        leases.release("GPU-b")

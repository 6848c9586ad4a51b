"""Fixtures of the model tests."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.models.golden_case import Golden


@pytest.fixture
def read_golden(golden: Path):
    return lambda name: Golden.read(golden / f"{name}_small.safetensors")


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)

"""Where a half-finished training is kept: its last checkpoint in `work/`, read back only if it is whole and fits.

`planning.execute` removes the folder when the training has ended.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pixelwise.artifacts import atomic, sha256, write_text
from pixelwise.errors import PixelwiseError
from pixelwise.settings.training import TrainingSettings

CHECKPOINT = "checkpoint.pt"
DIGESTS = "checkpoint.sha256"
"""SHA-256 of the checkpoint and of the one before it: written first, so that a kill in between leaves no doubt."""


def fingerprint(settings: TrainingSettings) -> str:
    """What settings a checkpoint belongs to."""
    return hashlib.sha256(settings.model_dump_json().encode()).hexdigest()


def load(path: Path, settings: TrainingSettings) -> tuple[dict[str, Any], str] | None:
    """The saved state and the digest of its file, or None if there is none."""
    if not path.exists():
        return None
    digests = path.with_name(DIGESTS)
    known = digests.read_text(encoding="ascii", errors="replace").split() if digests.is_file() else []
    if (digest := sha256(path)) not in known:
        raise PixelwiseError(
            f"{path}: not readable (its sha256 {digest[:12]} is not in {digests}); delete it to train from the start"
        )
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise PixelwiseError(
            f"{path}: not readable ({type(error).__name__}); delete it to train from the start"
        ) from None
    if not is_state(state):
        raise PixelwiseError(f"{path}: not a checkpoint of a training; delete it to train from the start")
    if state["settings"] != fingerprint(settings):
        raise PixelwiseError(f"{path}: made with other settings; delete it to train from the start")
    return state, digest


def is_state(state: Any) -> bool:
    """Whether a checkpoint holds what `save` writes: step, task, curve and the fingerprint of the settings."""
    kinds = {"step": int, "task": dict, "curve": dict, "settings": str}
    if not isinstance(state, dict) or not all(type(state.get(name)) is kind for name, kind in kinds.items()):
        return False
    if state["step"] < 0:
        return False
    curve = state["curve"]
    rows, total = curve.get("rows"), curve.get("sum")
    tensors = isinstance(rows, Tensor) and isinstance(total, Tensor)
    finite = tensors and bool(rows.isfinite().all()) and bool(total.isfinite().all())
    return finite and type(curve.get("count")) is int and curve["count"] >= 0


def save(work: Path, state: dict[str, Any], settings: TrainingSettings, before: str) -> str:
    """Replace the checkpoint.

    Args:
        work: Folder of the checkpoint.
        state: `step`, `task` and `curve`.
        settings: Those of the training.
        before: Digest of the checkpoint that is replaced, or "".

    Returns:
        The digest of the new one.
    """
    with atomic(work / CHECKPOINT) as temporary:
        torch.save(state | {"settings": fingerprint(settings)}, temporary)
        digest = sha256(temporary)
        write_text(work / DIGESTS, f"{digest}\n{before}\n")
    return digest

"""Peak memory of training steps on a CUDA device that does not exist: tensors without values, at full size.

    python -m tests.claims.emulated_peaks [PROFILE ...]     prints the entries of claims/emulated_peaks.yaml

Counted are all storages on the device that are alive; not the work space of cuDNN, nor what the driver itself takes.
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
import types
import unittest.mock
import weakref
from pathlib import Path

from tests.gpu_emulated import driver

driver.load()  # before torch

import numpy as np
import torch
from torch._subclasses import fake_tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from pixelwise.artifacts import write_json
from pixelwise.claims import peaks
from pixelwise.claims.predicted_records import Datasets
from pixelwise.data.pack import FACTS
from pixelwise.data.pack_writing import Item, write_pack
from pixelwise.models.architectures import asapnet
from pixelwise.models.perceptual_loss import VGG19, PerceptualLoss
from pixelwise.planning.graph import plan
from pixelwise.training import adversarial, denoising, randomness, segmentation, training_noise
from pixelwise.training.labelled_batches import LabelledImages
from pixelwise.training.machine import Machine

GPU = torch.device("cuda", 0)
LABELS = {"cityscapes": 35, "streets": 35, "camvid": 12, "facades": 13}
PROPERTIES = types.SimpleNamespace(name="none", total_memory=10**12, major=9, minor=0, multi_processor_count=132)
STUBS = {"is_available": True, "device_count": 1, "current_device": 0, "is_initialized": True, "_lazy_init": None}
STUBS |= {"set_device": None, "get_device_properties": PROPERTIES, "get_device_capability": (9, 0)}
STUBS |= {"is_current_stream_capturing": False, "is_bf16_supported": True, "synchronize": None}
STUBS |= {"manual_seed_all": None, "manual_seed": None}
STUBS["mem_get_info"] = (10**12, 10**12)


class Memory(TorchDispatchMode):
    """Bytes of all storages on the device that are alive, and their peak; a storage takes whole 512 bytes."""

    def __init__(self):
        super().__init__()
        self.now = self.peak = 0
        self.known = weakref.WeakSet()

    def free(self, size):
        self.now -= size

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for value in tree_leaves(out):
            if isinstance(value, torch.Tensor) and value.device.type == "cuda":
                storage = value.untyped_storage()
                if storage not in self.known:
                    size = -(-storage.nbytes() // 512) * 512
                    self.known.add(storage)
                    self.now += size
                    self.peak = max(self.peak, self.now)
                    weakref.finalize(storage, self.free, size)
        return out


def moved(self, *place, memory_format=torch.preserve_format):
    """nn.Module.to, which cannot exchange the tensors of a fake mode in place."""

    def move(tensor):
        if isinstance(tensor, fake_tensor.FakeTensor):
            tensor.constant = None  # else its value would be moved for real
        return tensor.to(*place, memory_format=memory_format if tensor.dim() == 4 else torch.preserve_format)

    for module in self.modules():
        for name, value in module._parameters.items():
            if value is not None:
                module._parameters[name] = torch.nn.Parameter(move(value.detach()), value.requires_grad)
        for name, value in module._buffers.items():
            module._buffers[name] = None if value is None else move(value)
    return self


@contextlib.contextmanager
def fake_card():
    """Tensors without values on a CUDA device that is not there."""
    torch._dynamo.config  # noqa: B018 (imports it outside the mode)
    randomness.order.cache_clear()
    real, plain = randomness.generator, torch.tensor

    def tensor(*values, device=None, **options):
        made = plain(*values, **options)
        if isinstance(made, fake_tensor.FakeTensor) and device is not None:
            made.constant = None
        return made if device is None else made.to(device)

    def generator(device, *place):
        return None if torch.device(device).type == "cuda" else real(device, *place)

    with contextlib.ExitStack() as stack:
        replace = unittest.mock.patch.object
        for name, value in STUBS.items():
            stack.enter_context(replace(torch.cuda, name, lambda *_, value=value, **__: value))
        stack.enter_context(replace(fake_tensor, "init_gpu_context", lambda device: None))
        if hasattr(asapnet, "exact_labels"):  # depends on values
            stack.enter_context(replace(asapnet, "exact_labels", lambda planes: planes[:, 0].to(torch.uint8)))
        for module in (training_noise, randomness):
            stack.enter_context(replace(module, "generator", generator))
        stack.enter_context(replace(torch.nn.Module, "to", moved))
        stack.enter_context(replace(torch, "tensor", tensor))
        before, torch.backends.cudnn.enabled = torch.backends.cudnn.enabled, False
        stack.callback(setattr, torch.backends.cudnn, "enabled", before)
        yield stack.enter_context(fake_tensor.FakeTensorMode(allow_non_fake_inputs=True))


def _data(folder: Path, dataset, channels: int) -> None:
    """Packs of a few random images of a data set's size: labelled, and plain ones in `plain/`."""
    rng, labels = np.random.default_rng(0), LABELS.get(dataset.kind, 35)
    size = (dataset.height or 360, dataset.width or 480)
    items = []
    for n in range(40):
        maps = rng.integers(0, labels, size, np.uint8), rng.integers(0, 9, size, np.int32)
        items.append(Item(f"i{n}", rng.integers(0, 256, (*size, 3), np.uint8), *maps))
    facts = {"kind": "streets", "num_labels": labels, "height": size[0], "width": size[1], "channels": 3}
    facts |= {
        "eval_names": ["a", "b"],
        "eval_map": [n % 2 for n in range(labels)],
        "synthetic": True,
        "dontcare": False,
    }
    write_json(folder / FACTS, facts)
    write_pack(folder, "train", items)
    plain = (300, 300) if channels == 1 else (300, 300, channels)
    write_json(folder / "plain" / FACTS, {"kind": "photos", "synthetic": False})
    write_pack(folder / "plain", "train", [Item(f"i{n}", rng.integers(0, 256, plain, np.uint8)) for n in range(16)])


def _task(job, settings, folder: Path, here: Machine):
    perceptual = getattr(settings, "perceptual", 0) or getattr(settings, "loss", "") == "perceptual"
    loss = PerceptualLoss(VGG19()).to(GPU).eval().requires_grad_(False) if perceptual else None
    if job.kind == "adversarial":
        return adversarial.Translation(settings, LabelledImages(folder, here), here, loss)
    if job.kind == "segmentation":
        return segmentation.Segmentation(settings, LabelledImages(folder, here), here)
    return denoising.Restoration(settings, folder / "plain", here, loss)


def peak(job, dataset, images: int) -> float:
    """GB that two steps of a training job take at most, with so many images in each part of a batch."""
    changes = {"device": "cuda", "seed": 0, "batch": images * job.settings.accumulate}
    settings = job.settings.model_copy(update=changes)
    channels = settings.options.get("channels", 1)
    with tempfile.TemporaryDirectory() as name:
        _data(Path(name), dataset, channels)
        with fake_card(), Memory() as memory:
            made = _task(job, settings, Path(name), Machine(GPU, settings.precision, settings.channels_last))
            for step in (0, 1):
                made.step(step)
    return memory.peak / 1e9


def main(profiles: list[str]) -> None:
    """Print one line for each different training job: its peak, and the entry for the table."""
    seen = set()
    for profile in profiles:
        run = plan(Path("params.yaml"), profile)
        datasets = Datasets(list(run.jobs))
        for job in run.jobs:
            if job.kind not in peaks.KINDS:
                continue
            facts, pixels, images = peaks.facts(job), peaks.megapixels(job, datasets), peaks.images(job)
            text = json.dumps([facts, pixels])
            if text in seen:
                continue
            seen.add(text)
            few = max(images // 2, 1) if images > 1 else 2
            found = {n: peak(job, datasets.of(job), n) for n in (few, images)}
            slope = (found[images] - found[few]) / ((images - few) * pixels)
            entry = facts | {"fixed": round(found[images] - slope * images * pixels, 3), "slope": round(slope, 3)}
            entry |= {"megapixels": round(pixels, 4), "job": f"{profile}: {job.id}", "peak": round(found[images], 3)}
            print(json.dumps(entry), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

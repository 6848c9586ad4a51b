"""The optimised forms equal the golden files of the official implementations, on the CPU engine and on the CUDA engine.

Run as a program it compares the CUDA engine, whose kernels run in Triton's interpreter, and prints distances as JSON.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks import precision_limits
from pixelwise.errors import PixelwiseError
from pixelwise.models import build
from pixelwise.models.fast import asapnet_form, engine_cpu, pix2pixhd_form, winograd
from pixelwise.models.fast.engine import Inputs
from pixelwise.models.fast.engine_cpu import Rows
from pixelwise.models.fast.optimised import optimise
from pixelwise.models.official.official_checkpoints import from_options, load_official
from tests.models.golden_case import Golden, close

ROOT = Path(__file__).parents[2]
FILES = [
    "asapnet_cityscapes",
    "asapnet_facades512",
    "asapnet_facades1024",
    "asapnet_gray_denoise",
    "asapnet_variant_ds8",
]
FILES += ["pix2pixhd_global", "pix2pixhd_local", "spade_pix2pixhd_instance", "spade_pix2pixhd_spectralinstance"]
FUSED = [name for name in FILES if "local" not in name]
INTERPRETED = ["asapnet_cityscapes", "asapnet_gray_denoise", "asapnet_variant_ds8", "spade_pix2pixhd_instance"]


def load(folder, file):
    case = Golden.read(folder / f"{file}_small.safetensors")
    name = next(n for n in ("asapnet", "pix2pixhd_global", "pix2pixhd_local", "spade_pix2pixhd") if file.startswith(n))
    return case, load_official(from_options(name, case.options), case.below("param/")).eval()


def ids(case):
    """Label ids [N, H, W] and edge [N, 1, H, W] of a golden case; None without labels."""
    if "input/label" not in case.tensors:
        return None
    label = case.tensors["input/label"].to(torch.uint8).flatten(0, 1)
    return label, case.semantics()[:, -1:] if "input/instance" in case.tensors else None


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("least", [winograd.LEAST_CHANNELS, 4])
def test_cpu(golden, file, least, monkeypatch):
    monkeypatch.setattr(winograd, "LEAST_CHANNELS", least)  # the golden networks are narrow
    case, module = load(golden, file)
    fast = optimise(module)
    close(fast(case.semantics()), case.tensors["output/image"], 5e-4, 2e-5)
    if ids(case) is not None and file in FUSED:
        close(fast(*ids(case)), case.tensors["output/image"], 5e-4, 2e-5)


@pytest.fixture(scope="module")
def interpreted(golden):
    environment = {**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    command = [sys.executable, __file__, str(golden)]
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


@pytest.fixture(scope="module")
def golden():
    return ROOT / "tests" / "golden"


@pytest.mark.slow
@pytest.mark.parametrize("file", INTERPRETED)
def test_cuda_engine_interpreted(interpreted, file):
    greatest, mean = interpreted[file]
    assert greatest < 5e-4
    assert mean < 2e-5


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@pytest.mark.parametrize("file", FILES)
def test_cuda(golden, file):
    case, module = load(golden, file)
    for precision in ("fp32", "tf32", "bf16"):
        if precision != "fp32" and torch.cuda.get_device_capability() < (8, 0):
            continue
        fast, limit = optimise(module.cuda(), precision), precision_limits.limit(f"golden {file} {precision}")
        for _ in range(2):
            found = precision_limits.distance(fast(case.semantics().cuda()).cpu(), case.tensors["output/image"])
            assert found.within(limit), (precision, found, limit)


@pytest.mark.parametrize("variant", ["saoyan", "kair", "merged"])
def test_denoiser(variant):
    torch.manual_seed(0)
    module = build("dncnn", depth=5, width=16, variant=variant).eval()
    for norm in module.norms:
        torch.nn.init.uniform_(norm.running_var, 0.5, 2)
        torch.nn.init.normal_(norm.running_mean)
    noisy = torch.rand(2, 1, 17, 23)
    with torch.no_grad():
        torch.testing.assert_close(optimise(module)(noisy), module(noisy), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("zeros", "size"), [(1, (2, 8, 10)), (0, (1, 9, 12)), (1, (1, 7, 5))])
def test_winograd(zeros, size):
    torch.manual_seed(0)
    weight, image = torch.randn(6, 5, 3, 3), torch.randn(size[0], 5, *size[1:])
    exact = torch.nn.functional.conv2d(image.double(), weight.double(), padding=zeros)
    torch.testing.assert_close(winograd.Convolution(weight, zeros)(image).double(), exact, atol=2e-5, rtol=0)


@pytest.mark.parametrize(("kernel", "zeros", "outputs"), [(7, 0, 3), (3, 1, 1), (5, 2, 4), (1, 0, 2)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_kernels_row_by_row(kernel, zeros, outputs, layout):
    torch.manual_seed(0)
    weight, bias = torch.randn(outputs, 6, kernel, kernel), torch.randn(outputs)
    image = torch.randn(2, 6, 11, 13).contiguous(memory_format=layout)
    exact = torch.nn.functional.conv2d(image.double(), weight.double(), bias.double(), padding=zeros)
    torch.testing.assert_close(Rows(weight, bias, zeros)(image).double(), exact, atol=2e-5, rtol=0)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("relu", [True, False])
def test_instance_norm_in_both_layouts(layout, affine, relu, monkeypatch):
    monkeypatch.setattr(engine_cpu, "CACHE_VALUES", 100)  # several parts
    torch.manual_seed(0)
    image = (torch.randn(2, 6, 9, 8) * 3 + 5).contiguous(memory_format=layout)
    scale = (torch.rand(6) + 0.5, torch.randn(6)) if affine else (None, None)
    double = (None if value is None else value.double() for value in scale)
    exact = torch.nn.functional.instance_norm(image.double(), None, None, *double)
    result = engine_cpu.instance_norm_(image, scale if affine else None, relu)
    assert result.data_ptr() == image.data_ptr()
    torch.testing.assert_close(result.double(), exact.relu() if relu else exact, atol=5e-6, rtol=0)


def test_refusals():
    module = build("asapnet", num_labels=5, width=4, max_width=8, depth=1).eval()
    labels, edge = torch.zeros(1, 32, 48, dtype=torch.uint8), torch.zeros(1, 1, 32, 48)
    with pytest.raises(PixelwiseError, match="allowed is fp32"):
        optimise(module, "bf16")
    with pytest.raises(PixelwiseError, match="label ids given"):
        optimise(module)(labels)
    with pytest.raises(PixelwiseError, match="label 5 found"):
        optimise(module)(labels + 5, edge)
    with pytest.raises(PixelwiseError, match="label ids"):
        optimise(build("dncnn", depth=3, width=4))(labels)
    with pytest.raises(PixelwiseError, match="only float32"):
        optimise(build("dncnn", depth=3, width=4).double())


@pytest.mark.parametrize(
    ("image", "edge", "message"),
    [
        (torch.zeros(1, 32, 48, dtype=torch.int64), None, "int64; allowed are floating point planes and uint8"),
        (torch.zeros(1, 32, 40, dtype=torch.uint8), torch.zeros(1, 1, 32, 40), "multiples of 16"),
        (torch.zeros(1, 16, 16, dtype=torch.uint8), torch.zeros(1, 1, 16, 16), "two tiles of 16 or more"),
        (torch.zeros(0, 32, 48, dtype=torch.uint8), torch.zeros(0, 1, 32, 48), r"shape \(0, 6, 32, 48\)"),
        (torch.zeros(1, 32, 48, dtype=torch.uint8), torch.zeros(1, 1, 32, 32), r"edge of shape \(1, 1, 32, 32\)"),
        (torch.zeros(1, 32, 48, dtype=torch.uint8), torch.full((1, 1, 32, 48), 0.5), "other values than 0 and 1"),
        (torch.zeros(1, 6, 16, 16), None, "two tiles of 16 or more"),
        (torch.zeros(1, 5, 32, 48), None, r"allowed is \[N, 6, H, W\]"),
    ],
)
def test_inputs_that_no_network_takes(image, edge, message):
    fast = optimise(build("asapnet", num_labels=5, width=4, max_width=8, depth=1).eval())
    with pytest.raises(PixelwiseError, match=message):
        fast(image, edge)


@pytest.mark.parametrize("name", ["asapnet", "spade_pix2pixhd", "dncnn", "pix2pixhd_local"])
def test_later_changes_of_the_module_do_not_show(name):
    """A prepared network computes with the weights it was given, all of them."""
    narrow = {"asapnet": {"max_width": 12, "width": 8}, "dncnn": {"depth": 4, "width": 8}}
    torch.manual_seed(0)
    module = build(name, **narrow.get(name, {"width": 4, "blocks": 1})).eval()
    image = torch.randn(1, module.legal.channels, 64, 64)
    fast = optimise(module)
    before = fast(image)
    with torch.no_grad():
        for value in module.state_dict().values():
            value.zero_()
    assert torch.equal(fast(image), before)


def test_256_labels_with_an_edge():
    torch.manual_seed(0)
    module = build("asapnet", num_labels=256, width=4, max_width=8, depth=1).eval()
    labels = torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16).repeat(1, 2, 3)
    edge = (torch.rand(1, 1, 32, 48) > 0.5).float()
    with torch.no_grad():
        planes = torch.nn.functional.one_hot(labels.long(), 256).permute(0, 3, 1, 2).float()
        plain = module(torch.cat([planes, edge], 1), labels)
        torch.testing.assert_close(optimise(module)(labels, edge), plain, atol=1e-3, rtol=0)


def test_semantics_that_are_not_one_hot():
    torch.manual_seed(0)
    module = build("asapnet", num_labels=5, width=4, max_width=8, depth=1).eval()
    soft = torch.rand(1, 6, 32, 48)
    with torch.no_grad():
        torch.testing.assert_close(optimise(module)(soft), module(soft), atol=1e-3, rtol=0)


if __name__ == "__main__":
    from pixelwise.models.fast.engine_cuda import CudaEngine

    found = {}
    for file in INTERPRETED:
        case, module = load(Path(sys.argv[1]), file)
        made = ids(case)
        edge = None if made is None or made[1] is None else made[1].to(torch.uint8)
        inputs = Inputs(None, None, case.semantics()) if made is None else Inputs(made[0], edge, None)
        with torch.inference_mode():
            form = asapnet_form if "asapnet" in file else pix2pixhd_form
            image = form.prepared(module, CudaEngine("fp32")).forward(inputs)
        difference = (image - case.tensors["output/image"]).abs()
        found[file] = (difference.max().item(), difference.mean().item())
    print(json.dumps(found))

"""FID and KID: against pytorch-fid, torchmetrics and clean-fid's own code; what must not change them; the step."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from pytorch_fid.fid_score import calculate_frechet_distance, get_activations
from pytorch_fid.inception import InceptionV3
from safetensors.torch import load_file, save_file
from torchmetrics.image.kid import poly_mmd

from pixelwise.data.pack import Pack
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import compared_pictures, features, fid
from pixelwise.evaluation.metrics.fid.frechet import frechet_distance
from pixelwise.evaluation.metrics.fid.kid import KernelDistance
from pixelwise.evaluation.statistics import recentred_interval
from pixelwise.record import read_records
from pixelwise.settings.evaluation import FidSettings


def gaussian(n: int, d: int, seed: int, shift: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(d, d)) / d**0.5
    return rng.normal(size=(n, d)) @ mixing + shift


def reference_fid(x: np.ndarray, y: np.ndarray) -> float:
    return calculate_frechet_distance(x.mean(0), np.cov(x, rowvar=False), y.mean(0), np.cov(y, rowvar=False))


@pytest.mark.parametrize(("n", "m", "d"), [(40, 40, 96), (60, 50, 96), (300, 250, 96), (20, 300, 64)])
def test_nuclear_norm_equals_the_root_of_pytorch_fid(n, m, d):
    x, y = gaussian(n, d, 1), 1.3 * gaussian(m, d, 2, shift=0.2)
    assert frechet_distance(x, y) == pytest.approx(reference_fid(x, y), abs=1e-4)


def test_distance_of_known_gaussians():
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1, (200_000, 1)), rng.normal(3, 2, (200_000, 1))
    assert frechet_distance(x, y) == pytest.approx(3**2 + (2 - 1) ** 2, rel=0.01)


def test_equal_sets_and_order():
    x, y = gaussian(30, 64, 1), gaussian(30, 64, 2)
    assert abs(frechet_distance(x, x)) < 1e-3
    assert frechet_distance(x[::-1].copy(), y) == pytest.approx(frechet_distance(x, y), abs=1e-9)
    assert frechet_distance(x, y) == pytest.approx(frechet_distance(y, x), abs=1e-9)


def test_counts_are_repeated_rows():
    x, y = gaussian(8, 16, 1), gaussian(9, 16, 2)
    u, v = np.array([0, 3, 1, 0, 2, 1, 1, 0]), np.array([1, 1, 0, 2, 0, 1, 0, 2, 2])
    repeated = frechet_distance(np.repeat(x, u, axis=0), np.repeat(y, v, axis=0))
    assert frechet_distance(x, y, u, v) == pytest.approx(repeated, abs=1e-9)


def test_two_samples_of_one_gaussian_show_the_bias_of_few_images():
    # At n = 500 and d = 2048 two samples of the unit Gaussian are about 2430 apart: docs/reference/protocols.md, "FID".
    rng = np.random.default_rng(0)
    assert frechet_distance(rng.normal(size=(500, 2048)), rng.normal(size=(500, 2048))) == pytest.approx(2430, abs=30)


def test_interval_is_centred_although_resampling_is_biased():
    x, y = gaussian(60, 128, 1), gaussian(60, 128, 2, shift=0.3)
    estimate, draws = fid.measure("fid", x, y, 50, paired=True)
    low, high = recentred_interval(estimate, draws)
    assert draws.mean() > estimate, "repeated images must look farther apart"
    assert low < estimate < high


@pytest.mark.parametrize("paired", [True, False])
def test_interval_of_kid_covers_its_expectation(paired):
    hits = 0
    for trial in range(40):
        x, y = gaussian(80, 8, trial), gaussian(80, 8, 1000 + trial)
        low, high = recentred_interval(*fid.measure("kid", x, y, 200, paired))
        hits += low <= 0 <= high
    assert hits >= 33


def test_kid_equals_torchmetrics():
    x, y = gaussian(25, 64, 1), gaussian(25, 64, 2, shift=0.5)
    gamma = 1 / 64
    k = [(torch.from_numpy(a @ b.T) * gamma + 1) ** 3 for a, b in ((x, x), (x, y), (y, y))]
    assert KernelDistance(x, y).value() == pytest.approx(float(poly_mmd_of(*k)), rel=1e-9)
    assert poly_mmd(torch.from_numpy(x), torch.from_numpy(y)).item() == pytest.approx(KernelDistance(x, y).value())


def poly_mmd_of(xx: torch.Tensor, xy: torch.Tensor, yy: torch.Tensor) -> torch.Tensor:
    """Unbiased squared MMD written as in the definition: means over distinct pairs."""
    n, m = xy.shape
    within = (xx.sum() - xx.trace()) / (n * (n - 1)) + (yy.sum() - yy.trace()) / (m * (m - 1))
    return within - 2 * xy.mean()


def test_kid_resampled_leaves_out_copies_of_an_image():
    x, y = gaussian(6, 5, 1), gaussian(7, 5, 2)
    u, v = np.array([[2, 0, 1, 1, 2, 0]]), np.array([[1, 1, 1, 1, 1, 1, 1]])
    rows = np.repeat(np.arange(6), u[0])
    k = lambda a, b: (a @ b.T / 5 + 1) ** 3  # noqa: E731
    pairs = [(i, j) for i in rows for j in rows if i != j]
    within = np.mean([k(x[i], x[j]) for i, j in pairs])
    others = k(y, y)[~np.eye(7, dtype=bool)].mean()
    expected = within + others - 2 * k(x[rows], y).mean()
    assert KernelDistance(x, y).resampled(u, v)[0] == pytest.approx(expected)


def test_draws_of_one_image_alone_do_not_count():
    x, y = gaussian(2, 5, 1), gaussian(2, 5, 2)
    draws = KernelDistance(x, y).resampled(np.array([[2, 0], [1, 1]]), np.array([[1, 1], [1, 1]]))
    assert np.isnan(draws[0]) and np.isfinite(draws[1])
    assert recentred_interval(1.0, draws) == (1.0, 1.0)
    assert recentred_interval(1.0, draws[:1]) == (None, None)


@pytest.fixture(scope="module")
def network(inception_folder):
    return features.load_inception(inception_folder)


@pytest.mark.slow
def test_features_equal_pytorch_fid_on_png_files(generated, inception_folder, network):
    files = sorted((generated / "images").glob("*.png"))[:4]
    state = load_file(inception_folder / features.WEIGHTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pytorch_fid.inception.load_state_dict_from_url", lambda *_, **__: state)
        original = InceptionV3([3])
    expected = get_activations(files, original, batch_size=4, num_workers=0)
    for batch in (1, 3):
        rows = features.extract(lambda i: compared_pictures.read_rgb(files[i]), 4, network, "pytorch-fid", batch)
        np.testing.assert_allclose(rows, expected, rtol=1e-4, atol=1e-5)


def test_clean_resize_is_pil_bicubic_on_floats_and_centred_at_128():
    image = np.random.default_rng(0).integers(0, 256, (400, 500, 3), dtype=np.uint8)
    given = features.network_input(image, "clean-fid")
    channel = Image.fromarray(image[..., 1].astype(np.float32)).resize((299, 299), Image.Resampling.BICUBIC)
    expected = (np.asarray(channel).clip(0, 255) - 128) / 128
    np.testing.assert_allclose(given[1].numpy(), expected, atol=1e-6)
    assert not torch.allclose(given, features.network_input(image, "pytorch-fid"), atol=0.1)


def test_weights_that_do_not_fit_name_the_first_wrong_key(tmp_path, inception_folder):
    with pytest.raises(PixelwiseError, match="not readable"):
        features.load_inception(tmp_path)
    state = load_file(inception_folder / features.WEIGHTS)
    del state["Mixed_5b.branch1x1.conv.weight"]
    save_file(state, tmp_path / features.WEIGHTS)
    with pytest.raises(PixelwiseError, match=r"Mixed_5b.branch1x1.conv.weight"):
        features.load_inception(tmp_path)


def run(folder, name, inputs, **settings):
    out, work = folder / "out", folder / "work"
    out.mkdir(parents=True)
    work.mkdir()
    fid.run(FidSettings(name=name, dataset="scenes", device="cpu", resamples=5, **settings), inputs, out, work)
    return read_records(out / "metrics.json"), out


@pytest.mark.slow
def test_step_repeats_to_the_byte_and_labels_every_number(tmp_path, prepared, generated, inception_folder):
    inputs = {"data": prepared, "images": generated, "inception": inception_folder}
    chosen = {"protocols": ("pytorch-fid", "clean-kid"), "batch": 3, "limit": 4}
    records, out = run(tmp_path / "a", "model", inputs, **chosen)
    _, again = run(tmp_path / "b", "model", inputs, **chosen)
    assert (out / "metrics.json").read_bytes() == (again / "metrics.json").read_bytes()
    assert (out / "resamples.csv").read_bytes() == (again / "resamples.csv").read_bytes()
    names = [record.protocol for record in records]
    assert names == ["pytorch-fid", "pytorch-fid-halves", "clean-kid", "clean-kid-halves"]
    first, halves = records[:2]
    assert first.n == 4 and first.condition["reference_n"] == 4 and first.synthetic and first.short
    assert halves.n == 2 and halves.condition["design"] == "halves"
    assert str(first.condition["label"]).startswith("pytorch-fid/scenes/val-4/32x64/inception-")
    value = first.values["fid"]
    assert value.low < value.value < value.high
    pack, network = Pack(prepared, "val"), features.load_inception(inception_folder)
    x = features.extract(compared_pictures.generated(generated, pack, 4).read, 4, network, "pytorch-fid", 1)
    y = features.extract(lambda i: pack.image(i), 4, network, "pytorch-fid", 2)
    assert value.value == pytest.approx(frechet_distance(x, y), abs=1e-3), "batch size must not matter"


@pytest.mark.slow
def test_floor_compares_halves_of_the_photographs(tmp_path, prepared, inception_folder):
    inputs = {"data": prepared, "inception": inception_folder}
    floor, _ = run(tmp_path / "real", "real", inputs, protocols=("pytorch-fid",), limit=8)
    assert [r.condition["design"] for r in floor] == ["halves", "halves"]
    assert {r.n for r in floor} == {4} and all(r.short for r in floor)
    assert floor[0].values["fid"] == floor[1].values["fid"] and floor[0].values["fid"].value > 0


@pytest.mark.slow
def test_features_of_the_photographs_are_computed_once(tmp_path, prepared, generated, inception_folder, monkeypatch):
    chosen = {"protocols": ("pytorch-fid", "clean-kid"), "batch": 4, "limit": 4}
    inputs = {"data": prepared, "inception": inception_folder}
    _, real = run(tmp_path / "real", "real", inputs, **chosen)
    alone, _ = run(tmp_path / "alone", "model", inputs | {"images": generated}, **chosen)
    extract, passed = features.extract, []
    monkeypatch.setattr(features, "extract", lambda *args: passed.append(args[1]) or extract(*args))
    shared, _ = run(tmp_path / "shared", "model", inputs | {"images": generated, "real": real}, **chosen)
    assert shared == alone
    assert passed == [4, 4], "the generated pictures for two ways of resizing, and nothing else"


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_images_give_a_record_without_a_value(tmp_path, prepared, inception_folder, count):
    inputs = {"data": prepared, "inception": inception_folder}
    floor, out = run(tmp_path / "real", "real", inputs, protocols=("pytorch-fid", "kid"), limit=count)
    assert [r.values.popitem()[1].value for r in floor] == [None] * 4
    assert (out / "resamples.csv").read_text() == "protocol,resample,value\n"


def test_step_refuses_what_it_cannot_measure(tmp_path, prepared, generated, inception_folder):
    (tmp_path / "few" / "images").mkdir(parents=True)
    (tmp_path / "few" / "generation.json").write_text('{"names": ["scene_00"], "short": false, "weights_sha256": null}')
    (tmp_path / "few" / "generation.json").write_text('{"names": ["other"], "short": false, "weights_sha256": null}')
    with pytest.raises(PixelwiseError, match="other; not in the split val"):
        run(tmp_path / "b", "m", {"data": prepared, "images": tmp_path / "few", "inception": inception_folder})


@pytest.mark.slow
def test_equals_the_command_line_of_pytorch_fid(tmp_path, prepared, generated, inception_folder):
    """`python -m pytorch_fid` on two folders, its weights placed where it would download them."""
    pack = Pack(prepared, "val")
    (tmp_path / "real").mkdir()
    (tmp_path / "generated").mkdir()
    for i, name in enumerate(pack.names[:4]):
        Image.fromarray(np.asarray(pack.image(i))).save(tmp_path / "real" / f"{name}.png")
        shutil.copy(generated / "images" / f"{name}.png", tmp_path / "generated")
    weights = tmp_path / "hub" / "checkpoints" / "pt_inception-2015-12-05-6726825d.pth"
    weights.parent.mkdir(parents=True)
    state = load_file(inception_folder / features.WEIGHTS)
    torch.save(state, weights)
    folders = [str(tmp_path / "generated"), str(tmp_path / "real")]
    command = [sys.executable, "-m", "pytorch_fid", *folders, "--device", "cpu", "--num-workers", "0"]
    answer = subprocess.run(command, env=os.environ | {"TORCH_HOME": str(tmp_path)}, capture_output=True, text=True)
    expected = float(answer.stdout.rsplit("FID:", 1)[1])
    inputs = {"data": prepared, "images": generated, "inception": inception_folder}
    records, _ = run(tmp_path / "run", "model", inputs, protocols=("pytorch-fid",), limit=4)
    assert records[0].values["fid"].value == pytest.approx(expected, abs=1e-3)

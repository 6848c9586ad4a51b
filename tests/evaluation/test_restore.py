"""The step `restore`: files, floors beside models, resumption, determinism, errors."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from pixelwise.artifacts import read_json, sha256, write_json
from pixelwise.claims.checks import Ran
from pixelwise.claims.same_run import Sought, concerns
from pixelwise.data import installed_photographs as photos
from pixelwise.data.pack import Item
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import restore
from pixelwise.evaluation.evaluation_noise import add_noise
from pixelwise.evaluation.restorer import Restorer
from pixelwise.evaluation.score_cache import ScoreCache
from pixelwise.evaluation.subjects import LOWRES_ORACLE
from pixelwise.files.reading import checked
from pixelwise.models import build, checkpoint
from pixelwise.record import read_records
from pixelwise.settings.restoration import RestorationSettings
from tests.evaluation import berkeley

SMALL_ASAP = {
    **{"dense_channels": 1, "output_channels": 1, "instance_edge": False, "tile": 8, "learned_factor": 8},
    **{"width": 4, "max_width": 8, "depth": 1, "mlp_width": 4, "output": "linear", "residual": True},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    photos.write(folder / "raw")
    images = [(p.stem, np.asarray(Image.open(p))[:120, :152]) for p in sorted((folder / "raw" / "val").iterdir())]
    return berkeley.pack(folder / "pack", "photos", [Item(name, image) for name, image in images[:3]])


def save(folder, name, options, short=False, **facts):
    torch.manual_seed(0)
    checkpoint.save(folder / "model.safetensors", build(name, **options), name, options, {"sigma": [0, 55]} | facts)
    write_json(folder / "training.json", {"short": short, "dataset": {"synthetic": False}})
    return folder


@pytest.fixture(scope="module")
def dncnn(tmp_path_factory):
    return save(tmp_path_factory.mktemp("dncnn"), "dncnn", {"channels": 1, "depth": 3, "width": 4}, short=True)


@pytest.fixture(scope="module")
def asapnet(tmp_path_factory):
    return save(tmp_path_factory.mktemp("asapnet"), "asapnet", SMALL_ASAP)


def run(tmp_path, inputs, **given):
    values = {"name": "baselines", "dataset": "photos", "protocol": "photos", "device": "cpu", "sigmas": (25.0,)}
    given = values | {"bm3d_limit": 0, "resamples": 50} | given
    settings = checked(RestorationSettings, given, "job.json", ["settings"])
    out = tmp_path / "out"
    out.mkdir(parents=True, exist_ok=True)
    restore.run(settings, inputs, out, tmp_path / "work")
    return out


def test_baselines_write_records_and_per_image_values_that_agree(tmp_path, data):
    out = run(tmp_path, {"data": data}, sigmas=(15.0, 50.0))
    records, table = read_records(out / "metrics.json"), pd.read_csv(out / "per_image.csv")
    assert [r.model for r in records[:3]] == ["identity", "identity_8bit", "identity_minmax"] and len(records) == 14
    for record in records:
        assert record.kind == "restoration" and record.n == 3 and record.short and len(record.protocol_hash) == 12
        rows = table[(table["model"] == record.model) & (table["sigma"] == record.condition["sigma"])]
        for name, value in record.values.items():
            mean = rows[rows["metric"] == name]["value"].mean()
            assert value.value == pytest.approx(mean, rel=1e-7)
            assert value.low <= value.value <= value.high
    best = {r.model: r.values["psnr"].value for r in records if r.condition["sigma"] == 50.0}
    assert best["tile_wiener_oracle"] > best["tile_wiener"] > best["tile_mean"] > best["identity"]


def test_smaller_tiles_are_further_subjects_with_their_own_period(tmp_path, data):
    out = run(tmp_path, {"data": data}, more_tiles=(8, 4), baselines=("identity", "tile_wiener_oracle"))
    records = {r.model: r for r in read_records(out / "metrics.json")}
    names = ["identity", "tile_wiener_oracle", "tile_wiener_oracle_s8", "tile_wiener_oracle_s4"]
    assert list(records) == names
    assert [records[name].condition["period"] for name in names] == [16, 16, 8, 4]
    values = [records[name].values["psnr"].value for name in names]
    assert values == sorted(values)


def test_scores_are_scikit_images_on_every_image(tmp_path, data, dncnn):
    out = run(tmp_path, {"data": data, "model": dncnn}, name="dncnn")
    table = pd.read_csv(out / "per_image.csv").pivot(index="image", columns="metric", values="value")
    network, pack = Restorer(dncnn / "model.safetensors"), berkeley.val(data)
    for i, name in enumerate(pack.names):
        clean = np.asarray(pack.image(i))
        estimate = network(add_noise(clean, 25.0, seed=i)).astype(np.float64) * 255
        saved = np.clip(np.rint(estimate), 0, 255).astype(np.uint8)
        options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
        row = table.loc[name]
        x = clean.astype(np.float64)
        assert row["psnr_8bit"] == pytest.approx(peak_signal_noise_ratio(clean, saved), abs=1e-6)
        assert row["psnr"] == pytest.approx(peak_signal_noise_ratio(x, estimate, data_range=255), abs=1e-6)
        assert row["ssim_8bit"] == pytest.approx(structural_similarity(clean, saved, **options), abs=1e-6)
        assert row["ssim"] == pytest.approx(structural_similarity(x, estimate, **options), abs=1e-6)


def test_models_are_scored_at_their_own_tile_period_and_keep_their_marks(tmp_path, data, dncnn, asapnet):
    (first,) = read_records(run(tmp_path / "a", {"data": data, "model": dncnn}, name="d") / "metrics.json")
    (second,) = read_records(run(tmp_path / "b", {"data": data, "model": asapnet}, name="a", tile=4) / "metrics.json")
    assert (first.condition["period"], second.condition["period"]) == (16, 8)
    assert first.weights_sha256 == sha256(dncnn / "model.safetensors")
    assert first.short and second.short  # three of five images


def test_sizes_that_are_no_multiple_of_the_tile_are_padded_by_reflection(asapnet):
    network = Restorer(asapnet / "model.safetensors")
    image = np.random.default_rng(0).random((37, 50), dtype=np.float32)
    padded = np.pad(image, [(0, 3), (0, 6)], mode="reflect")
    assert np.array_equal(network(image), network(padded)[:37, :50])
    assert network(image[:5, :3]).shape == (5, 3)


@pytest.fixture(scope="module")
def windowed(tmp_path_factory):
    return save(tmp_path_factory.mktemp("windowed"), "asapnet", SMALL_ASAP, patch=32)


@pytest.mark.parametrize("shape", [(37, 50), (64, 80), (21, 90), (40, 33, 3)])
def test_windows_are_images_of_their_own(asapnet, windowed, shape):
    network = Restorer(windowed / "model.safetensors")
    image = np.random.default_rng(0).random(shape, dtype=np.float32)
    restored = network.in_windows(image)
    assert restored.shape == shape
    assert np.array_equal(Restorer(asapnet / "model.safetensors").in_windows(image), network(image))
    if min(shape[:2]) >= 32:  # the next window begins at the eighth pixel or later
        assert np.array_equal(restored[:8, :8], network(image[:32, :32])[:8, :8])
    if shape == (64, 80):
        assert np.array_equal(restored[-32:, -32:], network(image[-32:, -32:]))


def test_networks_with_tiles_are_scored_in_windows_too(tmp_path, data, asapnet, windowed):
    scored = read_records(run(tmp_path / "a", {"data": data, "model": windowed}, name="a") / "metrics.json")
    whole, windows = scored
    assert (whole.model, windows.model) == ("a", "a_windows")
    assert whole.values["psnr"].value != windows.values["psnr"].value
    assert windows.condition == whole.condition
    (only,) = read_records(run(tmp_path / "b", {"data": data, "model": asapnet}, name="d") / "metrics.json")
    assert only.model == "d" and only.values == whole.values


def test_gray_networks_restore_colour_channel_by_channel(dncnn):
    network = Restorer(dncnn / "model.safetensors")
    image = np.random.default_rng(0).random((20, 24, 3), dtype=np.float32)
    restored = network(image)
    assert restored.shape == image.shape
    assert all(np.array_equal(restored[..., k], network(image[..., k])) for k in range(3))


def test_samples_show_clean_degraded_and_restored(tmp_path, data):
    out = run(tmp_path, {"data": data}, samples=2, sample_side=64, baselines=("identity", "tile_mean"))
    listed = read_json(out / "samples.json")["samples"]
    assert len(listed) == 8 and {e["method"] for e in listed} == {"clean", "degraded", "identity", "tile_mean"}
    for entry in listed:
        with Image.open(out / entry["file"]) as image:
            assert image.size == (64, 64) and image.mode == "L"


def test_two_runs_give_the_same_bytes_and_a_killed_one_goes_on(tmp_path, data, monkeypatch):
    first = run(tmp_path / "a", {"data": data})
    second = run(tmp_path / "b", {"data": data}, samples=3)
    names = ("metrics.json", "per_image.csv", "samples.json")
    assert all(sha256(first / name) == sha256(second / name) for name in names)
    ledger = tmp_path / "b" / "work" / "scores.jsonl"
    lines = ledger.read_text().splitlines(keepends=True)
    ledger.write_text("".join(lines[:5]) + lines[5][:30])
    counted = []
    real = restore.score
    monkeypatch.setattr(restore, "score", lambda *a: counted.append(1) or real(*a))
    third = run(tmp_path / "b", {"data": data})
    assert len(counted) == len(lines) - 5
    assert all(sha256(first / name) == sha256(third / name) for name in names)
    assert len(ScoreCache(ledger)._known) == len(lines)


def test_deblurring_is_the_same_step(tmp_path, data):
    given = {"protocol": "photos-blur", "task": "deblurring", "sigmas": None}
    records = read_records(run(tmp_path, {"data": data}, **given) / "metrics.json")
    by_name = {r.model: r.values["psnr"].value for r in records}
    assert list(by_name) == ["identity", "wiener_known_blur"]
    assert by_name["wiener_known_blur"] > by_name["identity"] + 1
    assert records[0].task == "deblurring" and records[0].condition["sigma"] == 2.55


def test_bm3d_is_scored_on_as_many_images_as_the_limit_says(tmp_path, data, monkeypatch):
    monkeypatch.setattr(restore.baselines, "bm3d", lambda case: case.clean + 0.01)
    records = read_records(run(tmp_path, {"data": data}, bm3d_limit=2) / "metrics.json")
    assert {r.model: r.n for r in records}["bm3d"] == 2 and {r.model: r.n for r in records}["identity"] == 3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"task": "deblurring"}, "settings: task: deblurring; protocol photos is for denoising"),
        ({"sigmas": (0.0,)}, "needs noise levels above 0"),
        ({"baselines": ("wiener_known_blur",)}, "settings: baselines: wiener_known_blur; for denoising allowed"),
        ({"protocol": "bsd68"}, "protocol bsd68 allows bsd68"),
    ],
)
def test_wrong_settings_are_one_line(tmp_path, data, given, message):
    with pytest.raises(PixelwiseError, match=message) as caught:
        run(tmp_path, {"data": data}, **given)
    assert "\n" not in str(caught.value)


def test_diverged_weights_and_unfit_networks_are_named(tmp_path, data):
    broken = build("dncnn", channels=1, depth=3, width=4)
    write_json(tmp_path / "training.json", {"short": False})
    for value, message in (
        (float("nan"), r"model\.safetensors: convs\.0\.weight holds a value that is not finite"),
        (3e38, "astronaut: the restored image holds values that are not finite"),
    ):
        for convolution in broken.convs:
            convolution.weight.data.fill_(value)
        checkpoint.save(tmp_path / "model.safetensors", broken, "dncnn", {"channels": 1, "depth": 3, "width": 4})
        with pytest.raises(PixelwiseError, match=message):
            run(tmp_path, {"data": data, "model": tmp_path}, name="dncnn")
    options = {"num_labels": 3, "width": 4, "max_width": 8, "depth": 1, "mlp_width": 4}
    checkpoint.save(tmp_path / "g.safetensors", build("asapnet", **options), "asapnet", options)
    with pytest.raises(PixelwiseError, match=r"g\.safetensors: asapnet is no network from image to image"):
        Restorer(tmp_path / "g.safetensors")


@pytest.mark.slow
def test_released_dncnn_reaches_its_published_value(mirror, golden, tmp_path):
    """One whole image here; the whole set was run by hand with the same weights, see `whole_set` in the file."""
    stored = json.loads((golden / "dncnn25_bsd68.json").read_text())
    (weights,) = (mirror / "cszn/KAIR/raw").rglob("dncnn_25.pth")
    merged = build("dncnn", variant="merged")
    tensors = list(torch.load(weights, weights_only=True).values())
    merged.load_state_dict(dict(zip(merged.state_dict(), tensors, strict=True)))
    checkpoint.save(tmp_path / "model.safetensors", merged, "dncnn", {"variant": "merged"})
    network = Restorer(tmp_path / "model.safetensors")
    pack = berkeley.val(berkeley.gray_set(mirror, tmp_path / "pack", "BSD68", "bsd68"))
    cases = restore.Cases(restore.PROTOCOLS["bsd68"], pack, "bsd68")
    for name, expected in stored["images"].items():
        case = cases.case(cases.names.index(name), 25.0)
        found = restore.score(case, network(case.degraded), 16)
        assert found["psnr"] == pytest.approx(expected["psnr"], abs=1e-4)
        assert found["psnr_8bit"] == pytest.approx(expected["psnr_8bit"], abs=1e-4)
    assert stored["whole_set"]["psnr_8bit"] == pytest.approx(29.233, abs=0.0015)


def test_records_say_what_was_run(tmp_path, data, asapnet):
    own = save(tmp_path / "own", "dncnn", {"channels": 1, "depth": 3, "width": 4}, sigma=25.0)
    facts = {"architecture": "dncnn", "options": {"channels": 1, "depth": 3, "width": 4}, "recipe": "dncnn_s"}
    write_json(own / "training.json", {"short": False, "deviations": []} | facts)
    out = run(tmp_path / "a", {"data": data, "model": own}, name="any_name", sigmas=(15.0, 25.0))
    first, second = (record.subject for record in read_records(out / "metrics.json"))
    assert (first.architecture, first.options) == ("dncnn", {"depth": 3, "width": 4})
    assert (first.recipe, first.deviations, second.deviations) == ("dncnn_s", {"sigma": 25.0}, {})
    out = run(tmp_path / "b", {"data": data}, tile=16, more_tiles=(8,))
    found = {record.model: record.subject for record in read_records(out / "metrics.json")}
    assert found["tile_mean"].options == {} and found["tile_mean_s8"].options == {"tile": 8}
    assert {found[name].method for name in ("tile_mean", "tile_mean_s8")} == {"tile_mean"}


def test_an_oracle_is_given_the_original_and_is_no_denoiser(tmp_path, data):
    """Its records are of a method of their own, so that no claim and no headline takes them; `denoise` refuses it."""
    folder = save(tmp_path, "asapnet", SMALL_ASAP, patch=64, lowres_input="clean")
    records = read_records(run(tmp_path / "r", {"data": data, "model": folder}, name="mine_oracle") / "metrics.json")
    assert [record.model for record in records] == ["mine_oracle", "mine_windows_oracle"]
    assert all(record.subject.architecture is None and record.subject.method == LOWRES_ORACLE for record in records)
    assert records[0].subject.digest != records[1].subject.digest
    side = Sought(["mine_oracle"], Ran(architecture="asapnet"), None, by_data=True)
    assert not any(concerns(side, record) for record in records)
    network, image = Restorer(folder / "model.safetensors"), np.asarray(berkeley.val(data).image(0))[:64, :72]
    clean, noisy = image.astype(np.float32) / 255, add_noise(image, 25.0, 0)
    assert not np.array_equal(network(noisy, clean), network(noisy, noisy))
    with pytest.raises(PixelwiseError, match="trained to see the undegraded image; it is no denoiser"):
        network(noisy)
    ordinary = Restorer(save(tmp_path, "asapnet", SMALL_ASAP) / "model.safetensors")
    assert np.array_equal(ordinary(noisy), network(noisy, noisy))
    with pytest.raises(PixelwiseError, match="is no oracle"):
        ordinary(noisy, clean)

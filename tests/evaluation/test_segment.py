"""Confusion matrices, protocols and the step `segment`: against torchmetrics, cityscapesscripts, and definitions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import nn
from torchmetrics.functional.classification import multiclass_accuracy, multiclass_jaccard_index

from pixelwise.artifacts import read_json, write_json
from pixelwise.data import cityscapes_layout as cityscapes
from pixelwise.data.pack import Pack
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import compared_pictures, confusion, segment, segmenter_protocols
from pixelwise.evaluation.segmenter_protocols import PROTOCOLS, Segmenter
from pixelwise.evaluation.truth import Truth
from pixelwise.models import build, checkpoint
from pixelwise.record import read_records
from pixelwise.settings.data import Dataset
from pixelwise.settings.evaluation import SegmentSettings


def maps(seed: int, classes: int, shape=(3, 40, 50), void=0.12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, shape).astype(np.uint8)
    prediction = np.where(rng.random(shape) < 0.6, truth, rng.integers(0, classes, shape)).astype(np.uint8)
    truth[rng.random(shape) < void] = 255
    return truth, prediction


def matrices_of(truth, prediction, classes):
    return np.stack([confusion.confusion_matrix(t, p, classes) for t, p in zip(truth, prediction, strict=True)])


def test_scores_equal_torchmetrics():
    truth, prediction = maps(0, 19)
    pooled = matrices_of(truth, prediction, 19).sum(0)
    t, p = torch.from_numpy(truth.astype(np.int64)), torch.from_numpy(prediction.astype(np.int64))
    iou = multiclass_jaccard_index(p, t, 19, average=None, ignore_index=255)
    np.testing.assert_allclose(confusion.class_iou(pooled), iou, rtol=1e-5)
    assert confusion.mean_iou(pooled) == pytest.approx(iou.mean().item(), rel=1e-5)
    accuracy = multiclass_accuracy(p, t, 19, average="micro", ignore_index=255)
    assert confusion.labelled_accuracy(pooled) == pytest.approx(accuracy.item(), rel=1e-5)


def test_class_iou_equals_cityscapesscripts(monkeypatch):
    from cityscapesscripts.evaluation import evalPixelLevelSemanticLabeling as official
    from cityscapesscripts.helpers.labels import labels

    to_id = {label.trainId: label.id for label in labels if 0 <= label.trainId < 255}
    truth, prediction = maps(1, 19, void=0.0)
    pooled = matrices_of(truth, prediction, 19).sum(0)
    matrix = official.generateMatrix(official.args)
    for t in range(19):
        for p in range(19):
            matrix[to_id[t], to_id[p]] = pooled[t, p]
    expected = [official.getIouScoreForLabel(to_id[t], matrix, official.args) for t in range(19)]
    np.testing.assert_allclose(confusion.class_iou(pooled), expected, rtol=1e-12)


def test_absent_and_hallucinated_classes():
    matrix = np.zeros((3, 3), np.int64)
    matrix[0, 0], matrix[0, 1] = 3, 1
    iou = confusion.class_iou(matrix)
    assert iou[0] == 0.75 and iou[1] == 0 and np.isnan(iou[2]), "predicted once: 0; neither labelled nor predicted: NaN"
    assert confusion.mean_iou(matrix) == pytest.approx(0.375)
    assert np.isnan(confusion.mean_iou(np.zeros((3, 3), np.int64)))
    with pytest.raises(ValueError, match="class 3; allowed are 0 to 2"):
        confusion.confusion_matrix(np.uint8([0]), np.uint8([3]), 3)
    with pytest.raises(ValueError, match="equal shapes"):
        confusion.confusion_matrix(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8), 3)


def test_the_two_accuracies_differ_by_the_labelled_share():
    # SPADE's 81.9 and 93.5 % are the same pictures, over all and over labelled pixels, ratio 0.876:
    # docs/reference/protocols.md, "Accuracy".
    truth, prediction = maps(2, 5, void=0.124)
    scores = confusion.summary(matrices_of(truth, prediction, 5), np.full(3, truth[0].size))
    assert scores["acc_all"] == pytest.approx(scores["acc_labelled"] * scores["labelled_share"])
    assert scores["labelled_share"] == pytest.approx((truth != 255).mean())
    assert scores["acc_all"] == pytest.approx(((prediction == truth) & (truth != 255)).mean())
    single = [((p == t) & (t != 255)).sum() / (t != 255).sum() for t, p in zip(truth, prediction, strict=True)]
    assert scores["acc_per_image"] == pytest.approx(np.mean(single))


def test_resampling_equals_pooling_the_drawn_images():
    truth, prediction = maps(3, 4, (6, 12, 12))
    matrices, pixels = matrices_of(truth, prediction, 4), np.full(6, 144)
    draws = confusion.resampled(matrices, pixels, 20, seed=5)
    rows = np.random.default_rng(5).integers(0, 6, size=(20, 6))
    for r in (0, 7, 19):
        again = confusion.summary(matrices[rows[r]], pixels[rows[r]])
        for name in ("miou", "acc_all", "acc_labelled", "acc_per_image"):
            assert draws[name][r] == pytest.approx(float(again[name]))


class Nearest(nn.Module):
    """Stand-in for a trained segmenter: the class whose colour is nearest, smoothed over 3x3 pixels."""

    mean, std = (0.5, 0.4, 0.3), (0.2, 0.25, 0.3)

    def __init__(self, colours):
        super().__init__()
        self.register_buffer("colours", torch.tensor(colours, dtype=torch.float32) / 255)

    def forward(self, x):
        mean, std = (torch.tensor(v)[:, None, None] for v in (self.mean, self.std))
        rgb = nn.functional.avg_pool2d(x * std + mean, 3, 1, 1, count_include_pad=False)
        near = -30 * (rgb[:, None] - self.colours[None, :, :, None, None]).square().sum(2)
        return torch.stack([torch.maximum(near[:, 0], near[:, 3]), near[:, 1], near[:, 2]], 1)


COLOURS = [[128, 64, 128], [70, 70, 70], [107, 142, 35], [220, 20, 60]]
"""Of the labels 0, 1, 2 and 4, which are the classes 0, 1, 2 and 0."""


@pytest.fixture
def reader(tmp_path, monkeypatch):
    """Output folder of a segmenter's training, with `Nearest` behind it."""
    folder = tmp_path / "segmenter"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"weights")
    write_json(folder / "training.json", {"short": False})
    loaded = lambda path, device: (Nearest(COLOURS), {"name": "nearest", "options": {}})  # noqa: E731
    monkeypatch.setattr(segmenter_protocols.checkpoint, "load", loaded)
    return folder


def score(folder, name, inputs, **settings):
    folder.mkdir()
    settings = {"device": "cpu", "dataset": "scenes", "resamples": 50} | settings
    segment.run(SegmentSettings(name=name, **settings), inputs, folder, folder)
    return {record.protocol: record for record in read_records(folder / "metrics.json")}


def test_step_orders_ceiling_model_and_floor(tmp_path, prepared, generated, reader):
    inputs = {"data": prepared, "images": generated, "segmenter": reader}
    ceiling = score(tmp_path / "real", "real", inputs)["native"]
    model = score(tmp_path / "model", "model", inputs)["native"]
    floor = score(tmp_path / "shuffled", "shuffled", inputs)["native"]
    found = [record.values["miou"].value for record in (ceiling, model, floor)]
    assert found[0] > found[1] > found[2]
    assert ceiling.n == 10 and ceiling.weights_sha256 is None and model.weights_sha256 == "ab" * 32
    for record in (ceiling, model, floor):
        for name in ("miou", "acc_labelled", "acc_all"):
            value = record.values[name]
            assert value.unit == "%" and value.low <= value.value <= value.high
        assert {"iou_x", "iou_y", "iou_z", "labelled_share", "acc_per_image"} <= set(record.values)


@pytest.mark.parametrize("limit", [None, 5, 1])
def test_the_floor_from_the_photographs_pass_is_the_floor_computed_alone(tmp_path, prepared, reader, limit):
    inputs = {"data": prepared, "segmenter": reader}
    chosen = {"protocols": ("native", "F"), "limit": limit}
    score(tmp_path / "real", "real", inputs, **chosen)
    alone = score(tmp_path / "alone", "shuffled", inputs, **chosen)
    score(tmp_path / "shared", "shuffled", {"data": prepared, "real": tmp_path / "real"}, **chosen)
    assert len(alone) == (2 if limit != 1 else 0)
    for path in sorted((tmp_path / "alone").iterdir()):
        assert (tmp_path / "shared" / path.name).read_bytes() == path.read_bytes(), path.name


def test_native_protocol_is_the_definition(tmp_path, prepared, generated, reader):
    record = score(tmp_path / "out", "model", {"data": prepared, "images": generated, "segmenter": reader}, batch=3)
    pack, module = Pack(prepared, "val"), Nearest(COLOURS)
    lookup = np.array([0, 1, 2, 255, 0])
    hits = np.zeros((3, 3))
    for i, name in enumerate(pack.names):
        rgb = torch.from_numpy(np.array(Image.open(generated / "images" / f"{name}.png"))).permute(2, 0, 1)[None] / 255
        mean, std = (torch.tensor(v)[:, None, None] for v in (module.mean, module.std))
        answer = module((rgb - mean) / std).argmax(1)[0].numpy()
        truth = lookup[pack.label(i)]
        for t, p in zip(truth[truth != 255], answer[truth != 255], strict=True):
            hits[t, p] += 1
    iou = np.diag(hits) / (hits.sum(0) + hits.sum(1) - np.diag(hits))
    assert record["native"].values["miou"].value == pytest.approx(100 * iou.mean())
    table = pd.read_csv(tmp_path / "out" / "per_class.csv").query("protocol == 'native'")
    np.testing.assert_allclose(table["iou"], 100 * iou)
    cells = pd.read_csv(tmp_path / "out" / "confusion.csv").query("protocol == 'native'")["pixels"]
    np.testing.assert_array_equal(cells.to_numpy().reshape(3, 3), hits)
    rows = pd.read_csv(tmp_path / "out" / "per_image.csv")
    assert len(rows) == 10 * 3 * 2 and set(rows["metric"]) == {"miou", "acc_labelled", "acc_all"}


def test_every_protocol_and_same_bytes_twice(tmp_path, prepared, generated, reader):
    inputs = {"data": prepared, "images": generated, "segmenter": reader}
    chosen = {"protocols": ("native", "enlarged", "N", "N-ms", "U", "F"), "limit": 4, "enlarge": 2}
    first = score(tmp_path / "a", "model", inputs, **chosen)
    score(tmp_path / "b", "model", inputs, **chosen)
    assert list(first) == list(PROTOCOLS) and all(record.short for record in first.values())
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name
    assert first["N"].values == first["native"].values and first["U"].values == first["enlarged"].values
    assert first["N"].protocol_hash == first["native"].protocol_hash != first["N-ms"].protocol_hash
    assert len({first[name].values["miou"].value for name in ("N", "N-ms", "U", "F")}) == 4
    assert first["F"].condition["labels"] == "prepared, nearest"


def test_multi_scale_sums_log_probabilities(prepared, reader):
    reads = Segmenter(reader / "model.safetensors", 3)
    image = np.array(Pack(prepared, "val").image(0))
    total = np.zeros((3, 32, 64))
    for scale in (1, 0.5, 0.75, 1.25, 1.5, 1.75):
        size = (int(64 * scale), int(32 * scale))
        scaled = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
        logs = reads.log_probabilities(scaled[None])[0].numpy()
        total += [np.asarray(Image.fromarray(plane).resize((64, 32), Image.Resampling.BILINEAR)) for plane in logs]
    found = reads.classify(image[None], PROTOCOLS["N-ms"], (32, 64))[0]
    assert (found == total.argmax(0)).mean() > 0.999


def test_classes_must_agree(tmp_path, prepared, reader):
    with pytest.raises(PixelwiseError, match="3 classes; the data have 4"):
        Segmenter(reader / "model.safetensors", 4)


def test_shuffled_labels_need_two_pictures(tmp_path, prepared, reader):
    assert segment.shuffled([3, 4, 5, 6, 7]) == [5, 6, 7, 3, 4]
    inputs = {"data": prepared, "segmenter": reader}
    assert score(tmp_path / "one", "shuffled", inputs, limit=1) == {}
    assert score(tmp_path / "two", "shuffled", inputs, limit=2)["native"].n == 2


def test_the_small_segmenter_fits_in(tmp_path, prepared):
    torch.manual_seed(0)
    module, folder = build("segmenter", num_classes=3, stages=1, width=8), tmp_path / "model"
    checkpoint.save(folder / "model.safetensors", module, "segmenter", {"num_classes": 3, "stages": 1, "width": 8})
    write_json(folder / "training.json", {"short": True})
    record = score(tmp_path / "out", "real", {"data": prepared, "segmenter": folder}, limit=2)["native"]
    assert record.short and record.condition["segmenter"] == "segmenter" and record.condition["segmenter_short"]


def test_drn_at_sizes_that_its_stride_does_not_divide(tmp_path):
    torch.manual_seed(0)
    options = {"num_classes": 3, "widths": [4, 4, 8, 8, 8, 8, 8, 8]}
    module, path = build("drn_d_22", **options).eval(), tmp_path / "model.safetensors"
    checkpoint.save(path, module, "drn_d_22", options)
    reads = Segmenter(path, 3)
    image = np.random.default_rng(0).integers(0, 256, (1, 36, 52, 3), dtype=np.uint8)
    found = reads.log_probabilities(image)
    mean, std = (torch.tensor(values)[:, None, None] for values in (module.mean, module.std))
    with torch.inference_mode():
        expected = module((torch.from_numpy(image).permute(0, 3, 1, 2) / 255 - mean) / std).log_softmax(1)
    assert expected.shape == (1, 3, 40, 56) and found.shape == (1, 3, 36, 52)
    torch.testing.assert_close(found, expected[..., :36, :52])
    assert reads.classify(image, PROTOCOLS["F"], (72, 104)).shape == (1, 72, 104)


@pytest.fixture
def official_layout(tmp_path):
    """A folder in Cityscapes' layout with label maps of 64x128, and a pack of them at 32x64."""
    from pixelwise.data.pack_writing import Item, write_pack

    rng = np.random.default_rng(0)
    root = tmp_path / "cityscapes"
    for split in ("train", "val"):
        for kind in ("leftImg8bit", "gtFine"):
            (root / kind / split / "aachen").mkdir(parents=True)
    stem = "aachen_000001_000019"
    label = rng.integers(0, 34, (8, 16)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
    Image.fromarray(label).save(root / "gtFine" / "val" / "aachen" / f"{stem}_gtFine_labelIds.png")
    Image.fromarray(label.astype(np.uint16)).save(root / "gtFine" / "val" / "aachen" / f"{stem}_gtFine_instanceIds.png")
    image = rng.integers(0, 256, (64, 128, 3), dtype=np.uint8)
    Image.fromarray(image).save(root / "leftImg8bit" / "val" / "aachen" / f"{stem}_leftImg8bit.png")
    dataset = Dataset(kind="cityscapes", root=str(root), height=32, width=64)
    found = next(iter(cityscapes.listing(root, "val", dataset).entries))
    table = cityscapes.labels(dataset)
    write_pack(tmp_path / "prepared", "val", [Item(found.name, image[::2, ::2], label[1::2, 1::2])])
    facts = {"eval_map": list(table.eval_map), "eval_names": list(table.eval_names)}
    return tmp_path / "prepared", facts, dataset, label


def test_cityscapes_needs_no_special_case(official_layout):
    folder, facts, _, label = official_layout
    truth = Truth(Pack(folder, "val"), facts, enlarge=4)
    assert len(truth.names) == 19 and truth.names[0] == "road" and truth.names[18] == "bicycle"
    table = {7: 0, 8: 1, 11: 2, 12: 3, 13: 4, 17: 5, 19: 6, 20: 7, 21: 8, 22: 9, 23: 10, 24: 11, 25: 12, 26: 13}
    table |= {27: 14, 28: 15, 31: 16, 32: 17, 33: 18}
    expected = np.vectorize(lambda i: table.get(i, 255))(label[1::2, 1::2])
    np.testing.assert_array_equal(truth.native(0), expected)
    np.testing.assert_array_equal(truth.enlarged(0), expected.repeat(4, 0).repeat(4, 1))


def test_original_label_maps_for_u_and_f(official_layout, tmp_path):
    folder, facts, dataset, _ = official_layout
    (tmp_path / "raw").mkdir()
    truth = Truth(Pack(folder, "val"), facts, 4, dataset, tmp_path / "raw")
    assert truth.source == "original" and truth.enlarged(0).shape == (64, 128)
    np.testing.assert_array_equal(truth.enlarged(0)[1::2, 1::2], truth.native(0))
    (tmp_path / "raw" / "files.csv").write_text(
        "path,size,sha256\ngtFine/val/aachen/aachen_000001_000019_gtFine_labelIds.png,1," + "0" * 64 + "\n"
    )
    with pytest.raises(PixelwiseError, match="sha256"):
        Truth(Pack(folder, "val"), facts, 4, dataset, tmp_path / "raw").enlarged(0)
    with pytest.raises(PixelwiseError, match="needs the input raw"):
        Truth(Pack(folder, "val"), facts, 4, dataset)


def test_pictures_of_the_wrong_size_are_refused(tmp_path, prepared, reader):
    folder = tmp_path / "wrong"
    (folder / "images").mkdir(parents=True)
    facts = read_json(prepared / "dataset.json")
    Image.new("RGB", (64, 40)).save(folder / "images" / "scene_00.png")
    write_json(folder / "generation.json", {"names": ["scene_00"], "short": False, "weights_sha256": None})
    pack = Pack(prepared, "val")
    truth, subject = Truth(pack, facts, 2), compared_pictures.generated(folder, pack, None)
    reads = Segmenter(reader / "model.safetensors", 3)
    with pytest.raises(PixelwiseError, match=r"scene_00: label map \(32, 64\), picture \(40, 64\)"):
        segment.measure(reads, PROTOCOLS["native"], subject, [[0]], truth, 4)

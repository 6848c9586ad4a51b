from __future__ import annotations

import numpy as np
import pytest

from pixelwise.data.pack import Pack
from pixelwise.data.pack_writing import Begun, Item, write_pack
from pixelwise.errors import PixelwiseError


def items(sizes, instances=True):
    rng = np.random.default_rng(0)
    for number, (height, width) in enumerate(sizes):
        yield Item(
            f"item{number}",
            rng.integers(0, 256, (height, width, 3), dtype=np.uint8),
            rng.integers(0, 35, (height, width), dtype=np.uint8),
            rng.integers(0, 33018, (height, width)).astype(np.int32) if instances else None,
        )


def test_returns_what_was_written_for_any_size(tmp_path):
    sizes = [(4, 6), (3, 5), (7, 2)]
    write_pack(tmp_path, "train", items(sizes))
    pack = Pack(tmp_path, "train")
    assert len(pack) == 3 and pack.names == ["item0", "item1", "item2"]
    for number, item in enumerate(items(sizes)):
        np.testing.assert_array_equal(pack.image(number), item.image)
        np.testing.assert_array_equal(pack.label(number), item.label)
        np.testing.assert_array_equal(pack.instance(number), item.instance)
        assert pack.blurred(number) is None
    with pytest.raises(PixelwiseError, match="differ in size"):
        _ = pack.images


def test_equal_sizes_stack_without_copy(tmp_path):
    write_pack(tmp_path, "val", items([(4, 6)] * 3))
    pack = Pack(tmp_path, "val")
    assert pack.images.shape == (3, 4, 6, 3) and pack.labels.shape == pack.instances.shape == (3, 4, 6)
    assert isinstance(pack.images.base, np.memmap | np.ndarray) and pack.instances.dtype == np.int32
    np.testing.assert_array_equal(pack.images[2], pack.image(2))


def test_gray_images_without_maps(tmp_path):
    write_pack(tmp_path, "train", [Item("a", np.full((2, 3), 7, np.uint8))])
    pack = Pack(tmp_path, "train")
    assert pack.image(0).shape == (2, 3) and pack.label(0) is None and pack.labels is None and pack.instances is None


def test_empty_split(tmp_path):
    write_pack(tmp_path, "train", [])
    assert len(Pack(tmp_path, "train")) == 0


@pytest.mark.parametrize("name", ["a", "b/c"])
def test_names_are_unique_file_names(tmp_path, name):
    image = np.zeros((2, 2), np.uint8)
    with pytest.raises(PixelwiseError, match="unique and without /"):
        write_pack(tmp_path, "train", [Item("a", image), Item(name, image)])
    assert list(tmp_path.iterdir()) == []


def test_items_must_hold_the_same_maps(tmp_path):
    mixed = [*items([(2, 2)]), Item("other", np.zeros((2, 2, 3), np.uint8))]
    with pytest.raises(PixelwiseError, match=r"other holds images; the first item images, labels, instances"):
        write_pack(tmp_path, "train", mixed)
    assert list(tmp_path.iterdir()) == []


def test_truncated_array_is_refused(tmp_path):
    write_pack(tmp_path, "train", items([(4, 6)]))
    path = tmp_path / "train.images.npy"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(PixelwiseError, match=r"train\.images\.npy"):
        Pack(tmp_path, "train")


NAMES = [f"item{number}" for number in range(3)]
SIZES = [(4, 6), (3, 5), (7, 2)]


def half_written(work):
    """A run that noted two examples and was killed in the middle of the third."""
    begun = Begun(work, "train", NAMES)
    first, second, third = items(SIZES)
    begun.add(first)
    begun.add(second)
    begun.note()
    begun.add(third)
    for flat in begun.flats.values():
        flat.stream.close()


def finish(work, out, names=NAMES):
    begun = Begun(work, "train", names)
    kept = list(begun.names)
    for item in list(items(SIZES))[len(kept) :]:
        begun.add(item)
    out.mkdir()
    begun.end(out)
    return kept, {path.name: path.read_bytes() for path in sorted(out.iterdir())}


def test_a_killed_run_goes_on_to_the_same_bytes(tmp_path):
    whole = finish(tmp_path, tmp_path / "whole")[1]
    half_written(tmp_path)
    kept, made = finish(tmp_path, tmp_path / "resumed")
    assert kept == NAMES[:2] and made == whole
    assert not list(tmp_path.glob("*.npy")) and not list(tmp_path.glob("*.json"))


@pytest.mark.parametrize("spoilt", ["train.images.npy", "train.begun.json", "gone", "short", "other names"])
def test_half_written_data_that_do_not_fit_are_written_anew(tmp_path, spoilt):
    whole = finish(tmp_path, tmp_path / "whole")[1]
    half_written(tmp_path)
    file = tmp_path / (spoilt if spoilt.startswith("train") else "train.labels.npy")
    written = bytearray(file.read_bytes())
    written[140] ^= 1
    if spoilt == "gone":
        file.unlink()
    else:
        file.write_bytes(written[:150] if spoilt == "short" else written)
    kept, made = finish(tmp_path, tmp_path / "resumed", ["other", *NAMES[1:]] if spoilt == "other names" else NAMES)
    assert kept == [] and made == whole

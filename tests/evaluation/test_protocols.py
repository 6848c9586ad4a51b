"""Protocols: what they fix, and that wrong data are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from pixelwise.data import installed_photographs as photos
from pixelwise.data.pack_writing import Item
from pixelwise.data.read_images import four_neighbours
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation.cases import Cases, digest
from pixelwise.evaluation.evaluation_noise import ANGLES, LENGTHS, blur, evaluation_kernels, kernel_of
from pixelwise.evaluation.protocols import PROTOCOLS
from pixelwise.settings.restoration import ProtocolName
from tests.evaluation import berkeley

NOISY = PROTOCOLS["photos"]


@pytest.fixture
def photographs(tmp_path):
    from PIL import Image

    photos.write(tmp_path / "raw")
    paths = sorted((tmp_path / "raw" / "val").iterdir())
    return berkeley.pack(tmp_path / "pack", "photos", [Item(p.stem, np.asarray(Image.open(p))) for p in paths])


def test_settings_name_exactly_the_protocols():
    assert set(get_args(ProtocolName)) == set(PROTOCOLS)


def test_hash_changes_with_every_part_and_differs_between_protocols():
    assert len({p.hash for p in PROTOCOLS.values()}) == len(PROTOCOLS)
    for change in ({"sigmas": (15.0,)}, {"noise": "none"}, {"ssim": ()}, {"outputs": "x"}, {"images": None}):
        assert replace(NOISY, **change).hash != NOISY.hash
    assert replace(NOISY).hash == NOISY.hash


def test_cases_are_the_same_in_any_order_and_hold_the_stated_noise(photographs):
    cases = Cases(NOISY, berkeley.val(photographs), "photos")
    last = cases.case(4, 25.0)
    assert [c.name for c in cases.at(25.0, 2)] == ["astronaut", "camera"]
    assert np.array_equal(cases.case(4, 25.0).degraded, last.degraded)
    assert (last.degraded - last.clean).std() * 255 == pytest.approx(25, rel=0.02)
    assert last.degraded.min() < 0


def test_fewer_images_are_allowed_but_others_are_not(photographs, tmp_path):
    pack = berkeley.val(photographs)
    assert len(Cases(NOISY, pack, "photos", 2)) == 2
    changed = [Item(name, 255 - pack.image(i)) for i, name in enumerate(pack.names)]
    other = berkeley.pack(tmp_path / "other", "photos", changed)
    with pytest.raises(PixelwiseError, match=r"images pixels:\w{12}; protocol photos needs pixels:"):
        Cases(NOISY, berkeley.val(other), "photos")
    few = berkeley.pack(tmp_path / "few", "photos", changed[:2])
    assert len(Cases(NOISY, berkeley.val(few), "photos")) == 2


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("set12", "photos", "data set of kind set12; protocol photos allows photos"),
        ("photos", "bsd68", "protocol bsd68 allows bsd68"),
        ("gopro", "gopro", "no blurred partners"),
    ],
)
def test_unfit_data_are_refused(photographs, kind, name, message):
    with pytest.raises(PixelwiseError, match=message):
        Cases(PROTOCOLS[name], berkeley.val(photographs), kind)


def test_wrong_number_of_channels_is_refused(photographs):
    cases = Cases(NOISY, berkeley.val(photographs), "photos")
    cases.protocol = replace(NOISY, channels=3)
    with pytest.raises(PixelwiseError, match="astronaut has 1 channels; protocol photos needs 3"):
        cases.case(0, 25.0)


def test_report_256_squashes_images(photographs):
    cases = Cases(NOISY, berkeley.val(photographs), "photos")
    cases.protocol = replace(NOISY, size=(64, 96))
    one = cases.case(1, 25.0)
    assert one.clean.shape == (64, 96)
    assert np.array_equal(one.clean * 255, four_neighbours(np.asarray(cases.pack.image(1)), (64, 96)))


def test_published_lists(mirror, tmp_path):
    """The digests of the published images, and the sizes and numbers that the literature gives."""
    bsd = berkeley.val(berkeley.gray_set(mirror, tmp_path / "bsd68", "BSD68", "bsd68"))
    assert {bsd.image(i).shape for i in range(68)} == {(321, 481), (481, 321)}
    assert digest(bsd, "pixels") == PROTOCOLS["bsd68"].images
    set12 = berkeley.val(berkeley.gray_set(mirror, tmp_path / "set12", "Set12", "set12"))
    assert len(Cases(PROTOCOLS["set12"], set12, "set12")) == 12
    colour = berkeley.val(berkeley.photographs(mirror, tmp_path / "cbsd68", "cbsd68", "RGB"))
    one = Cases(PROTOCOLS["cbsd68"], colour, "cbsd68").case(3, 15.0)
    assert one.degraded.shape in {(321, 481, 3), (481, 321, 3)}
    assert not np.array_equal(one.degraded[..., 0] - one.clean[..., 0], one.degraded[..., 1] - one.clean[..., 1])


def test_report_protocol_adds_noise_of_the_theoretical_strength(mirror, tmp_path):
    pack = berkeley.val(berkeley.photographs(mirror, tmp_path, "bsds500", "L"))
    cases = Cases(PROTOCOLS["report-256"], pack, "bsds500")
    assert cases.case(0, 25.0).clean.shape == (256, 256)
    # docs/reference/sources.md, "Own computations"
    for sigma, expected in ((15.0, 24.61), (25.0, 20.17), (50.0, 14.15)):
        errors = [-10 * np.log10(((case.degraded - case.clean) ** 2).mean()) for case in cases.at(sigma)]
        assert np.mean(errors) == pytest.approx(expected, abs=0.02)


def test_published_protocols_give_all_images_of_one_size_the_same_noise_and_others_do_not(photographs):
    cases = Cases(NOISY, berkeley.val(photographs), "photos")

    def noise(index):
        case = cases.case(index, 25.0)
        return case.degraded - case.clean

    assert not np.allclose(noise(0), noise(1), atol=1e-3)
    cases.protocol = replace(NOISY, noise=PROTOCOLS["bsd68"].noise)
    assert np.allclose(noise(0), noise(1), atol=1e-6)


def test_motion_kernels_are_documented_normalised_and_point_symmetric():
    kernels = evaluation_kernels()
    assert len(kernels) == len(LENGTHS) * len(ANGLES) == 48
    for kernel in kernels:
        assert kernel.shape == (17, 17) and kernel.sum() == pytest.approx(1)
        assert np.allclose(kernel, kernel[::-1, ::-1]) and kernel.min() >= 0
    assert len({kernel_of(i).tobytes() for i in range(48)}) == 48


def test_blur_keeps_flat_images_and_spreads_a_point_as_the_kernel():
    flat = blur(np.full((30, 40, 3), 51, np.uint8), kernel_of(7))
    assert np.allclose(flat, 0.2)
    point = np.zeros((33, 33), np.uint8)
    point[16, 16] = 255
    assert np.allclose(blur(point, kernel_of(11))[8:25, 8:25], kernel_of(11), atol=1e-12)

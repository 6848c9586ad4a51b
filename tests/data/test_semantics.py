"""The semantic tensor against a loop written from docs/reference/models.md, "Semantic input"."""

import numpy as np
import pytest
import torch

from pixelwise.data import semantics
from pixelwise.errors import PixelwiseError


def edges(instance):
    """A pixel is an edge if any of its four neighbours inside the image has another id."""
    height, width = instance.shape
    out = np.zeros(instance.shape)
    for y in range(height):
        for x in range(width):
            for v, u in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if 0 <= v < height and 0 <= u < width and instance[v, u] != instance[y, x]:
                    out[y, x] = 1
    return out


@pytest.mark.parametrize("label_type", [torch.uint8, torch.int32, torch.int64])
def test_one_hot_and_edges(label_type):
    generator = np.random.default_rng(0)
    label = generator.integers(0, 7, (3, 6, 9))
    instance = generator.integers(0, 2, (3, 6, 9)) * 26_000
    result = semantics(torch.tensor(label, dtype=label_type), torch.tensor(instance, dtype=torch.int32), 7)
    assert result.shape == (3, 8, 6, 9) and result.dtype == torch.float32
    np.testing.assert_array_equal(result[:, :7], np.eye(7)[label].transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(result[:, 7], np.stack([edges(plane) for plane in instance]))
    planes = semantics(torch.tensor(label)[:, None], torch.tensor(instance)[:, None], 7)
    assert torch.equal(planes, result)
    assert torch.equal(semantics(torch.tensor(label), None, 7), result[:, :7])


def test_border_is_no_edge():
    assert semantics(torch.zeros(1, 3, 4).long(), torch.ones(1, 3, 4).int(), 2)[:, 2].sum() == 0
    assert semantics(torch.zeros(1, 1, 1).long(), torch.ones(1, 1, 1).int(), 2)[:, 2].sum() == 0


def test_errors():
    with pytest.raises(PixelwiseError, match=r"holds 7; allowed are 0\.\.6"):
        semantics(torch.full((1, 2, 2), 7), None, 7)
    with pytest.raises(PixelwiseError, match="holds -1"):
        semantics(torch.full((1, 2, 2), -1), None, 7)
    with pytest.raises(PixelwiseError, match=r"\(1, 2, 3\); the label map|\(1, 1, 2, 3\); the label map"):
        semantics(torch.zeros(1, 2, 2).long(), torch.zeros(1, 2, 3).int(), 7)
    with pytest.raises(PixelwiseError, match="float32"):
        semantics(torch.zeros(1, 2, 2), None, 7)
    with pytest.raises(PixelwiseError, match=r"\(2, 2\)"):
        semantics(torch.zeros(2, 2).long(), None, 7)

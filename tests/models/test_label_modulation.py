"""SPADE's scale and shift by neighbourhoods of labels: the same as the convolutions of one-hot planes."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pixelwise.models.fast import label_modulation
from pixelwise.models.fast.label_modulation import Modulation, codes, modulate, neighbourhoods

COUNT = 4


def drawn(height: int, width: int, edge: bool) -> tuple[torch.Tensor, torch.Tensor | None]:
    torch.manual_seed(height + width)
    coarse = torch.randint(0, COUNT, (2, -(-height // 4), -(-width // 4)))
    labels = coarse.repeat_interleave(4, 1).repeat_interleave(4, 2)[:, :height, :width].to(torch.uint8)
    return labels, (torch.rand(2, 1, height, width) < 0.05).to(torch.uint8) if edge else None


@pytest.mark.parametrize(("height", "width"), [(12, 20), (2, 2), (2, 9)])
@pytest.mark.parametrize("edge", [True, False])
def test_two_pixels_share_a_row_if_and_only_if_their_neighbourhoods_are_equal(height, width, edge):
    labels, edges = drawn(height, width, edge)
    outside = COUNT * (1 + edge)
    code = codes(labels, edges, COUNT)
    found = neighbourhoods(code, outside)
    windows = F.pad(code, [2] * 4, value=outside).unfold(1, 5, 1).unfold(2, 5, 1).reshape(-1, 25)
    _, wanted = torch.unique(windows, dim=0, return_inverse=True)
    assert torch.equal(found.far[:, None] == found.far, wanted[:, None] == wanted)
    assert len(found.outer) == int(wanted.max()) + 1


@pytest.mark.parametrize("edge", [True, False])
def test_rows_are_what_the_convolutions_give(edge, monkeypatch):
    labels, edges = drawn(14, 22, edge)
    hidden, both = nn.Conv2d(COUNT + edge, 6, 3, padding=1), nn.Conv2d(6, 10, 3, padding=1)
    planes = F.one_hot(labels.long(), COUNT).permute(0, 3, 1, 2).float()
    planes = planes if edges is None else torch.cat([planes, edges.float()], 1)
    image = torch.randn(2, 5, 14, 22)
    monkeypatch.setattr(label_modulation, "CHUNK", 256)  # so that it takes several parts
    with torch.no_grad():
        scale, shift = both(F.relu(hidden(planes))).chunk(2, 1)
        found = neighbourhoods(codes(labels, edges, COUNT), COUNT * (1 + edge))
        made = Modulation((hidden.weight, hidden.bias), (both.weight, both.bias))
        rows = made.rows(found, made.hidden(found, edge))
        for slope in (None, 0.2):
            wanted = image * scale + shift
            wanted = wanted if slope is None else F.leaky_relu(wanted, slope)
            torch.testing.assert_close(modulate(image, rows, found.far, slope), wanted, rtol=1e-5, atol=1e-5)

"""Matrix products by oneDNN against float64, for the layouts that the networks use."""

import pytest
import torch

from pixelwise.models import flops, products


@pytest.mark.parametrize("layout", ["plain", "transposed rows", "transposed weight", "slices"])
@pytest.mark.parametrize("biased", [True, False])
def test_equals_float64(layout: str, biased: bool) -> None:
    torch.manual_seed(0)
    rows, weight, bias = torch.randn(37, 53), torch.randn(67, 53), torch.randn(67) if biased else None
    given = {
        "plain": (rows, weight),
        "transposed rows": (rows.T.contiguous().T, weight),
        "transposed weight": (rows, weight.T.contiguous().T),
        "slices": (torch.cat([rows, rows], 1)[:, :53], torch.cat([weight, weight])[:67]),
    }[layout]
    result = products.linear(*given, bias)
    exact = rows.double() @ weight.double().T + (0 if bias is None else bias.double())
    assert result.is_contiguous() and result.dtype == torch.float32
    assert float((result - exact).abs().max()) < 2e-5
    assert torch.equal(result, products.linear(*given, bias))


def test_other_precisions_are_kept() -> None:
    rows, weight = torch.randn(3, 5, dtype=torch.float64), torch.randn(4, 5, dtype=torch.float64)
    assert torch.equal(products.linear(rows, weight), rows @ weight.T)


def test_its_operations_are_counted() -> None:
    rows, weight = torch.randn(3, 5), torch.randn(4, 5)
    assert flops.executed(lambda: products.linear(rows, weight)) == 2 * 3 * 5 * 4

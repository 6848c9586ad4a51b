"""Matrix products by oneDNN against float64, for the layouts that the networks use."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from pixelwise.models import flops
from pixelwise.models.architectures.dncnn import DnCNN
from pixelwise.models.fast import products
from pixelwise.models.fast.optimised import optimise


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


@pytest.mark.parametrize("bias", [torch.arange(8.0)[::2], torch.ones(1).expand(4)])
def test_a_bias_with_strides(bias: torch.Tensor) -> None:
    torch.manual_seed(0)
    rows, weight = torch.randn(3, 5), torch.randn(4, 5)
    torch.testing.assert_close(products.linear(rows, weight, bias), rows @ weight.T + bias)


class Recorded(TorchDispatchMode):
    """Keeps the names of the operations called."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


def test_by_onednn_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, weight, bias = torch.randn(3, 5), torch.randn(4, 5), torch.randn(4)

    def operations() -> list[str]:
        with Recorded() as recorded:
            torch.testing.assert_close(products.linear(rows, weight, bias), rows @ weight.T + bias)
        return [name for name in recorded.names if "mkldnn" in name]

    assert bool(operations()) == products.AVAILABLE
    with torch.backends.mkldnn.flags(enabled=False):
        assert not operations()
    monkeypatch.setattr(products, "AVAILABLE", False)
    assert not operations()


def test_no_gradient_in_either_form(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, weight = torch.randn(3, 5), torch.randn(4, 5, requires_grad=True)
    assert not products.linear(rows, weight).requires_grad
    monkeypatch.setattr(products, "AVAILABLE", False)
    assert not products.linear(rows, weight).requires_grad


def test_other_precisions_are_kept() -> None:
    rows, weight = torch.randn(3, 5, dtype=torch.float64), torch.randn(4, 5, dtype=torch.float64)
    assert torch.equal(products.linear(rows, weight), rows @ weight.T)


def test_its_operations_are_counted() -> None:
    rows, weight = torch.randn(3, 5), torch.randn(4, 5)
    assert flops.executed(lambda: products.linear(rows, weight)) == 2 * 3 * 5 * 4


def test_operations_of_fused_convolutions_are_counted() -> None:
    module, noisy = DnCNN(depth=4).eval(), torch.rand(2, 1, 32, 48)
    as_published, engine = flops.count(module, noisy), optimise(module, "fp32")
    assert flops.executed(lambda: engine(noisy)) == pytest.approx(as_published, rel=0.01)

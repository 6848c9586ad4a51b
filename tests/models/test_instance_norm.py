"""The fused instance norm and ReLU equals PyTorch's functions in value and gradient."""

import pytest
import torch
import torch.nn.functional as F

from pixelwise.models.fast import instance_norm


def reference(image, weight, bias):
    return F.relu(F.instance_norm(image, weight=weight, bias=bias))


def values(function, tensors, grad, dtype):
    tensors = [tensor.to(dtype).requires_grad_() for tensor in tensors]
    out = function(*tensors)
    return [out, *torch.autograd.grad(out, tensors, grad.to(dtype))]


@pytest.mark.parametrize("shift", [0.0, 100.0])
def test_values_and_gradients(shift):
    torch.manual_seed(0)
    image = (torch.randn(2, 12, 130, 128) + shift).contiguous(memory_format=torch.channels_last)
    tensors, grad = [image, torch.randn(12), torch.randn(12)], torch.randn_like(image)
    exact = values(reference, tensors, grad, torch.float64)
    ours = values(instance_norm.instance_norm_relu, tensors, grad, torch.float32)
    torchs = values(reference, tensors, grad, torch.float32)
    for a, b, c in zip(ours, torchs, exact, strict=True):
        distance = ((a - c).norm() / c.norm()).item()
        assert distance < max(3e-6, 3 * ((b - c).norm() / c.norm()).item())


def test_gradcheck(monkeypatch):
    monkeypatch.setattr(instance_norm, "CHUNK_VALUES", 24)  # several chunks
    torch.manual_seed(0)
    image = torch.randn(2, 3, 4, 5, dtype=torch.float64).contiguous(memory_format=torch.channels_last)
    tensors = [tensor.double().requires_grad_() for tensor in (image, torch.randn(3), torch.randn(3))]
    monkeypatch.setattr(torch.Tensor, "float", lambda tensor: tensor)  # moments stay in float64
    assert torch.autograd.gradcheck(instance_norm.instance_norm_relu, tensors)


def test_only_where_it_pays():
    large = torch.zeros(1, 8, 256, 256)
    assert instance_norm.worthwhile(large.contiguous(memory_format=torch.channels_last))
    assert not instance_norm.worthwhile(large)
    assert not instance_norm.worthwhile(torch.zeros(1, 8, 8, 8).contiguous(memory_format=torch.channels_last))

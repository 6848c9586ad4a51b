"""Networks shared by several processes: gradients averaged, batch norm over the whole batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.nn import functional as shared
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from pixelwise.models.fast.kernel_choice import obstacle, tell
from pixelwise.training.machine import Machine


def _sum(local: Tensor) -> Tensor:
    """Sum over all processes, through which gradients flow."""
    total: Tensor = shared.all_reduce(local)  # type: ignore[no-untyped-call]
    return total


class SharedBatchNorm(nn.BatchNorm2d):
    """Batch norm whose moments are taken over the batches of all processes, on any device.

    torch's own SyncBatchNorm works on graphics cards only. Gradients flow through the sums of all processes.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalise [N, C, H, W] per channel; all processes must hold equal shapes."""
        if not self.training:
            return super().forward(input)
        with torch.autocast(input.device.type, enabled=False):
            values = input.float()
            count = values.numel() // values.shape[1] * dist.get_world_size()
            mean = _sum(values.sum((0, 2, 3))) / count
            centred = values - mean[:, None, None]
            variance = _sum(centred.square().sum((0, 2, 3))) / count
            self._remember(mean.detach(), variance.detach() * count / (count - 1))
            output = centred * torch.rsqrt(variance + self.eps)[:, None, None]
            if self.affine:
                output = output * self.weight[:, None, None] + self.bias[:, None, None]
            return output.to(input.dtype)

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None and self.running_var is not None and self.momentum is not None
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance, self.momentum)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)


def share_batch_norm(module: nn.Module) -> None:
    """Replace every batch norm below `module` by one over all processes; the names in the state stay the same."""
    for name, child in module.named_children():
        if type(child) is nn.BatchNorm2d:
            norm = SharedBatchNorm(child.num_features, child.eps, child.momentum, child.affine)
            norm.load_state_dict(child.state_dict())
            assert child.running_mean is not None
            setattr(module, name, norm.to(child.running_mean.device).train(child.training))
        else:
            share_batch_norm(child)


class Trainee:
    """One network in training: the plain module, its compiled and shared form, its optimiser and its moving average.

    Args:
        module: The network.
        optimiser: Makes the optimiser from the parameters.
        machine: Where it computes.
        compiled: Use torch.compile; on a card only where it can compile, else a line says why not.
        ema: Decay of the moving average of the weights, or None to keep none.
    """

    def __init__(
        self,
        module: nn.Module,
        optimiser: Callable[[Iterator[nn.Parameter]], torch.optim.Optimizer],
        machine: Machine,
        compiled: bool = False,
        ema: float | None = None,
    ) -> None:
        if machine.world > 1:
            share_batch_norm(module)
        self.module = module.to(machine.device).train()
        if machine.channels_last:
            cast(Any, self.module).to(memory_format=torch.channels_last)
        self.optimiser = optimiser(self.module.parameters())
        if compiled and machine.device.type == "cuda" and (reason := obstacle(machine.device)):
            tell(f"compile: true is left out: {reason}")
            compiled = False
        self.plain = cast(nn.Module, torch.compile(self.module)) if compiled else self.module
        self.shared: nn.Module = self.plain
        if machine.world > 1:
            self.shared = DistributedDataParallel(self.plain, broadcast_buffers=False)
        self.average: AveragedModel | None = None
        if ema is not None:
            self.average = AveragedModel(self.module, multi_avg_fn=get_ema_multi_avg_fn(ema))  # type: ignore[no-untyped-call]
        self.base_rates = [float(group["lr"]) for group in self.optimiser.param_groups]

    @property
    def trained(self) -> nn.Module:
        """What is saved at the end: the moving average where there is one, else the network."""
        return self.module if self.average is None else self.average.module

    def set_factor(self, factor: float) -> None:
        """Set the learning rate to its base value times `factor`."""
        for group, rate in zip(self.optimiser.param_groups, self.base_rates, strict=True):
            group["lr"] = rate * factor

    @contextmanager
    def learning(self, last: bool) -> Iterator[nn.Module]:
        """The form whose backward pass adds gradients, averaged over processes with the last part of the batch."""
        alone = isinstance(self.shared, DistributedDataParallel) and not last
        with cast(Any, self.shared).no_sync() if alone else nullcontext():
            yield self.shared

    @contextmanager
    def frozen(self) -> Iterator[nn.Module]:
        """The form whose parameters get no gradients, while its input may."""
        for parameter in self.module.parameters():
            parameter.requires_grad_(False)
        try:
            yield self.plain
        finally:
            for parameter in self.module.parameters():
                parameter.requires_grad_(True)

    def update(self) -> Tensor:
        """One step of the optimiser; returns the Euclidean norm of all gradients, a scalar on the device."""
        norm = torch.nn.utils.get_total_norm([p.grad for p in self.module.parameters() if p.grad is not None])
        self.optimiser.step()
        if self.average is not None:
            self.average.update_parameters(self.module)
        return norm

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        average = None if self.average is None else self.average.state_dict()
        return {"module": self.module.state_dict(), "optimiser": self.optimiser.state_dict(), "average": average}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a checkpoint."""
        self.module.load_state_dict(state["module"])
        self.optimiser.load_state_dict(state["optimiser"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])


def mean_over_processes(values: Tensor, machine: Machine) -> Tensor:
    """Average a small tensor over all processes."""
    if machine.world > 1:
        values = values.clone()
        dist.all_reduce(values)
        values = values / machine.world
    return values

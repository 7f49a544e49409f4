"""Nadam, as Keras 2 has it.

T. Dozat (2016): Incorporating Nesterov momentum into Adam, https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn, optim
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

from mgu.train.compiled_nadam import CompiledGroup, can_compile, find_kernel
from mgu.train.device_nadam import DeviceNAdam


def build_nadam(
    parameters: Iterable[nn.Parameter] | Iterable[dict[str, Any]],
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    momentum_decay: float,
    one_pass: bool = True,
) -> optim.NAdam:
    """Builds the optimizer; where parameters have weight decay, it is torch's own, and decays as AdamW does.

    Args:
        parameters: What is trained, or groups of it, which may have weight decay.
        lr: Initial learning rate.
        beta1: Decay of the running mean of gradients.
        beta2: Decay of the running mean of their squares.
        eps: Constant added to the denominator.
        momentum_decay: Decay of the momentum schedule.
        one_pass: Whether to use OnePassNAdam, or DeviceNAdam on CUDA, and not torch's own.

    Returns:
        The optimizer before its first step.
    """
    groups: list[Any] = list(parameters)
    betas = beta1, beta2
    if any(isinstance(group, dict) and group.get("weight_decay") for group in groups):
        return optim.NAdam(groups, lr, betas, eps, momentum_decay=momentum_decay, decoupled_weight_decay=True)
    kind: type[optim.NAdam] = optim.NAdam
    if one_pass:
        first = groups[0]["params"][0] if isinstance(groups[0], dict) else groups[0]
        kind = DeviceNAdam if first.is_cuda else OnePassNAdam
    return kind(groups, lr=lr, betas=betas, eps=eps, momentum_decay=momentum_decay)


class OnePassNAdam(optim.NAdam):
    """Computes the steps of torch.optim.NAdam by nadam.c: the same state, and the same numbers up to rounding.

    It does so on the CPU, with a C compiler. All else (weight decay, sparse or half-precision gradients) it leaves to
    torch. The arguments are those of torch.optim.NAdam.
    """

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Updates the parameters; `closure`, if given, is called first, and its result returned, as in torch."""
        for before in (*_global_optimizer_pre_hooks.values(), *self._optimizer_step_pre_hooks.values()):
            before(self, (), {})
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self._update()
        for after in (*self._optimizer_step_post_hooks.values(), *_global_optimizer_post_hooks.values()):
            after(self, (), {})
        return loss

    step.hooked = True  # type: ignore[attr-defined]  # else torch wraps it in a record for its profiler, which is slow

    def _update(self) -> None:
        """Updates all groups by the compiled step, or all by torch's own."""
        trained = [[p for p in group["params"] if p.grad is not None] for group in self.param_groups]
        groups = [self._compile(number, parameters) for number, parameters in enumerate(trained) if parameters]
        if None in groups:
            return _plain_step(self)
        having = [pair for pair in zip(trained, self.param_groups, strict=True) if pair[0]]
        for group, (parameters, settings) in zip(groups, having, strict=True):
            assert group
            group.update(parameters, settings)
        return None

    def _compile(self, number: int, parameters: list[nn.Parameter]) -> CompiledGroup | None:
        """Returns the compiled step for those of a group that have a gradient; None where torch must take it."""
        settings = self.param_groups[number]
        compiled: dict[int, CompiledGroup] = self.__dict__.setdefault("_compiled", {})
        if number in compiled and can_compile(settings) and compiled[number].is_current(parameters, self.state):
            return compiled[number]
        self._init_group(settings, [], [], [], [], [], [])
        compiled.pop(number, None)
        if kernel := find_kernel(settings, parameters, self.state):
            compiled[number] = CompiledGroup(kernel, parameters, self.state)
        return compiled.get(number)


def _plain_step(optimizer: optim.NAdam) -> None:
    """Takes torch's own step without its hooks, which have been called around ours already."""
    step: Any = optim.NAdam.step
    if getattr(step, "hooked", False):
        step = step.__wrapped__
    step(optimizer)

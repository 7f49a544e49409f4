"""Optimizers from their configuration: torch's own AdamW and SGD, the paper's Nadam, and one of the user's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from mgu.config.optimizers import AdamWConfig, MomentumConfig, PlainOptimizer, PythonOptimizerConfig, SGDConfig
from mgu.train.nadam import build_nadam
from mgu.train.own_optimizer import import_optimizer
from mgu.train.without_compiler import leave_compiler_out


def build_optimizer(config: PlainOptimizer, parameters: Iterable[nn.Parameter], one_pass: bool = True) -> Optimizer:
    """Builds the configured optimizer.

    Args:
        config: Its kind and values.
        parameters: What is trained, on one device.
        one_pass: Whether Nadam may be computed by kernels of our own, see mgu/train/nadam.py.

    Returns:
        The optimizer before its first step.

    Raises:
        UserError: The user's own cannot be found or made.
    """
    leave_compiler_out()
    groups = decay_groups(list(parameters), config.weight_decay)
    if isinstance(config, AdamWConfig):
        return AdamW(groups, lr=config.lr, betas=(config.beta1, config.beta2), eps=config.eps, fused=_can_fuse(groups))
    if isinstance(config, SGDConfig | MomentumConfig):
        nesterov = isinstance(config, SGDConfig) and config.nesterov
        return SGD(groups, lr=config.lr, momentum=config.momentum, nesterov=nesterov, fused=_can_fuse(groups))
    if isinstance(config, PythonOptimizerConfig):
        return import_optimizer(config, groups)
    return build_nadam(
        groups, config.lr, config.beta1, config.beta2, config.eps, config.momentum_decay, one_pass=one_pass
    )


def decay_groups(parameters: list[nn.Parameter], weight_decay: float | None) -> list[dict[str, Any]]:
    """Divides parameters into those with and those without weight decay.

    Vectors and single numbers (biases, weights of norms, constant gates) have none: they are few, cannot overfit, and
    decay would draw a norm's weights from 1 to 0.

    Args:
        parameters: All parameters of a model.
        weight_decay: That of the others; None: as the optimizer decides.

    Returns:
        Parameter groups as torch takes them; one where nothing decays.
    """
    if weight_decay is None:
        return [{"params": parameters}]
    if not weight_decay:
        return [{"params": parameters, "weight_decay": 0.0}]
    decayed = [p for p in parameters if p.dim() > 1]
    others = [p for p in parameters if p.dim() <= 1]
    groups = ({"params": decayed, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0})
    return [group for group in groups if group["params"]]


def _can_fuse(groups: list[dict[str, Any]]) -> bool:
    """Tells whether torch has one kernel for all parameters: on CPU and CUDA, for floating-point numbers."""
    return all(p.device.type in ("cpu", "cuda") and p.is_floating_point() for group in groups for p in group["params"])

"""Nadam, as Keras 2 has it.

T. Dozat (2016): Incorporating Nesterov momentum into Adam, https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn, optim
from torch.autograd.graph import increment_version

from mgu.native.library import REALS, load, threads_for
from mgu.train.device_nadam import DeviceNAdam

SOURCE = Path(__file__).with_name("nadam.c")
VALUES_PER_THREAD = 20_000


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


class Parameter(ctypes.Structure):
    """Mirrors `struct parameter` of nadam.c; mgu/native/layout.py checks that it does."""

    _fields_ = (
        ("size", ctypes.c_long),
        *((name, ctypes.c_void_p) for name in ("values", "mean", "square", "gradient", "step", "mu_product")),
    )


class OnePassNAdam(optim.NAdam):
    """Computes the steps of torch.optim.NAdam by nadam.c: the same state, and the same numbers up to rounding.

    It does so on the CPU, with a C compiler. All else (weight decay, sparse or half-precision gradients) it leaves to
    torch. The arguments are those of torch.optim.NAdam.
    """

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Updates the parameters; `closure`, if given, is called first, and its result returned, as in torch."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        todo = []
        for group in self.param_groups:
            tensors = self._tensors_of(group)
            kernel = _find_kernel(group, tensors)
            if kernel is None:
                _plain_step(self)
                return loss
            todo.append((kernel, group, tensors))
        for kernel, group, tensors in todo:
            _step(kernel, group, tensors)
            increment_version([each[0] for each in tensors])  # a graph that still needs the old values will say so
        return loss

    def _tensors_of(self, group: dict[str, Any]) -> list[tuple[Tensor, ...]]:
        """Returns value, mean, square, gradient, step and mu product of each parameter that has a gradient."""
        parts: tuple[list[Tensor], ...] = ([], [], [], [], [], [])
        parameters, gradients, means, squares, products, steps = parts
        self._init_group(group, parameters, gradients, means, squares, products, steps)
        return list(zip(parameters, means, squares, gradients, steps, products, strict=True))


def _plain_step(optimizer: optim.NAdam) -> None:
    """Takes torch's own step without its hooks, which have been called around ours already."""
    step = optim.NAdam.step
    step = step.__wrapped__ if getattr(step, "hooked", False) else step  # type: ignore[attr-defined]
    step(optimizer)


def _find_kernel(group: dict[str, Any], tensors: list[tuple[Tensor, ...]]) -> ctypes.CDLL | None:
    """Returns the compiled step for these tensors; None where it is not made for them."""
    if group["weight_decay"] or group["maximize"] or group["capturable"] or group["differentiable"] or not tensors:
        return None
    dtype = tensors[0][0].dtype
    if dtype not in REALS or not all(_fits(dtype, *each) for each in tensors):
        return None
    return load(SOURCE, Parameter, REAL=REALS[dtype])


def _fits(dtype: torch.dtype, p: Tensor, mean: Tensor, square: Tensor, g: Tensor, step: Tensor, mu: Tensor) -> bool:
    """Tells whether the compiled step can take one parameter and its state."""
    if not p.is_cpu or g.is_sparse or any(tensor.dtype != dtype for tensor in (p, mean, square, g)):
        return False
    if not p.numel() == mean.numel() == square.numel() == g.numel() or not step.numel() == mu.numel() == 1:
        return False
    if not step.dtype == mu.dtype == torch.float32:  # loading a state puts mu in the parameter's precision
        return False
    if p.is_contiguous():
        return g.is_contiguous() and mean.is_contiguous() and square.is_contiguous()
    is_dense = p.dim() == 4 and p.is_contiguous(memory_format=torch.channels_last)
    return is_dense and p.stride() == g.stride() == mean.stride() == square.stride()


def _step(kernel: ctypes.CDLL, group: dict[str, Any], tensors: list[tuple[Tensor, ...]]) -> None:
    """Updates the parameters of one group by the compiled step."""
    described = (Parameter * len(tensors))(
        *(Parameter(each[0].numel(), *(tensor.data_ptr() for tensor in each)) for each in tensors)
    )
    size = sum(each[0].numel() for each in tensors)
    threads = threads_for(size, VALUES_PER_THREAD)
    numbers = (float(group["lr"]), *group["betas"], group["eps"], group["momentum_decay"])
    count = ctypes.c_long(len(tensors))
    if kernel.nadam_step(described, count, *map(ctypes.c_double, numbers), ctypes.c_long(threads)):
        raise MemoryError(f"Nadam has no working memory for {len(tensors)} parameters")

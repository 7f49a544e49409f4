"""The compiled step of Nadam: what nadam.c is called with for one group of parameters.

A small network has so few numbers that checking its tensors would take longer than updating them. They are checked
once, and again when one of them has changed its place in memory.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from itertools import chain
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import increment_version

from mgu.native.library import REALS, load, threads_for

SOURCE = Path(__file__).with_name("nadam.c")
VALUES_PER_THREAD = 20_000

State = Mapping[Tensor, dict[str, Tensor]]  # by parameter, as torch.optim.NAdam has it
MOMENTS = itemgetter("exp_avg", "exp_avg_sq", "step", "mu_product")
GRADIENT, KIND = attrgetter("grad"), attrgetter("dtype", "shape")


class Parameter(ctypes.Structure):
    """Mirrors `struct parameter` of nadam.c; mgu/native/layout.py checks that it does."""

    _fields_ = (
        ("size", ctypes.c_long),
        *((name, ctypes.c_void_p) for name in ("values", "mean", "square", "step", "mu_product")),
    )


class CompiledGroup:
    """Updates the parameters of one group by nadam.c, as long as all of its tensors stay where they are.

    Args:
        kernel: What `find_kernel` found for the group.
        parameters: Those of the group that have a gradient.
        state: State of the optimizer.
    """

    def __init__(self, kernel: ctypes.CDLL, parameters: Sequence[Tensor], state: State) -> None:
        self.kernel, self._moments = kernel, [state[p] for p in parameters]
        self._held = [*parameters, *state.values()]  # so that nothing else gets their identity
        self._seen = self._look(parameters, state)
        addresses = [[p.data_ptr(), *(tensor.data_ptr() for tensor in _state_of(p, state))] for p in parameters]
        sizes = [p.numel() for p in parameters]
        self.table = (Parameter * len(sizes))(*(Parameter(s, *a) for s, a in zip(sizes, addresses, strict=True)))
        self.gradients = (ctypes.c_void_p * len(sizes))()
        self.threads = threads_for(sum(sizes), VALUES_PER_THREAD)

    def is_current(self, parameters: Sequence[Tensor], state: State) -> bool:
        """Tells whether these are the parameters of the group, with gradients and state as it knows them."""
        try:
            return self._seen == self._look(parameters, state)
        except (KeyError, RuntimeError):  # somebody emptied a state, or a gradient is sparse, which has no strides
            return False

    def _look(self, parameters: Sequence[Tensor], state: State) -> list[Any]:
        """Returns what must be as it was for the compiled step to be called as before."""
        return [
            *map(id, parameters),
            *map(id, state.values()),
            *map(Tensor.data_ptr, (*parameters, *chain.from_iterable(map(MOMENTS, self._moments)))),
            *map(KIND, parameters),
            *map(Tensor.stride, parameters),
            *map(Tensor.stride, map(GRADIENT, parameters)),
        ]

    def update(self, parameters: Sequence[Tensor], settings: Mapping[str, Any]) -> None:
        """Takes one step by the settings of the group. Raises MemoryError without working memory."""
        self.gradients[:] = [*map(Tensor.data_ptr, map(GRADIENT, parameters))]
        numbers = (float(settings["lr"]), *settings["betas"], settings["eps"], settings["momentum_decay"])
        count, threads = ctypes.c_long(len(self.gradients)), ctypes.c_long(self.threads)
        if self.kernel.nadam_step(self.table, self.gradients, count, *map(ctypes.c_double, numbers), threads):
            raise MemoryError(f"Nadam has no working memory for {len(self.gradients)} parameters")
        increment_version(parameters)  # a graph that still needs the old values will say so


def find_kernel(settings: Mapping[str, Any], parameters: Sequence[Tensor], state: State) -> ctypes.CDLL | None:
    """Finds the compiled step for a group of parameters.

    Args:
        settings: Settings of the group, as torch.optim.NAdam has them.
        parameters: Those that have a gradient.
        state: State of the optimizer.

    Returns:
        The library of nadam.c for their precision; None where it is not made for them, or there is no compiler.
    """
    if not can_compile(settings) or not parameters:
        return None
    dtype = parameters[0].dtype
    if dtype not in REALS or not all(_fits(dtype, p, *_state_of(p, state)) for p in parameters):
        return None
    return load(SOURCE, Parameter, REAL=REALS[dtype])


def can_compile(settings: Mapping[str, Any]) -> bool:
    """Tells whether a group has settings that the compiled step knows.

    Args:
        settings: Settings of the group, as torch.optim.NAdam has them.

    Returns:
        False with weight decay, and with what only torch's own step does.
    """
    return not any(settings[name] for name in ("weight_decay", "maximize", "capturable", "differentiable"))


def _state_of(parameter: Tensor, state: State) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Returns the state of one parameter in the order of `struct parameter`."""
    mean, square, step, product = MOMENTS(state[parameter])
    return mean, square, step, product


def _fits(dtype: torch.dtype, p: Tensor, mean: Tensor, square: Tensor, step: Tensor, mu: Tensor) -> bool:
    """Tells whether the compiled step can take one parameter with its gradient and its state."""
    g = p.grad
    assert g is not None
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

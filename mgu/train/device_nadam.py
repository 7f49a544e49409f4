"""Nadam for a GPU: all parameters in a dozen kernels, and in a form that a CUDA graph can record.

torch's own either computes the coefficients of a step on the host, again for each parameter, where a graph would keep
those of the step it was recorded in; or, with `capturable`, in scalars on the device, by several kernels for every
parameter. Here the host computes them once a step, in double precision, and the kernels read three numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn, optim


class DeviceNAdam(optim.NAdam):
    """Computes the steps of torch.optim.NAdam: the same state, and the same numbers up to rounding.

    Every parameter must have a gradient in every step. A step is `advance`, which the host computes, and then `update`,
    which only launches kernels, always the same ones on the same tensors, so that a graph can record them.

    Args:
        parameters: What is trained, on one device.
        lr: Learning rate.
        betas: Decay of the running mean of gradients, and of the running mean of their squares.
        eps: Constant added to the denominator.
        momentum_decay: Decay of the momentum schedule.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        lr: float,
        betas: tuple[float, float],
        eps: float,
        momentum_decay: float,
    ) -> None:
        super().__init__(parameters, lr=lr, betas=betas, eps=eps, momentum_decay=momentum_decay)
        first = self.param_groups[0]["params"][0]
        self._coefficients = torch.zeros(3, dtype=first.dtype, device=first.device)
        self._count: Tensor | None = None

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Updates the parameters; `closure`, if given, is called first, and its result returned, as in torch."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self.advance()
        self.update()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """Returns the state as torch does, each parameter with its own counters: other optimizers need them."""
        content = super().state_dict()
        counters = ("step", "mu_product")
        content["state"] = {
            key: state | {name: state[name].clone() for name in counters} for key, state in content["state"].items()
        }
        return content

    @torch.no_grad()
    def advance(self) -> None:
        """Counts a step, and writes its coefficients at the present learning rate; does not wait for the device."""
        (group,) = self.param_groups
        state = self.state[group["params"][0]]
        if self._count is None or state.get("step") is not self._count:
            self._share_counters(group["params"])
        count, product = state["step"], state["mu_product"]  # on the host
        beta1, beta2 = group["betas"]
        count += 1
        step = count.item()
        mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (t * group["momentum_decay"])) for t in (step, step + 1))
        product *= mu
        of_gradient = -group["lr"] * (1 - mu) / (1 - product.item())
        of_mean = -group["lr"] * mu_next / (1 - product.item() * mu_next)
        for coefficient, value in zip(
            self._coefficients, (of_gradient, of_mean, math.sqrt(1 - beta2**step)), strict=True
        ):
            coefficient.fill_(value)

    @torch.no_grad()
    def update(self) -> None:
        """Updates the parameters by the coefficients that `advance` has written."""
        (group,) = self.param_groups
        parameters, (beta1, beta2) = group["params"], group["betas"]
        gradients = [p.grad for p in parameters]
        means, squares = ([self.state[p][name] for p in parameters] for name in ("exp_avg", "exp_avg_sq"))
        of_gradient, of_mean, correction = self._coefficients.unbind()
        torch._foreach_lerp_(means, gradients, 1 - beta1)
        torch._foreach_mul_(squares, beta2)
        torch._foreach_addcmul_(squares, gradients, gradients, 1 - beta2)
        roots = torch._foreach_sqrt(squares)
        torch._foreach_div_(roots, correction)
        torch._foreach_add_(roots, group["eps"])
        moves = torch._foreach_mul(gradients, of_gradient)
        torch._foreach_add_(moves, torch._foreach_mul(means, of_mean))
        torch._foreach_addcdiv_(parameters, moves, roots)

    def _share_counters(self, parameters: list[nn.Parameter]) -> None:
        """Has all parameters count in the same two tensors, at the first step or after a state was loaded."""
        states = [self.state[p] for p in parameters]
        if not any(states):
            count, product = torch.tensor(0.0), torch.tensor(1.0)
            for p, state in zip(parameters, states, strict=True):
                state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(p), torch.zeros_like(p)
        else:
            if len({float(state.get("step", 0)) for state in states}) > 1:
                raise ValueError("parameters must all have been stepped equally often. Use torch.optim.NAdam.")
            count, product = (states[0][name].cpu().clone() for name in ("step", "mu_product"))
        for state in states:
            state["step"], state["mu_product"] = count, product
        self._count = count

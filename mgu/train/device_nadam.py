"""Nadam for a GPU: all parameters in a dozen kernels, and in a form that a CUDA graph can hold.

torch's own either works out the sizes of a step on the host, anew for each parameter, where a graph would keep those
of the step it was recorded in; or, capturable, in scalars on the device, several kernels for every parameter. Here the
host works them out once a step, in double precision, and puts three numbers where the kernels find them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn, optim


class DeviceNAdam(optim.NAdam):
    """torch.optim.NAdam with its state and its numbers to rounding; every parameter has a gradient in every step.

    A step is `advance`, which the host does, and then `update`, which only launches kernels, always the same ones on
    the same tensors: that is what a graph may hold.
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
        self._sizes = torch.zeros(3, dtype=first.dtype, device=first.device)
        self._count: Tensor | None = None

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """As in torch: `closure`, if given, is called first, and what it returns is returned."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self.advance()
        self.update()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """As torch's, each parameter with counters of its own: other optimizers count in each of them."""
        content = super().state_dict()
        counters = ("step", "mu_product")
        content["state"] = {
            key: state | {name: state[name].clone() for name in counters} for key, state in content["state"].items()
        }
        return content

    @torch.no_grad()
    def advance(self) -> None:
        """Count a step, and put its sizes, at the rate of now, where `update` finds them. Waits for nothing."""
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
        for size, value in zip(self._sizes, (of_gradient, of_mean, math.sqrt(1 - beta2**step)), strict=True):
            size.fill_(value)

    @torch.no_grad()
    def update(self) -> None:
        """Move the parameters by the sizes that `advance` left."""
        (group,) = self.param_groups
        parameters, (beta1, beta2) = group["params"], group["betas"]
        gradients = [p.grad for p in parameters]
        means, squares = ([self.state[p][name] for p in parameters] for name in ("exp_avg", "exp_avg_sq"))
        of_gradient, of_mean, correction = self._sizes.unbind()
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
        """Have all parameters count in the same two tensors, for they step together; begin, or go on after a load."""
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

"""Path-SGD: steepest descent in a geometry that rescaling a hidden unit leaves alone (Neyshabur et al. 2016).

Each entry of the gradient is divided by its kappa, see path_norm.py, which weights determine and data do not:

    p <- p - lr * ratio * g / (kappa + floor * max(kappa))

kappa spans many orders of magnitude, so that the learning rate alone would have no natural scale. `ratio` is the length
of the gradient over that of the divided one, as the authors' code for feed-forward networks measures it once; here also
anew every so many steps. The floor is ours: without it the entries that hardly any path uses set the scale of all.
Neither is the same for a rescaled network: the geometry is exact without a ratio, without a floor, and for gradients
that nothing clips.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from mgu.config.optimizers import PathSGDConfig
from mgu.train.path_norm import PathNorm

log = logging.getLogger(__name__)


class PathSGD(Optimizer):
    """Divides gradients by kappa. All that a step depends on is in the state: kappa, ratio and number of steps.

    A step whose kappa is not finite, because the squared weights of a long sequence overflow, is left out and counted.

    Args:
        paths: Computes kappa of the parameters.
        lr: Learning rate.
        is_full: Whether kappa counts paths that use a weight more than once.
        floor: Share of the largest kappa of a tensor that is added to all of its entries; 0: as published.
        rescale_every: Steps between two measurements of the ratio; None: it is measured once, as published; 0: it is 1.
        every: Steps between two computations of kappa.
    """

    def __init__(
        self, paths: PathNorm, lr: float, is_full: bool, floor: float, rescale_every: int | None, every: int
    ) -> None:
        group = {"params": paths.parameters, "steps": 0, "skipped": 0, "ratio": 1.0, "is_finite": True}
        super().__init__([group], {"lr": lr})
        self.paths, self.is_full, self.floor = paths, is_full, floor
        self.rescale_every, self.every = rescale_every, every

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]  # there is no loss
        """Takes a step; `closure` is not called."""
        group = self.param_groups[0]
        done = group["steps"]
        if done % self.every == 0:
            self._compute_kappa(group)
        group["steps"] = done + 1
        used = [parameter for parameter in group["params"] if parameter.grad is not None]
        gradients = [parameter.grad.double() for parameter in used]
        divisors = [self.state[parameter]["kappa"] for parameter in used]
        updates = [_divide(gradient, kappa) for gradient, kappa in zip(gradients, divisors, strict=True)]
        length = _length(updates)
        if not (group["is_finite"] and torch.isfinite(length)):
            group["skipped"] += 1
            if group["skipped"] == 1:
                log.warning("step %d is left out: kappa or the gradient is not finite", done + 1)
            return
        if self._is_measured(done, is_first=done == group["skipped"]):  # the first of those that count
            group["ratio"] = float(_length(gradients) / length) if length > 0 else 1.0
        for parameter, update in zip(used, updates, strict=True):
            parameter.sub_(update.mul_(group["lr"] * group["ratio"]).to(parameter.dtype))

    def _is_measured(self, done: int, is_first: bool) -> bool:
        """Tells whether the ratio is measured at a step."""
        if self.rescale_every is None:
            return is_first
        return self.rescale_every > 0 and (is_first or done % self.rescale_every == 0)

    def _compute_kappa(self, group: dict[str, Any]) -> None:
        """Computes kappa anew, with its floor."""
        totals = [kappa.total for kappa in self.paths.kappas(self.is_full)]
        group["is_finite"] = all(bool(total.isfinite().all()) for total in totals)
        for parameter, total in zip(group["params"], totals, strict=True):
            self.state[parameter]["kappa"] = total + self.floor * total.max() if self.floor else total

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continues from a state; torch would cast kappa to the precision of the weights."""
        exact = [state_dict["state"][number]["kappa"] for number in sorted(state_dict["state"])]
        super().load_state_dict(state_dict)
        for parameter, kappa in zip(self.param_groups[0]["params"], exact, strict=False):
            self.state[parameter]["kappa"] = kappa.to(parameter.device)


def build_path_sgd(config: PathSGDConfig, model: nn.Module, shape: Sequence[int]) -> PathSGD:
    """Builds the optimizer of a network.

    Args:
        config: Its values.
        model: A positively homogeneous network, see mgu/config/path_sgd.py.
        shape: Shape of an example, without the batch.

    Returns:
        The optimizer before its first step.
    """
    paths = PathNorm(model, shape)
    return PathSGD(paths, config.lr, config.kappa == "full", config.floor, config.rescale_every, config.every)


def describe_skipped(optimizer: PathSGD) -> str:
    """Describes the steps that path-SGD left out, for the log of a run.

    Args:
        optimizer: The optimizer after training.

    Returns:
        A sentence and what to do; "" where no step was left out.
    """
    group = optimizer.param_groups[0]
    if not group["skipped"]:
        return ""
    return (
        f"path-SGD left out {group['skipped']} of {group['steps']} steps, for kappa or the gradient was not finite. "
        "Pass training.clip_norm=1, or a smaller optimizer.lr."
    )


def _divide(gradient: Tensor, kappa: Tensor) -> Tensor:
    """Divides by kappa; an entry that no path uses has no gradient and stays as it is."""
    return torch.where(kappa == 0, 0.0, gradient / kappa)


def _length(tensors: list[Tensor]) -> Tensor:
    """Returns the norm of all entries together, ()."""
    length: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(tensors)))
    return length

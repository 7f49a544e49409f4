"""Central differences of a layer in random directions of its input and all of its weights at once."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def largest_error(layer: nn.Module, x: Tensor, directions: int = 4, step: float = 1e-5) -> float:
    """Returns the largest relative error of the gradient of a random function of the output; double precision."""
    parameters = [x.requires_grad_(), *layer.parameters()]
    probe = torch.randn_like(layer(x))
    gradients = torch.autograd.grad((layer(x) * probe).sum(), parameters)
    errors = []
    for _ in range(directions):
        ways = [torch.randn_like(p) for p in parameters]
        expected = sum(float((g * way).sum()) for g, way in zip(gradients, ways, strict=True))
        values = []
        with torch.no_grad():
            for sign in (1, -2):
                for p, way in zip(parameters, ways, strict=True):
                    p.add_(way, alpha=sign * step)
                values.append(float((layer(x) * probe).sum()))
            for p, way in zip(parameters, ways, strict=True):
                p.add_(way, alpha=step)
        found = (values[0] - values[1]) / (2 * step)
        errors.append(abs(found - expected) / max(abs(expected), 1.0))
    return max(errors)

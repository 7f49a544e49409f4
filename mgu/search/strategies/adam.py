"""Adam (Kingma and Ba 2015) on arrays: the parent process of a search imports no torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]


class Adam:
    """Minimises by Adam, with the defaults of https://arxiv.org/abs/1412.6980 but the rate.

    Args:
        parameters: Arrays by name, which are changed in place.
        rate: Learning rate.
        clip: Largest norm of all gradients together, to which longer ones are clipped; None: they are not.
    """

    def __init__(self, parameters: dict[str, Array], rate: float, clip: float | None = None) -> None:
        self.parameters, self.rate, self.clip = parameters, rate, clip
        self.mean = {name: np.zeros_like(parameter) for name, parameter in parameters.items()}
        self.square = {name: np.zeros_like(parameter) for name, parameter in parameters.items()}
        self.steps = 0

    def step(self, gradients: Mapping[str, Array]) -> None:
        """Takes one step against the gradients."""
        norm = math.sqrt(sum(float((gradient**2).sum()) for gradient in gradients.values()))
        factor = self.clip / norm if self.clip is not None and norm > self.clip else 1.0
        self.steps += 1
        for name, gradient in gradients.items():
            self.mean[name] += 0.1 * (factor * gradient - self.mean[name])
            self.square[name] += 0.001 * ((factor * gradient) ** 2 - self.square[name])
            mean = self.mean[name] / (1 - 0.9**self.steps)
            square = self.square[name] / (1 - 0.999**self.steps)
            self.parameters[name] -= self.rate * mean / (np.sqrt(square) + 1e-8)


def softmax(logits: Array, allowed: Array) -> Array:
    """Returns probabilities along the last axis; those of what is not allowed are 0.

    Args:
        logits: Any numbers.
        allowed: 1 where an action is allowed, at least once a row; else 0.
    """
    masked = np.where(allowed > 0, logits, -np.inf)
    exponentials = np.exp(masked - masked.max(axis=-1, keepdims=True))
    probabilities: Array = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return probabilities

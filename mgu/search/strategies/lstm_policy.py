"""A recurrent policy over points of a space: an LSTM with heads for numbers and for choices, and its gradients by hand.

LSTM: Hochreiter and Schmidhuber 1997; REINFORCE: Williams 1992, https://doi.org/10.1007/BF00992696
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mgu.search.strategies.adam import Array, softmax

LOG_SIGMA = (-4.0, -0.5)  # bounds of the logarithm of the deviation of numbers in 0..1
ENTROPY = 0.01  # weight of the policy's entropy in the loss


class Shape(NamedTuple):
    """Holds the sizes of a policy.

    Attributes:
        inputs: Numbers of a state.
        numbers: How many numbers in 0..1 are drawn.
        choices: How many values each choice has.
        hidden: Units of the LSTM.
    """

    inputs: int
    numbers: int
    choices: tuple[int, ...]
    hidden: int


class Episode(NamedTuple):
    """Holds the actions of one episode.

    Attributes:
        states: The state before each action, (T, D).
        numbers: The numbers as they were drawn, before they were cut to 0..1, (T, N).
        choices: The place of each choice, (T, number of choices).
    """

    states: Array
    numbers: Array
    choices: Array


class LstmPolicy:
    """Maps the states of an episode to distributions of actions.

    Args:
        shape: Its sizes.
        generator: Draws the initial weights.
    """

    def __init__(self, shape: Shape, generator: np.random.Generator) -> None:
        self.shape = shape
        hidden = shape.hidden

        def draw(fan_in: int, fan_out: int) -> Array:
            limit = np.sqrt(6 / (fan_in + fan_out))
            return generator.uniform(-limit, limit, (fan_in, fan_out))

        self.weights = {
            "input": draw(shape.inputs, 4 * hidden),
            "recurrent": draw(hidden, 4 * hidden),
            "bias": np.zeros(4 * hidden),
            "mean": draw(hidden, shape.numbers),
            "mean_bias": np.zeros(shape.numbers),
            "log_sigma": np.full(shape.numbers, -1.5),
            "choice": draw(hidden, sum(shape.choices)),
            "choice_bias": np.zeros(sum(shape.choices)),
        }

    def forward(self, states: Array) -> tuple[list[tuple[Array, ...]], Array, Array]:
        """Returns the steps of the LSTM, the means of the numbers (T, N), and the logits of the choices (T, M)."""
        weights, hidden = self.weights, self.shape.hidden
        h, c = np.zeros(hidden), np.zeros(hidden)
        steps: list[tuple[Array, ...]] = []
        for x in states:
            sums = x @ weights["input"] + h @ weights["recurrent"] + weights["bias"]
            gates = 1 / (1 + np.exp(-sums[: 3 * hidden]))
            i, f, o, g = gates[:hidden], gates[hidden : 2 * hidden], gates[2 * hidden :], np.tanh(sums[3 * hidden :])
            before_h, before_c = h, c
            c = f * c + i * g
            h = o * np.tanh(c)
            steps.append((x, before_h, before_c, i, f, o, g, c, h))
        outputs = np.array([step[-1] for step in steps])
        means = 1 / (1 + np.exp(-(outputs @ weights["mean"] + weights["mean_bias"])))
        return steps, means, outputs @ weights["choice"] + weights["choice_bias"]

    def probabilities(self, logits: Array) -> list[Array]:
        """Returns the probabilities of each choice, (T, values) each."""
        if not self.shape.choices:
            return []
        parts = np.split(logits, np.cumsum(self.shape.choices)[:-1], axis=1)
        return [softmax(part, np.ones_like(part)) for part in parts]

    def log_probabilities(self, episode: Episode) -> Array:
        """Returns the logarithm of the density of each action, (T,)."""
        _, means, logits = self.forward(episode.states)
        log_sigma = self.weights["log_sigma"]
        normal = -0.5 * ((episode.numbers - means) / np.exp(log_sigma)) ** 2 - log_sigma - 0.5 * np.log(2 * np.pi)
        total: Array = normal.sum(axis=1)
        for choice, probs in enumerate(self.probabilities(logits)):
            total = total + np.log(probs[np.arange(len(probs)), episode.choices[:, choice].astype(int)])
        return total

    def loss(self, episode: Episode, advantages: Array) -> float:
        """Returns the sum over the actions of -log pi * advantage - 0.01 * entropy."""
        _, _, logits = self.forward(episode.states)
        entropy = len(episode.states) * (self.weights["log_sigma"] + 0.5 * np.log(2 * np.pi * np.e)).sum()
        entropy -= sum((probs * np.log(probs)).sum() for probs in self.probabilities(logits))
        return float(-(self.log_probabilities(episode) * advantages).sum() - ENTROPY * entropy)

    def gradients(self, episode: Episode, advantages: Array) -> dict[str, Array]:
        """Returns the gradients of the loss."""
        steps, means, logits = self.forward(episode.states)
        outputs = np.array([step[-1] for step in steps])
        sigma, errors = np.exp(self.weights["log_sigma"]), episode.numbers - means
        weight = advantages[:, None]
        d_means = -weight * errors / sigma**2 * means * (1 - means)
        d_log_sigma = (weight * (1 - (errors / sigma) ** 2) - ENTROPY).sum(axis=0)
        d_logits = np.concatenate([np.zeros((len(steps), 0)), *self._of_choices(logits, episode, weight)], axis=1)
        d_outputs = d_means @ self.weights["mean"].T + d_logits @ self.weights["choice"].T
        return self._through_time(steps, d_outputs) | {
            "mean": outputs.T @ d_means,
            "mean_bias": d_means.sum(axis=0),
            "log_sigma": d_log_sigma,
            "choice": outputs.T @ d_logits,
            "choice_bias": d_logits.sum(axis=0),
        }

    def _of_choices(self, logits: Array, episode: Episode, weight: Array) -> list[Array]:
        gradients = []
        for choice, probs in enumerate(self.probabilities(logits)):
            chosen = np.zeros_like(probs)
            chosen[np.arange(len(probs)), episode.choices[:, choice].astype(int)] = 1.0
            entropy = -(probs * np.log(probs)).sum(axis=1, keepdims=True)
            gradients.append(weight * (probs - chosen) + ENTROPY * probs * (np.log(probs) + entropy))
        return gradients

    def _through_time(self, steps: Sequence[tuple[Array, ...]], d_outputs: Array) -> dict[str, Array]:
        """Computes the gradients of the LSTM's weights by backpropagation through time, from those of its outputs."""
        weights = self.weights
        gradients = {name: np.zeros_like(weights[name]) for name in ("input", "recurrent", "bias")}
        d_h, d_c = np.zeros(self.shape.hidden), np.zeros(self.shape.hidden)
        for (x, before_h, before_c, i, f, o, g, c, _), d_out in zip(reversed(steps), d_outputs[::-1], strict=True):
            d_h = d_h + d_out
            d_c = d_c + d_h * o * (1 - np.tanh(c) ** 2)
            d_sums = np.concatenate(
                [
                    d_c * g * i * (1 - i),
                    d_c * before_c * f * (1 - f),
                    d_h * np.tanh(c) * o * (1 - o),
                    d_c * i * (1 - g**2),
                ]
            )
            gradients["input"] += np.outer(x, d_sums)
            gradients["recurrent"] += np.outer(before_h, d_sums)
            gradients["bias"] += d_sums
            d_h, d_c = weights["recurrent"] @ d_sums, d_c * f
        return gradients

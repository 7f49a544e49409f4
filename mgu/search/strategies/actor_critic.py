"""The actor and the critic of N-A2C: one hidden layer with two heads, and the gradients of their loss by hand."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mgu.search.strategies.adam import Array, softmax

ENTROPY = 0.01  # weight of the policy's entropy in the loss


class Batch(NamedTuple):
    """Holds transitions.

    Attributes:
        states: Encoded points before the moves, (B, D).
        moves: Places of the moves, (B,).
        allowed: 1 for moves that were allowed, (B, M).
        rewards: Normalised rewards, (B,).
    """

    states: Array
    moves: Array
    allowed: Array
    rewards: Array


class ActorCritic:
    """Maps encoded points to a policy over moves and to the expected reward.

    Args:
        inputs: Numbers of an encoded point, D.
        moves: Number of moves, M.
        hidden: Units of the layer that both heads share.
        generator: Draws the initial weights.
    """

    def __init__(self, inputs: int, moves: int, hidden: int, generator: np.random.Generator) -> None:
        def glorot(fan_in: int, fan_out: int) -> Array:
            limit = np.sqrt(6 / (fan_in + fan_out))
            return generator.uniform(-limit, limit, (fan_in, fan_out))

        self.weights = {
            "hidden": glorot(inputs, hidden),
            "hidden_bias": np.zeros(hidden),
            "actor": glorot(hidden, moves),
            "actor_bias": np.zeros(moves),
            "critic": glorot(hidden, 1),
            "critic_bias": np.zeros(1),
        }

    def forward(self, states: Array) -> tuple[Array, Array, Array]:
        """Returns the hidden values (B, H), the logits (B, M) and the expected rewards (B,) of states (B, D)."""
        weights = self.weights
        hidden = np.maximum(states @ weights["hidden"] + weights["hidden_bias"], 0.0)
        values = (hidden @ weights["critic"] + weights["critic_bias"])[:, 0]
        return hidden, hidden @ weights["actor"] + weights["actor_bias"], values

    def loss(self, batch: Batch, advantages: Array | None = None) -> float:
        """Returns the mean of -log pi * advantage + 0.5 * (reward - value)^2 - 0.01 * entropy.

        Args:
            batch: The transitions.
            advantages: What weighs the log-probabilities, which is no function of the weights; None: reward - value.
        """
        _, logits, values = self.forward(batch.states)
        probs = softmax(logits, batch.allowed)
        errors = batch.rewards - values
        log_probs = np.log(np.where(probs > 0, probs, 1.0))
        chosen = log_probs[np.arange(len(probs)), batch.moves.astype(int)]
        entropy = -(probs * log_probs).sum(axis=1)
        weights = errors if advantages is None else advantages
        return float((-chosen * weights + 0.5 * errors**2 - ENTROPY * entropy).mean())

    def gradients(self, batch: Batch) -> dict[str, Array]:
        """Returns the gradients of the loss; the advantage that weighs the log-probabilities is a constant in it."""
        hidden, logits, values = self.forward(batch.states)
        probs, errors, count = softmax(logits, batch.allowed), batch.rewards - values, len(batch.states)
        chosen = np.zeros_like(probs)
        chosen[np.arange(count), batch.moves.astype(int)] = 1.0
        log_probs = np.log(np.where(probs > 0, probs, 1.0))
        entropy = -(probs * log_probs).sum(axis=1, keepdims=True)
        d_logits = ((probs - chosen) * errors[:, None] + ENTROPY * probs * (log_probs + entropy)) / count
        d_values = -errors[:, None] / count
        d_hidden = (d_logits @ self.weights["actor"].T + d_values @ self.weights["critic"].T) * (hidden > 0)
        return {
            "hidden": batch.states.T @ d_hidden,
            "hidden_bias": d_hidden.sum(axis=0),
            "actor": hidden.T @ d_logits,
            "actor_bias": d_logits.sum(axis=0),
            "critic": hidden.T @ d_values,
            "critic_bias": d_values.sum(axis=0),
        }

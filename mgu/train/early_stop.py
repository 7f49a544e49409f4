"""Early stopping on the validation score."""

from __future__ import annotations

from mgu.tasks.score import Score


class EarlyStop:
    """Tracks the best score; `stopped` once `patience` epochs have brought no better one (Keras' rule).

    Args:
        patience: Epochs without a better score.
        score: Which way is better.
    """

    def __init__(self, patience: int, score: Score) -> None:
        self.patience, self.score = patience, score
        self.best_score = score.worst
        self.best_epoch: int | None = None
        self.waited = 0

    def improved(self, epoch: int, value: float) -> bool:
        """Records the value of one epoch; returns whether it is the best so far. An equal value is no improvement."""
        if self.score.is_better(value, self.best_score):
            self.best_score, self.best_epoch, self.waited = value, epoch, 0
            return True
        self.waited += 1
        return False

    @property
    def stopped(self) -> bool:
        """Whether patience has run out."""
        return self.waited >= self.patience

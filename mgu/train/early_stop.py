"""Early stopping on a score."""

from __future__ import annotations

from mgu.tasks.score import Score


class EarlyStop:
    """Keeps the best score; `stopped` once `patience` epochs have gone by without a better one (Keras' rule)."""

    def __init__(self, patience: int, score: Score) -> None:
        self.patience, self.score = patience, score
        self.best_score = score.worst
        self.best_epoch: int | None = None
        self.waited = 0

    def improved(self, epoch: int, value: float) -> bool:
        """Take note of one epoch; True where it is the best so far. An equal value is no improvement."""
        if self.score.is_better(value, self.best_score):
            self.best_score, self.best_epoch, self.waited = value, epoch, 0
            return True
        self.waited += 1
        return False

    @property
    def stopped(self) -> bool:
        return self.waited >= self.patience

"""Early stopping on a score that should rise."""

from __future__ import annotations


class EarlyStop:
    """Keeps the best score; `stopped` once `patience` epochs have gone by without a better one (Keras' rule)."""

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.best_score = float("-inf")
        self.best_epoch: int | None = None
        self.waited = 0

    def improved(self, epoch: int, score: float) -> bool:
        """Take note of one epoch; True where it is the best so far. An equal score is no improvement."""
        if score > self.best_score:
            self.best_score, self.best_epoch, self.waited = score, epoch, 0
            return True
        self.waited += 1
        return False

    @property
    def stopped(self) -> bool:
        return self.waited >= self.patience

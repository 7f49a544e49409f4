"""Whether a finished run still computes what it did: what its own code reads or imports may have changed since."""

from __future__ import annotations

from mgu.errors import UserError
from mgu.factory.trained import TrainedRun
from mgu.tasks.score import SCORES
from mgu.train.loop import evaluate

MAX_CHANGE = 0.01  # of a share, or of an error itself; other devices and versions round otherwise
FEW = 1.5  # examples of a share: of fewer than 150, one is more than MAX_CHANGE
ROUNDING = 1e-6  # of an error that is almost 0


def check_unchanged(trained: TrainedRun) -> None:
    """Checks that a run has on its validation data the accuracy or the error that it had when it was trained.

    Args:
        trained: The run.

    Raises:
        UserError: It has another one, or its data cannot be had.
    """
    score, data, then = SCORES[trained.config.dataset.task], trained.splits.val, trained.result.val
    if then is None or (recorded := then.of(score)) is None:
        return
    metrics = evaluate(trained.model, data, trained.resolved.task, trained.config.training.eval_batch_size)
    found = metrics[score.metric]
    allowed = max(MAX_CHANGE, FEW / len(data)) if score.is_percent else MAX_CHANGE * abs(recorded) + ROUNDING
    if abs(found - recorded) <= allowed:
        return
    raise UserError(
        f"RUN must score on its validation data what it did when it was trained, {score.text(recorded)}, but has "
        f"{score.text(found)}. Something that it computes with has changed since: a file that your own code reads or "
        "imports, or a library. Put it back, or train anew."
    )

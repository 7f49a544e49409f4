"""Tasks: a loss, its metrics, and the score that epochs are selected and runs are ranked by.

One training loop serves them all through the protocol in task.py. score.py imports no torch, for reports rank without
it; the other names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu import import_on_first_use
from mgu.tasks.score import BOUNDS, SCORES, Score, TaskName, shorten

if TYPE_CHECKING:
    from mgu.tasks.classification import Classification
    from mgu.tasks.ranking import Ranking
    from mgu.tasks.regression import Regression
    from mgu.tasks.task import Task

__all__ = [
    "BOUNDS",
    "SCORES",
    "Classification",
    "Ranking",
    "Regression",
    "Score",
    "Task",
    "TaskName",
    "shorten",
]

_HOMES = {"Classification": "classification", "Ranking": "ranking", "Regression": "regression", "Task": "task"}

__getattr__ = import_on_first_use(__name__, _HOMES)

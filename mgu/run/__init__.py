"""The training process: one run from its configuration to its result.json.

worker.py is the entry point, execute.py reads from top to bottom: set up, train, evaluate, explain, record. set_up.py
comes before the clock, training.py begins or continues, checkpoint.py holds what an interrupted run continues from, and
run_files.py what a run leaves. preflight.py and calibrate.py run before a sweep. Names are imported on first use: a
plan needs none of what trains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu import import_on_first_use

if TYPE_CHECKING:
    from mgu.run.checkpoint import save_weights as save_weights
    from mgu.run.evaluate_splits import Correct as Correct
    from mgu.run.evaluate_splits import Predictions as Predictions
    from mgu.run.evaluate_splits import evaluate_splits as evaluate_splits
    from mgu.run.execute import run as run
    from mgu.run.worker import run_together as run_together

_HOMES = {
    "Correct": "evaluate_splits",
    "Predictions": "evaluate_splits",
    "evaluate_splits": "evaluate_splits",
    "run": "execute",
    "run_together": "worker",
    "save_weights": "checkpoint",
}
__all__ = list(_HOMES)

__getattr__ = import_on_first_use(__name__, _HOMES)

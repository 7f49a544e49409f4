"""The training process: one run from its configuration to its result.json.

worker.py is the entry point, execute.py reads from top to bottom: set up, train, evaluate, explain, record. training.py
begins or continues, checkpoint.py holds what an interrupted run continues from. preflight.py and calibrate.py run
before a sweep.
"""

from mgu.run.checkpoint import save_weights
from mgu.run.evaluate_splits import Correct, Predictions, evaluate_splits
from mgu.run.execute import run
from mgu.run.worker import run_together

__all__ = ["Correct", "Predictions", "evaluate_splits", "run", "run_together", "save_weights"]

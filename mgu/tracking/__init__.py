"""Logging to TensorBoard and to MLflow, each off unless asked for: tensorboard=with, mlflow=with.

trackers.py combines those that are on, values.py names what they log; tensorboard.py and mlflow.py each are one
tracker, mlflow_store.py makes the latter's local database.
They run in the parent process, so that their work is not measured, and import their packages only if they are on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu import import_on_first_use

if TYPE_CHECKING:
    from mgu.tracking.trackers import Tracker as Tracker
    from mgu.tracking.trackers import Trackers as Trackers
    from mgu.tracking.trackers import build_trackers as build_trackers
    from mgu.tracking.trackers import check_installed as check_installed
    from mgu.tracking.values import history_metrics as history_metrics
    from mgu.tracking.values import hyperparameters as hyperparameters
    from mgu.tracking.values import result_metrics as result_metrics

_HOMES = {
    "Tracker": "trackers",
    "Trackers": "trackers",
    "build_trackers": "trackers",
    "check_installed": "trackers",
    "history_metrics": "values",
    "hyperparameters": "values",
    "result_metrics": "values",
}
__all__ = list(_HOMES)

__getattr__ = import_on_first_use(__name__, _HOMES)

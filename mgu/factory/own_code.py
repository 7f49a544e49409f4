"""Tries the user's own network, layer, optimizer and schedule before a run is trained."""

from __future__ import annotations

from mgu.config.optimizers import PythonOptimizerConfig
from mgu.config.schedules import PythonScheduleConfig
from mgu.factory.learner import build_optimizer, build_schedule
from mgu.factory.model import build_model, check_own_modules
from mgu.factory.resolved_run import ResolvedRun
from mgu.random_numbers.generators import keeping_states
from mgu.train.own_optimizer_check import check_own_optimizer


def check_own_code(resolved: ResolvedRun) -> None:
    """Builds what a run has of the user's own, and tries it; does nothing for a run that has nothing.

    Args:
        resolved: A run's configuration with its device and data.

    Raises:
        UserError: The user's code fails, or returns what does not fit.
    """
    check_own_modules(resolved)
    config = resolved.config
    optimizer, schedule = config.optimizer, config.schedule
    if not (isinstance(optimizer, PythonOptimizerConfig) or isinstance(schedule, PythonScheduleConfig)):
        return
    with keeping_states():
        model = build_model(resolved).to(resolved.device)
        if isinstance(optimizer, PythonOptimizerConfig):
            check_own_optimizer(optimizer, model.parameters())
        build_schedule(config, build_optimizer(config, model), len(resolved.splits.train))

"""A schedule of the user's own: a function from the number of a step to a factor of the learning rate."""

from __future__ import annotations

import math
from collections.abc import Callable

from mgu.config.schedules import PythonScheduleConfig
from mgu.errors import UserError
from mgu.user_code.faults import blaming
from mgu.user_code.loading import find_target, match_arguments

KEY = "schedule.target"


def import_factor(config: PythonScheduleConfig, num_steps: int, steps_per_epoch: int) -> Callable[[int], float]:
    """Finds a schedule of the user's, and tries its first and its last step.

    It has no state, so a run goes on from its checkpoint to the same rates.

    Args:
        config: Names the function; it is given what it has parameters for: `step` (from 0, since the end of the
            warm-up), `num_steps` and `steps_per_epoch`, beside its options.
        num_steps: Number of steps after the warm-up at most.
        steps_per_epoch: Number of steps of an epoch.

    Returns:
        The factor of the learning rate by the number of the step.

    Raises:
        UserError: The function cannot be found or called, or does not return a factor; what is returned raises it too.
    """
    target, offered = config.target, {"step": 0, "num_steps": num_steps, "steps_per_epoch": steps_per_epoch}
    function = find_target(KEY, target, config.folder, config.sha256)
    arguments = match_arguments("schedule", target, function, config.options, offered)
    if "step" not in arguments:
        raise UserError(f"{KEY} {target} must have a parameter called step, but has none. Give it one.")

    def factor(step: int) -> float:
        with blaming(f"{KEY} {target} must return the factor of the rate for step {step}", "Correct it."):
            scale = function(**(arguments | {"step": step}))
        if not isinstance(scale, int | float) or not (math.isfinite(scale) and scale >= 0):
            raise UserError(
                f"{KEY} {target} must return a factor of optimizer.lr, a number of at least 0, but returns {scale!r} "
                f"for step {step}. Correct it."
            )
        return float(scale)

    for step in (0, num_steps - 1):
        factor(step)
    return factor

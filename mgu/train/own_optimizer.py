"""An optimizer of the user's own, named by import path."""

from __future__ import annotations

from functools import partial
from typing import Any

from torch.optim import Optimizer

from mgu.config.optimizers import PythonOptimizerConfig
from mgu.errors import UserError
from mgu.user_code.faults import blaming
from mgu.user_code.loading import call_target, find_target

KEY = "optimizer.target"


def import_optimizer(config: PythonOptimizerConfig, groups: list[dict[str, Any]]) -> Optimizer:
    """Builds an optimizer of the user's.

    Args:
        config: Names a function or a class; it is called with the groups, with `lr` and with its options.
        groups: Parameter groups as torch takes them.

    Returns:
        The optimizer before its first step.

    Raises:
        UserError: It cannot be found or called, or makes no optimizer of all of them whose rate can be set.
    """
    target = config.target
    make = find_target(KEY, target, config.folder, config.sha256)
    parameters = [parameter for group in groups for parameter in group["params"]]
    with blaming(
        f"{KEY} {target} must make an optimizer by {target}(groups, lr={config.lr:g})",
        "Correct it, or its optimizer.options.",
    ):
        made = call_target("optimizer", target, partial(make, groups, lr=config.lr), config.options, {})
    if not isinstance(made, Optimizer):
        raise UserError(
            f"{KEY} must make a torch.optim.Optimizer, but {target} makes {type(made).__name__}. Name another."
        )
    trained = {id(parameter) for group in made.param_groups for parameter in group["params"]}
    if left_out := sum(id(parameter) not in trained for parameter in parameters):
        raise UserError(
            f"{KEY} {target} must take every parameter that it is given, but leaves out {left_out} of "
            f"{len(parameters)}. Give those that are to stay as they are a group with lr=0."
        )
    if any("lr" not in group for group in made.param_groups):
        raise UserError(
            f"{KEY} {target} must keep the learning rate in its groups, where the schedule sets it, but a group has no "
            "'lr'. Pass dict(lr=lr) as defaults to torch.optim.Optimizer."
        )
    return made

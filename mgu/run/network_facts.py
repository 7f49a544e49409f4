"""What a run tells of its network beside its scores: sizes, and what is special to a kind of layout or of training."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from torch import nn

from mgu.config.layouts import RecurrentLayoutConfig
from mgu.config.masked_layout import MaskedLayoutConfig
from mgu.config.path_sgd import is_homogeneous
from mgu.config.run import RunConfig
from mgu.console.text import count
from mgu.directed.advice import advise_rest
from mgu.directed.network import DirectedNetwork
from mgu.directed.rule import EquilibriumRule
from mgu.equilibrium.report import collect
from mgu.explain.directed import explain_directed, write_directed
from mgu.explain.equilibrium import explain_equilibria, write_equilibria
from mgu.explain.explanation import can_explain, explain_model, write_explanation
from mgu.factory.model import count_flops
from mgu.factory.resolved_run import ResolvedRun
from mgu.models.convnet import count_keras, count_trainable
from mgu.models.masked import measure_sparsity
from mgu.results.events import Send
from mgu.results.schema.result import Kind
from mgu.results.schema.solver import Solver, sum_up
from mgu.run.log import send_note
from mgu.train.learner import Learner
from mgu.train.loop import Fit
from mgu.train.path_norm import PathNorm
from mgu.train.path_sgd import PathSGD
from mgu.unit.unit import MultiGatedUnit


def sum_up_solver(learner: Learner, outcome: Fit, send: Send) -> Solver | None:
    """Sums up what equilibrium layers iterated, and tells the user where they did not converge.

    Args:
        learner: Has been trained and evaluated.
        outcome: Of its training.
        send: Takes the note.

    Returns:
        The sums; None of a network without such layers.
    """
    if (last := collect(learner.model)) is None:
        return None
    solver = sum_up(outcome.history, last.evaluate.mean_iterations, last.evaluate.unconverged)
    if solver and solver.unconverged + solver.eval_unconverged:
        advice = "Raise layout.max_iterations, or lower layout.norm_bound."
        if isinstance(learner.model, DirectedNetwork):
            rule = learner.rule
            advice = advise_rest(learner.model, rule.settings.strength if isinstance(rule, EquilibriumRule) else 0.0)
        send_note(
            f"{count(solver.unconverged, 'batch')} of all epochs and {solver.eval_unconverged} of the last evaluation "
            f"ended above the tolerance of the iteration. {advice}",
            send,
        )
    return solver


def explain_network(resolved: ResolvedRun, model: nn.Module, solver: Solver | None, folder: Path) -> None:
    """Writes what the gates of units, the iteration of equilibrium layers, or the graph of a directed network does.

    Args:
        resolved: The run.
        model: Its network, with the weights that are kept.
        solver: What its equilibrium layers iterated, if there are any.
        folder: Of the run.
    """
    if can_explain(resolved.config):
        # A manual search comes with its table of results: what a unit found must be told as well.
        write_explanation(folder, explain_model(resolved, model, resolved.splits.val))
    if solver and isinstance(model, DirectedNetwork):
        write_directed(folder, explain_directed(resolved, model, resolved.splits.val))
    elif solver:
        write_equilibria(folder, explain_equilibria(resolved, model, resolved.splits.val))


def measure_network(resolved: ResolvedRun, learner: Learner, solver: Solver | None) -> dict[str, Any]:
    """Measures the size of a trained network, and what belongs to its kind.

    Args:
        resolved: The run.
        learner: The network with what trained it.
        solver: What its equilibrium layers iterated, which decides on its operations.

    Returns:
        Values by field of a result.
    """
    model = learner.model
    return {
        "params_trainable": count_trainable(model),
        "params_keras": count_keras(model),
        "flops_per_sample": count_flops(resolved, solver.eval_iterations if solver else None),
        **_count_masks(resolved.config, model),
        **_find_units(resolved.config, model),
        "gamma_squared": _measure_paths(resolved, learner),
    }


def _find_units(config: RunConfig, model: nn.Module) -> dict[str, Kind]:
    """Returns the kind of a network of the user's that has units, for it is no model of the grid; {} of others."""
    has_units = not config.mgu and any(isinstance(module, MultiGatedUnit) for module in model.modules())
    return {"model": "block"} if has_units else {}


def _count_masks(config: RunConfig, model: nn.Module) -> dict[str, int]:
    """Returns the counts of a network some of whose weights a mask keeps at 0, by field of a result; {} of others."""
    if isinstance(config.layout, MaskedLayoutConfig):
        return measure_sparsity(model)._asdict()
    if isinstance(model, DirectedNetwork):
        return {"active_weights": model.num_connections, "dead_units": model.count_dead()}
    return {}


def _measure_paths(resolved: ResolvedRun, learner: Learner) -> float | None:
    """Returns gamma^2 of a network that path-SGD has trained, or could have in its place; None of others."""
    if isinstance(learner.optimizer, PathSGD):
        paths = learner.optimizer.paths
    elif isinstance(resolved.config.layout, RecurrentLayoutConfig) and is_homogeneous(resolved.config):
        paths = PathNorm(learner.model, resolved.shapes.inputs)
    else:
        return None
    gamma = float(paths.gamma_squared())
    return gamma if math.isfinite(gamma) else None

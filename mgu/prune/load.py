"""Loading of the pruned network that `mgu-run prune` left in the folder of a run."""

from __future__ import annotations

import copy
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load

from mgu.errors import UserError
from mgu.factory.trained import TrainedRun, load_trained
from mgu.prune.network import Network, decisions_from_json, prune
from mgu.prune.outcome import OUTCOME_FILE, PRUNED_FILE, read_outcome
from mgu.results.on_disk.file_names import PRUNE_FOLDER
from mgu.results.on_disk.sealed import Changed, read_known


def load_pruned(run: str | Path) -> Network:
    """Loads the network that pruning chose; `convert_network` makes the converted one of it.

    Args:
        run: The folder of the run, or its name below the runs folder.

    Returns:
        The network in evaluation mode.

    Raises:
        UserError: The run was not pruned, or a file that pruning left has changed since.
    """
    return load_pruned_of(load_trained(run))


def load_pruned_of(trained: TrainedRun) -> Network:
    """Loads the network that pruning chose of a run that is loaded.

    Args:
        trained: The run.

    Returns:
        The network in evaluation mode, on the run's device.

    Raises:
        UserError: The run was not pruned, or a file that pruning left has changed since.
    """
    if trained.result.model == "baseline":
        raise UserError(
            f"RUN must be of a unit to have a pruned network, but {trained.result.name} is a baseline, which has no "
            "gates. Leave out --pruned."
        )
    folder, again = trained.folder / PRUNE_FOLDER, f"Call mgu-run prune {trained.folder}."
    file = OUTCOME_FILE
    try:
        outcome = read_outcome(folder)
        file = PRUNED_FILE
        weights = load(read_known(folder / PRUNED_FILE, outcome.files))
    except Changed as error:
        raise UserError(f"{folder / file} must be as pruning wrote it, but {error}. {again}") from None
    except (OSError, ValueError, RecursionError, SafetensorError) as error:
        raise UserError(
            f"RUN must have been pruned by this version, but {folder} cannot be read ({error}). {again}"
        ) from None
    if outcome.identity != trained.result.identity or not isinstance(trained.model, Network):
        raise UserError(f"{folder} must be of the run beside it, but is of {outcome.identity}. {again}")
    try:
        # A copy, for the unit's own weights, which pruning shares, must stay: an export compares them with the record.
        pruned = copy.deepcopy(prune(trained.model, decisions_from_json(outcome.decisions)))
        pruned.load_state_dict(weights)
    except (RuntimeError, ValueError, TypeError) as error:  # of torch: names, shapes, or decisions that are none
        reason = str(error).splitlines()[-1].strip().rstrip(".")
        raise UserError(f"{folder / PRUNED_FILE} must fit {OUTCOME_FILE}, but does not ({reason}). {again}") from None
    return pruned.to(trained.resolved.device).eval()

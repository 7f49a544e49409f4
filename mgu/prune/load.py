"""Loading of the pruned network that `mgu-run prune` left in the folder of a run."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
from safetensors import SafetensorError
from safetensors.torch import load

from mgu.errors import UserError
from mgu.factory.trained import load_trained
from mgu.prune.network import Network, decisions_from_json, prune
from mgu.prune.outcome import OUTCOME_FILE, PRUNED_FILE, PruneOutcome
from mgu.results.file_names import PRUNE_FOLDER


def load_pruned(run: str | Path) -> Network:
    """Loads the network that pruning chose; `convert_network` makes the converted one of it.

    Args:
        run: The folder of the run, or its name below the runs folder.

    Returns:
        The network in evaluation mode.

    Raises:
        UserError: The run was not pruned, or its weights have changed since.
    """
    trained = load_trained(run)
    folder = trained.folder / PRUNE_FOLDER
    try:
        outcome = msgspec.json.decode((folder / OUTCOME_FILE).read_bytes(), type=PruneOutcome)
        content = (folder / PRUNED_FILE).read_bytes()
        weights = load(content)
    except (OSError, msgspec.MsgspecError, SafetensorError) as error:
        raise UserError(
            f"RUN must have been pruned by this version, but {folder} cannot be read ({error}). "
            f"Call mgu-run prune {run}."
        ) from None
    if outcome.identity != trained.result.identity or not isinstance(trained.model, Network):
        raise UserError(
            f"{folder} must be of the run beside it, but is of {outcome.identity}. Call mgu-run prune {run}."
        )
    found = hashlib.sha256(content).hexdigest()
    if found != outcome.sha256.get(PRUNED_FILE, found):  # files of earlier versions have no checksum
        raise UserError(f"{folder / PRUNED_FILE} must be as it was written, but has changed. Call mgu-run prune {run}.")
    try:
        pruned = prune(trained.model, decisions_from_json(outcome.decisions))
        pruned.load_state_dict(weights)
    except (RuntimeError, ValueError, TypeError) as error:  # of torch: names, shapes, or decisions that are none
        reason = str(error).splitlines()[-1].strip().rstrip(".")
        raise UserError(
            f"{folder / PRUNED_FILE} must fit {OUTCOME_FILE}, but does not ({reason}). Call mgu-run prune {run}."
        ) from None
    return pruned.eval()

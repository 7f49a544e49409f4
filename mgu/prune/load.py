"""A pruned network from what `mgu-run prune` left in a run's folder."""

from __future__ import annotations

from pathlib import Path

import msgspec
from safetensors import SafetensorError
from safetensors.torch import load_file

from mgu.errors import UserError
from mgu.factory.trained import load_trained
from mgu.models.convnet import ConvNet
from mgu.prune.network import from_text, prune
from mgu.prune.outcome import OUTCOME_FILE, Outcome
from mgu.results.file_names import PRUNE_FOLDER


def load_pruned(run: str | Path) -> ConvNet:
    """The network that was chosen, in evaluation mode; mgu.prune.convert.convert makes the converted one of it.

    run: as for `mgu-run prune`. Raises UserError where that was not called, or not for these weights.
    """
    trained = load_trained(run)
    folder = trained.folder / PRUNE_FOLDER
    try:
        outcome = msgspec.json.decode((folder / OUTCOME_FILE).read_bytes(), type=Outcome)
        weights = load_file(folder / "pruned.safetensors")
    except (OSError, msgspec.DecodeError, SafetensorError) as error:
        raise UserError(
            f"RUN must have been pruned by this version, but {folder} cannot be read ({error}). "
            f"Call mgu-run prune {run}."
        ) from None
    if outcome.identity != trained.result.identity or not isinstance(trained.model, ConvNet):
        raise UserError(
            f"{folder} must be of the run beside it, but is of {outcome.identity}. Call mgu-run prune {run}."
        )
    pruned = prune(trained.model, from_text(outcome.decisions))
    pruned.load_state_dict(weights)
    return pruned.eval()

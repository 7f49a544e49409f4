"""Prunes trained units: gates become constants, down to a plain network without gates.

`run_pruning` searches for gates to fix, fine-tunes, converts, exports and measures; `load_pruned` gives the chosen
network back. `prune_unit` and `prune` fix the gates of a unit or of a whole network, and `convert_network` folds batch
norms for inference. Names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu import import_on_first_use

if TYPE_CHECKING:
    from mgu.prune.choose import accuracy_of
    from mgu.prune.convert import convert_network
    from mgu.prune.fix_gates import std_within_channels, summarise
    from mgu.prune.load import load_pruned
    from mgu.prune.network import prune
    from mgu.prune.outcome import PruneOutcome
    from mgu.prune.pipeline import run_pruning
    from mgu.prune.pruned_unit import PrunedUnit, prune_unit
    from mgu.prune.terminal import print_outcome

__all__ = [
    "PruneOutcome",
    "PrunedUnit",
    "accuracy_of",
    "convert_network",
    "load_pruned",
    "print_outcome",
    "prune",
    "prune_unit",
    "run_pruning",
    "std_within_channels",
    "summarise",
]
_HOMES = {
    "PruneOutcome": "outcome",
    "PrunedUnit": "pruned_unit",
    "accuracy_of": "choose",
    "convert_network": "convert",
    "load_pruned": "load",
    "print_outcome": "terminal",
    "prune": "network",
    "prune_unit": "pruned_unit",
    "run_pruning": "pipeline",
    "std_within_channels": "fix_gates",
    "summarise": "fix_gates",
}

__getattr__ = import_on_first_use(__name__, _HOMES)

"""What came of pruning, and the files that it leaves in prune/ below the run.

prune.json             all that is reported; written last
prune.png              accuracy against what the candidates cost
pruned.safetensors     the chosen network as it can go on training: see mgu/prune/load.py
converted.safetensors  the same for inference, with batch norms folded
converted.pt2, .onnx   exported, if that was asked for
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from mgu.prune.benchmark import Cost
from mgu.results.files import write_text
from mgu.results.result import Energy, Record

OUTCOME_FILE = "prune.json"


class Point(Record, frozen=True):
    """One candidate. Accuracies are of the images that are chosen by; `tuned` is after fine-tuning, if tried."""

    name: str
    gates_fixed: int
    accuracy: float
    tuned: float | None
    cost: Cost  # of its converted form


class Row(Record, frozen=True):
    """One model of the table. `difference`: to the model that it was made of, as a share of the largest logit."""

    name: str
    accuracy: float | None  # where the choice is made
    test: float | None
    cost: Cost
    difference: float | None = None


class Outcome(Record, frozen=True):
    """kept: the gates that are left with their transforms, as <block from 1>.<gate>.
    within: whether the chosen model is within the allowed loss of the unit, where the choice was made.

    train_s and energy_of_training: of the unit's run; the others of pruning with all its training.
    """

    run: str
    identity: str
    settings: dict[str, Any]
    chosen_on: str
    gates: int
    chosen: str
    within: bool
    decisions: dict[str, Any]  # see mgu/prune/network.py
    rows: list[Row]
    points: list[Point]
    search_s: float
    tune_s: float
    energy: Energy | None
    train_s: float | None
    energy_of_training: Energy | None
    contended: bool
    device: str
    kept: tuple[str, ...] = ()  # not in files of earlier versions


def write_outcome(folder: Path, outcome: Outcome) -> None:
    """Last: its presence says that the files beside it are whole."""
    write_text(folder / OUTCOME_FILE, msgspec.json.format(msgspec.json.encode(outcome), indent=2).decode() + "\n")

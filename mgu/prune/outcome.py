"""Outcome of pruning, and the files that it leaves in prune/ in the folder of the run.

prune.json             everything that is reported, sealed by its checksum; written last
prune.png              score against the cost of the candidates
pruned.safetensors     the chosen network, which can be trained further: see mgu/prune/load.py
converted.safetensors  the same for inference, with batch norms folded
converted.pt2, .onnx   the export, if one was asked for
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from mgu.export.network import Format
from mgu.prune.benchmark import InferenceCost
from mgu.results.on_disk.files import replacing
from mgu.results.on_disk.sealed import Changed, read_plain, to_sealed_json, unseal
from mgu.results.schema.energy import Energy
from mgu.results.schema.parts import Record

OUTCOME_FILE = "prune.json"
PRUNED_FILE, CONVERTED_FILE = "pruned.safetensors", "converted.safetensors"
EXPORT_FILES: dict[Format, str] = {"torch": "converted.pt2", "onnx": "converted.onnx"}


class Point(Record, frozen=True):
    """Holds one candidate with its score on the data that decide; `score` of the outcome names it.

    Attributes:
        name: Name of the candidate.
        gates_fixed: Number of fixed gates.
        val: Score before fine-tuning.
        tuned: Score after fine-tuning; None if it was not fine-tuned.
        cost: Cost of its converted form.
    """

    name: str
    gates_fixed: int
    val: float
    tuned: float | None
    cost: InferenceCost


class ModelRow(Record, frozen=True):
    """Holds one model of the table.

    Attributes:
        name: Name of the model.
        val: Score on the data that decide; None for an untrained model. `score` of the outcome names it.
        test: The same score on test data.
        cost: Its cost.
        difference: Largest difference from the model it was derived from, as a share of the largest logit.
    """

    name: str
    val: float | None
    test: float | None
    cost: InferenceCost
    difference: float | None = None


class PruneOutcome(Record, frozen=True):
    """Holds everything that pruning found.

    Attributes:
        run: Name of the run.
        identity: Identity of the run.
        settings: Settings of pruning.
        chosen_on: Words for the data that decide.
        gates: Number of gates of the unit.
        chosen: Name of the chosen candidate.
        within: Whether its loss of score is within the allowed one.
        decisions: Constants of its gates, see mgu/prune/network.py.
        rows: The models of the table.
        points: The candidates.
        search_s: Seconds of the search.
        tune_s: Seconds of fine-tuning.
        energy: Energy of search and fine-tuning.
        train_s: Seconds that the unit took to train.
        energy_of_training: Energy that the unit took to train.
        contended: Whether another run shared the machine.
        device: The device.
        examples: What the inputs of the models are called, in the plural.
        kept: The gates that are left, as <block from 1>.<gate>.
        iterations: Those of each equilibrium that the FLOPs of every row count; None without any.
        files: SHA-256 of the weights and of the export, by the name of the file.
        score: Name of the metric that decided, which `val`, `tuned` and `test` are of.
        warning: What speaks against the unit itself; None for most units.
    """

    run: str
    identity: str
    settings: dict[str, Any]
    chosen_on: str
    gates: int
    chosen: str
    within: bool
    decisions: dict[str, Any]
    rows: list[ModelRow]
    points: list[Point]
    search_s: float
    tune_s: float
    energy: Energy | None
    train_s: float | None
    energy_of_training: Energy | None
    contended: bool
    device: str
    examples: str = "images"  # files of earlier versions do not have it, nor the following
    kept: tuple[str, ...] = ()
    iterations: float | None = None
    files: dict[str, str] = msgspec.field(default_factory=dict)
    score: str = "accuracy"
    warning: str | None = None


def write_outcome(folder: Path, outcome: PruneOutcome) -> None:
    """Writes prune.json, after all other files: its presence means that they are complete."""
    with replacing(folder / OUTCOME_FILE) as temporary:
        temporary.write_bytes(to_sealed_json(outcome))


def read_outcome(folder: Path) -> PruneOutcome:
    """Reads prune.json.

    Args:
        folder: The folder prune/ of a run.

    Returns:
        The outcome of pruning.

    Raises:
        FileNotFoundError: There is none.
        ValueError: It cannot be read, or is not what was written (`Changed`).
    """
    text, is_sealed = unseal(read_plain(folder / OUTCOME_FILE))
    outcome = msgspec.convert(_upgrade(msgspec.json.decode(text)), PruneOutcome, str_keys=True)
    if outcome.files and not is_sealed:  # earlier versions kept no checksums at all
        raise Changed
    return outcome


def _upgrade(values: Any) -> Any:
    """Returns a file of an earlier version, where `val` was called accuracy whatever the score, as today's has it."""
    if not isinstance(values, dict):
        return values  # which is refused where it is converted
    for name in ("rows", "points"):
        for each in values.get(name) or ():
            if isinstance(each, dict) and "accuracy" in each:
                each["val"] = each.pop("accuracy")
    return values

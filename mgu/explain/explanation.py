"""explain.json: what the gates of a trained model do on held-out data, and how it is come by."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import msgspec
from torch import nn

from mgu.config.run import RunConfig
from mgu.data.splits import Data
from mgu.errors import UserError
from mgu.explain.observe import UnitStatistics, observe
from mgu.explain.statistics import GateSummary
from mgu.explain.words import describe_flow, describe_gate, name_branch, varies_by
from mgu.factory.experiment import Experiment
from mgu.results.file_names import EXPLAIN_FILE
from mgu.results.files import write_text
from mgu.results.result import Record
from mgu.train.loop import evaluate
from mgu.unit.wiring import Gate

SCHEMA_VERSION: Literal[2] = 2  # 1 had `images` and `accuracy`, for there were no tables


class GateExplanation(Record, frozen=True):
    """One gate: the paths between which it mixes, the one it opened for, and what its openness depends on."""

    when_open: str
    when_closed: str
    opened_for: str
    varies_by: tuple[str, ...]
    statistics: GateSummary


class UnitExplanation(Record, frozen=True):
    """One unit. path_weights: how much of each normalising branch its gates let through, on average."""

    name: str  # conv1, conv2, ... in order of depth
    module: str  # its name in the model
    num_channels: int
    flow: str
    path_weights: dict[str, float]
    gates: dict[Gate, GateExplanation]


class Explanation(Record, frozen=True):
    """All units of a run's model, with the best weights, over its validation data."""

    schema_version: Literal[2]
    name: str
    identity: str
    wiring: str
    dataset: str
    split: str
    data: Literal["validation"]
    examples: int
    metric: str  # what the run is ranked by
    score: float  # of the very pass in which the gates were watched
    units: list[UnitExplanation]


def can_explain(config: RunConfig) -> bool:
    """Whether there are words for its gates: those of the paper's unit."""
    return bool(config.mgu and config.mgu.is_paper)


def explain_model(experiment: Experiment, model: nn.Module, data: Data) -> Explanation:
    """One pass of `data` through `model`, which is left in evaluation mode. Raises UserError where there are no gates
    or no examples.

    Batches are those of training: the memory of the pass is less than training took.
    """
    config = experiment.config
    if not config.mgu:
        raise UserError(
            f"RUN must be of a unit, but {config.name} is a baseline, which has no gates. Name a run with mgu=..."
        )
    if not config.mgu.is_paper:
        raise UserError(
            f"RUN must be of a unit with the paper's paths, but {config.name} has others, for which there are no "
            "words yet. Name another."
        )
    if len(data) == 0:
        raise UserError(f"validation data must hold an example, but {config.dataset.name} has none.")
    with observe(model) as statistics:
        metrics = evaluate(model, data, experiment.task, config.training.batch_size)
    return Explanation(
        schema_version=SCHEMA_VERSION,
        name=config.name,
        identity=config.identity,
        wiring=config.mgu.wiring,
        dataset=config.dataset.name,
        split=config.dataset.split,
        data="validation",
        examples=len(data),
        metric=config.score.metric,
        score=metrics[config.score.metric],
        units=[_explain_unit(index, name, seen) for index, (name, seen) in enumerate(statistics.items(), start=1)],
    )


def write_explanation(folder: Path, explanation: Explanation) -> None:
    """explain.json, whole or not at all."""
    write_text(folder / EXPLAIN_FILE, to_json(explanation))


def to_json(explanation: Explanation) -> str:
    """Indented, but lists of numbers on one line: there are values of a thousand channels."""
    text = msgspec.json.format(msgspec.json.encode(explanation), indent=2).decode()
    return re.sub(r"\[[^\[\]{}]*\]", lambda found: " ".join(found[0].split()), text) + "\n"


def _explain_unit(index: int, module: str, seen: UnitStatistics) -> UnitExplanation:
    wiring = seen.unit.wiring
    summaries = {gate: statistics.summary() for gate, statistics in seen.gates.items()}
    return UnitExplanation(
        name=f"{_kind(seen.unit.layer)}{index}",
        module=module,
        num_channels=seen.unit.num_channels,
        flow=describe_flow(summaries, seen.path_weights, wiring),
        path_weights={branch: round(weight, 6) for branch, weight in seen.path_weights.items()},
        gates={
            gate: GateExplanation(
                when_open=name_branch(wiring.paths[gate].when_open, wiring),
                when_closed=name_branch(wiring.paths[gate].when_closed, wiring),
                opened_for=describe_gate(gate, summary, wiring),
                varies_by=varies_by(summary),
                statistics=summary,
            )
            for gate, summary in summaries.items()
        },
    )


def _kind(layer: nn.Module) -> str:
    """Conv for convolutions of every kind, linear, else the name of the class."""
    name = type(layer).__name__.lower()
    return "conv" if name.startswith("conv") else name

"""explain.json: what the gates of a trained model do on held-out data."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import msgspec
from torch import nn

from mgu.config.run import RunConfig
from mgu.data.datasets import build_task
from mgu.data.splits import Data
from mgu.errors import UserError
from mgu.explain.observe import UnitStatistics, observe
from mgu.explain.statistics import GateSummary
from mgu.explain.words import describe_flow, describe_gate, name_branch, varies_by
from mgu.results.files import write_text
from mgu.results.result import EXPLAIN_FILE, Record
from mgu.train.loop import evaluate
from mgu.unit.wiring import Gate

SCHEMA_VERSION: Literal[2] = 2  # version 1 had `images` and `accuracy` instead of `examples` and `score`


class GateExplanation(Record, frozen=True):
    """Holds what one gate does.

    Attributes:
        when_open: The branch that it passes when it is open, in words.
        when_closed: The branch that it passes when it is closed.
        opened_for: The branch that it passes on the data.
        varies_by: What its values depend on: input, position, channel.
        statistics: Statistics of its values.
    """

    when_open: str
    when_closed: str
    opened_for: str
    varies_by: tuple[str, ...]
    statistics: GateSummary


class UnitExplanation(Record, frozen=True):
    """Holds what the gates of one unit do.

    Attributes:
        name: conv1, conv2, ... by depth.
        module: Its name in the model.
        num_channels: Number of its channels.
        flow: The most likely path of the data, in words.
        path_weights: Mean weight of each normalising branch in the mix, in 0..1.
        gates: Its gates by name.
    """

    name: str
    module: str
    num_channels: int
    flow: str
    path_weights: dict[str, float]
    gates: dict[Gate, GateExplanation]


class Explanation(Record, frozen=True):
    """Holds what the units of a run's model do, with its best weights, on its validation data.

    Attributes:
        schema_version: Version of this schema.
        name: Name of the run.
        identity: Identity of the run.
        wiring: Wiring of its units.
        dataset: Name of the data set.
        split: How the data are split.
        data: The split that was observed.
        examples: Number of examples.
        metric: The metric that the run is ranked by.
        score: Its value in the same pass in which the gates were observed.
        units: The units by depth.
    """

    schema_version: Literal[2]
    name: str
    identity: str
    wiring: str
    dataset: str
    split: str
    data: Literal["validation"]
    examples: int
    metric: str
    score: float
    units: list[UnitExplanation]


def can_explain(config: RunConfig) -> bool:
    """Tells whether the gates of a run can be explained.

    Args:
        config: Configuration of the run.

    Returns:
        Whether it is of a unit with the paper's paths.
    """
    return bool(config.mgu and config.mgu.is_paper)


def explain_model(config: RunConfig, model: nn.Module, data: Data) -> Explanation:
    """Evaluates a model once while watching its gates.

    Batches are as large as in training, so this needs less memory than training.

    Args:
        config: Configuration of the run.
        model: Its model, which is left in evaluation mode.
        data: The data to evaluate on.

    Returns:
        The explanation.

    Raises:
        UserError: The model has no gates that can be explained, or there is no example.
    """
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
        metrics = evaluate(model, data, build_task(config.dataset), config.training.batch_size)
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
    """Writes explain.json atomically.

    Args:
        folder: The folder of the run.
        explanation: The explanation.
    """
    write_text(folder / EXPLAIN_FILE, to_json(explanation))


def to_json(explanation: Explanation) -> str:
    """Encodes an explanation, with lists of numbers on one line because there may be a thousand channels.

    Args:
        explanation: The explanation.

    Returns:
        The indented JSON text.
    """
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
    """Word for a layer: conv for every kind of convolution, else the name of the class."""
    name = type(layer).__name__.lower()
    return "conv" if name.startswith("conv") else name

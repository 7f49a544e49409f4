"""Schema of explain.json."""

from __future__ import annotations

from typing import Literal

from mgu.explain.statistics import GateSummary
from mgu.results.schema.parts import Record
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

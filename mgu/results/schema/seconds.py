"""The seconds of a run by phase."""

from __future__ import annotations

from typing import Annotated

from mgu.results.schema.parts import Amount, Record, about


class Seconds(Record, frozen=True):
    """Holds seconds by phase; the time to solution is the sum of `build`, `train`, `evaluate` and `explain`.

    `setup` ends when the data is in memory. For a resumed run the seconds are sums over its parts, each up to its last
    checkpoint: work lost by an interruption is in none of them, nor the final evaluation of a part that
    `training.stop_after` ended, nor are the imports of Python before the run.
    """

    setup: Annotated[Amount, about("Seconds to load the data, start torch, compile and start the meters.")]
    build: Annotated[Amount, about("Seconds to build model, initial weights and optimizer.")]
    train: Annotated[Amount, about("Seconds of all epochs with their evaluation.")]
    evaluate: Annotated[Amount, about("Seconds to evaluate the kept weights on every split.")]
    explain: Annotated[
        Amount, about("Seconds to analyse the gates of a unit on the validation data and write explain.json.")
    ] = 0.0
    checkpoint: Annotated[Amount, about("Seconds to write history and state to disk after epochs.")] = 0.0

    @property
    def to_solution(self) -> float:
        return self.build + self.train + self.evaluate + self.explain

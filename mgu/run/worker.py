"""What one process trains: a run, or several that differ in their seed only, together (mgu/multi_seed/lockstep.py)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial

from mgu.config.run import RunConfig
from mgu.isolation import Send
from mgu.measure.share import ALONE, Alone
from mgu.multi_seed.lockstep import train_in_lockstep
from mgu.results.folder import run_folder
from mgu.results.result import Result
from mgu.run.execute import run


def run_isolated(send: Send, configs: Sequence[RunConfig]) -> None:
    """`run_together`, with what libraries print in the first run's log: the terminal is the caller's."""
    with (run_folder(configs[0]) / "log.txt").open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    run_together(configs, send)


def run_together(configs: Sequence[RunConfig], send: Send = lambda *event: None) -> list[Result]:
    """`run` of each; the caller holds the locks of all.

    `send` is told the events of each run after its number, from 0, and at last `is_over` with its result.
    """

    def one(number: int, place: Alone) -> Result:
        result = run(configs[number], partial(send, number), place)
        send(number, "is_over", result)
        return result

    if len(configs) == 1:
        return [one(0, ALONE)]
    return train_in_lockstep([partial(one, number) for number in range(len(configs))])

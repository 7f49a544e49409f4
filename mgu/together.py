"""What one process trains: a run, or several that differ in their seed only, together (mgu/train/together.py)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial

from mgu.config import RunConfig
from mgu.isolation import Send
from mgu.results import Result
from mgu.run import run
from mgu.state import run_folder
from mgu.train.together import ALONE, Alone, train_together


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
    return train_together([partial(one, number) for number in range(len(configs))])

"""What one process trains: a run, or several that differ in their seed only, together (mgu/multi_seed/lockstep.py)."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial

from mgu.config.run import RunConfig
from mgu.measure.share import ALONE, Alone
from mgu.multi_seed.lockstep import train_together
from mgu.results.events import Ended, Event, RunEvent
from mgu.results.folder import run_folder
from mgu.results.result import Result
from mgu.run.execute import run


def run_isolated(send: Callable[[RunEvent], None], configs: Sequence[RunConfig]) -> None:
    """`run_together`, with what libraries print in the first run's log: the terminal is the caller's."""
    with (run_folder(configs[0]) / "log.txt").open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    run_together(configs, send)


def run_together(configs: Sequence[RunConfig], send: Callable[[RunEvent], None] = lambda event: None) -> list[Result]:
    """`run` of each; the caller holds the locks of all.

    `send` is told the events of each run with its number, from 0, and at last Ended with its result.
    """

    def one(number: int, place: Alone) -> Result:
        def send_own(event: Event) -> None:
            send(RunEvent(number, event))

        result = run(configs[number], send_own, place)
        send_own(Ended(result))
        return result

    if len(configs) == 1:
        return [one(0, ALONE)]
    return train_together([partial(one, number) for number in range(len(configs))])

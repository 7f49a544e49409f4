"""The entry point of a training process: one run, or several that differ in their seed only, trained in lockstep."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial

import torch

from mgu.config.run import RunConfig
from mgu.data.datasets import open_dataset
from mgu.measure.slot import ALONE, Slot
from mgu.multi_seed.lockstep import train_in_lockstep
from mgu.results.events import Ended, Event, RunEvent
from mgu.results.on_disk.file_names import LOG_FILE
from mgu.results.on_disk.folder import run_folder
from mgu.results.schema.result import Result
from mgu.run.execute import run


def run_isolated(send: Callable[[RunEvent], None], configs: Sequence[RunConfig], threads: int | None = None) -> None:
    """Calls `run_together` with stdout and stderr of this process in the first run's log: the terminal is the caller's.

    Args:
        send: Takes the events.
        configs: The runs; their results are in their folders afterwards.
        threads: CPU threads where the runs are configured to have no number of their own; None: torch's own number.
    """
    if threads:
        torch.set_num_threads(threads)
    with (run_folder(configs[0]) / LOG_FILE).open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    run_together(configs, send)


def run_together(configs: Sequence[RunConfig], send: Callable[[RunEvent], None] = lambda event: None) -> list[Result]:
    """Trains runs of one data set at once; they share it in memory.

    Args:
        configs: The runs; the caller holds the locks of all.
        send: Takes the events of each run with its number, from 0, and at last Ended with its result.

    Returns:
        The results in the order of the runs.
    """
    dataset = open_dataset(configs[0].dataset)

    def one(number: int, slot: Slot) -> Result:
        def send_own(event: Event) -> None:
            send(RunEvent(number, event))

        result = run(configs[number], send_own, slot, dataset)
        send_own(Ended(result))
        return result

    if len(configs) == 1:
        return [one(0, ALONE)]
    return train_in_lockstep([partial(one, number) for number in range(len(configs))])

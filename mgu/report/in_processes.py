"""Applies a function to many experiments in several processes: each is analysed for itself, and all are in memory."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, Pipe
from typing import Generic, TypeVar

from mgu.report.analysis import Analysis

LEAST_RUNS = 500  # in each process: a fork of a large process takes a few hundredths of a second

Part = TypeVar("Part")


def map_analyses(function: Callable[[Analysis], Part], analyses: Sequence[Analysis]) -> list[Part]:
    """Applies a function to each analysis, in forks of this process where there are processors and runs enough.

    Args:
        function: Returns what can be pickled.
        analyses: The experiments.

    Returns:
        The results in the order of the experiments.
    """
    num_runs = sum(len(row.runs) for analysis in analyses for row in analysis.table.rows)
    count = min(len(analyses), num_runs // LEAST_RUNS, _count_processors())
    if count < 2:
        return [function(analysis) for analysis in analyses]
    parts = [analyses[first::count] for first in range(count)]
    forks = [_Fork(function, part) for part in parts[1:]]
    parts_done = [[function(analysis) for analysis in parts[0]], *(fork.results() for fork in forks)]
    return [parts_done[index % count][index // count] for index in range(len(analyses))]


def _count_processors() -> int:
    """Returns how many processors this process may use; 1 where it should not be forked."""
    if sys.platform != "linux" or threading.active_count() > 1:
        return 1
    return len(os.sched_getaffinity(0))


class _Fork(Generic[Part]):
    """A fork that applies a function to some of the analyses."""

    def __init__(self, function: Callable[[Analysis], Part], analyses: Sequence[Analysis]) -> None:
        self._redo = lambda: [function(analysis) for analysis in analyses]
        self._connection, theirs = Pipe(duplex=False)
        self._pid = os.fork()
        if self._pid == 0:
            self._send(theirs)
        theirs.close()

    def _send(self, connection: Connection) -> None:
        """Sends the results from the fork, and ends it; an exception will be raised by the process that it is for."""
        try:
            connection.send(self._redo())
        finally:
            os._exit(0)

    def results(self) -> list[Part]:
        """Waits for the results; computes them here where the fork has failed."""
        try:
            answers: list[Part] = self._connection.recv()
        except (EOFError, OSError):  # the latter within a message
            answers = self._redo()
        os.waitpid(self._pid, 0)
        return answers

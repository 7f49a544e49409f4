"""Trains the jobs of a sweep in child processes that one loop waits for: side by side, or one after the other.

Numbers, results and the final table are the same either way; only the order in which jobs begin and end differs.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from typing import NamedTuple

from mgu.config.run import RunConfig
from mgu.errors import marking_bugs
from mgu.isolation import wait
from mgu.results.on_disk.folder import run_folder
from mgu.sweep.jobs import Outcome, run_in_sweep
from mgu.sweep.room import Room
from mgu.sweep.schedule import longest_first
from mgu.sweep.sweep import Sweep
from mgu.sweep.watch import Watch

LOOK_AGAIN_S = 1.0  # while a job waits for memory

Answer = list[Outcome] | Exception
JobSteps = Generator[Watch, None, None]  # of a job, from one wait for its process to the next


class _RunningJob(NamedTuple):
    """Holds a job whose process is running.

    Attributes:
        job: Index of the job among all jobs.
        steps: The job, which goes on once its process has ended.
        watch: The process.
    """

    job: int
    steps: JobSteps
    watch: Watch


def launch_side_by_side(sweep: Sweep, jobs: Sequence[list[RunConfig]], numbers: Sequence[int]) -> list[Answer]:
    """Trains jobs, as many at once as the sweep may and memory has room for; several at once the longest first.

    Args:
        sweep: The sweep, which knows how many.
        jobs: Configurations of the runs of each job.
        numbers: Number of each job in the sweep, from 1.

    Returns:
        For each job what became of its runs, or the exception that ended it.
    """
    return _SideBySide(sweep, jobs, numbers).train()


class _SideBySide:
    """Implements `launch_side_by_side`."""

    def __init__(self, sweep: Sweep, jobs: Sequence[list[RunConfig]], numbers: Sequence[int]) -> None:
        self.sweep, self.jobs, self.numbers = sweep, jobs, numbers
        self.waiting = longest_first(sweep.expect(jobs)) if sweep.concurrency.number > 1 else list(range(len(jobs)))
        self.folders = [{run_folder(config) for config in job} for job in jobs]
        self.running: list[_RunningJob] = []
        self.answers: dict[int, Answer] = {}
        self.room = Room(sweep.concurrency.number, sweep.view.print_line)

    def train(self) -> list[Answer]:
        """Trains all jobs; ends those that are running where it is interrupted."""
        with ExitStack() as self.stack:
            while self.waiting or self.running:
                while (index := self._next()) is not None:
                    self.waiting.remove(index)
                    self._begin(index)
                if self.running:
                    self._hear()
        return [self.answers[index] for index in range(len(self.jobs))]

    def _next(self) -> int | None:
        """Returns the job to begin now; None if there is no slot or no memory for one.

        Two runs of a sweep may have one folder, as with device=cpu,auto: the second one finds the result of the first.
        """
        if len(self.running) >= self.sweep.concurrency.number or not self.waiting:
            return None
        in_use = {folder for running in self.running for folder in self.folders[running.job]}
        index = next((index for index in self.waiting if not in_use & self.folders[index]), None)
        if index is None or not self.room.has_for_one_more([running.watch for running in self.running]):
            return None
        return index

    def _begin(self, index: int) -> None:
        steps = self._train(index)
        self.stack.callback(steps.close)  # which does nothing to a job that is over
        self._resume(index, steps)

    def _train(self, index: int) -> JobSteps:
        """Trains a job and keeps what became of it."""
        self.answers[index] = yield from run_in_sweep(self.jobs[index], self.numbers[index], self.sweep)

    def _resume(self, index: int, steps: JobSteps) -> None:
        """Goes on with a job until it waits for its process, or is over."""
        try:
            with marking_bugs():
                watch = next(steps, None)
        except Exception as error:
            self.answers[index] = error
            return
        if watch:
            self.running.append(_RunningJob(index, steps, watch))

    def _hear(self) -> None:
        """Waits until a process has something to tell, and goes on with the jobs of those that are over."""
        by_call = {running.watch.call: running for running in self.running}
        waits_for_memory = len(self.running) < self.sweep.concurrency.number and bool(self.waiting)
        for call in wait(list(by_call), LOOK_AGAIN_S if waits_for_memory else math.inf):
            running = by_call[call]
            try:
                with marking_bugs():
                    call.advance()
            except Exception as error:  # of the console, a tracker or the disk
                self.running.remove(running)
                running.steps.close()
                self.answers[running.job] = error
                continue
            if call.is_over:
                self.running.remove(running)
                self._resume(running.job, running.steps)

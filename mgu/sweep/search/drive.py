"""Lets several workers of a search work in one process: one loop waits for the child processes of all."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing

from mgu.isolation import wait
from mgu.sweep.search.deadline import Deadline
from mgu.sweep.search.worker import BudgetEnded, Worker
from mgu.sweep.watch import Pending

LONG_S = 3600.0
LOOKS_S = 1.0  # between two looks at what other processes have spent of a budget of seconds


class _WorkerAtWork:
    """A worker with what it waits for."""

    def __init__(self, worker: Worker, steps: Generator[Pending, None, None]) -> None:
        self.worker, self.steps = worker, steps
        self.waits_for: Pending | None = None
        self.began: tuple[int, float] | None = None  # number of its trial, and when its process had been started

    def resume(self) -> None:
        """Lets the worker go on until it waits for a process, or is over."""
        self.waits_for = next(self.steps, None)
        number = self.worker.running
        if number is not None and (self.began is None or number != self.began[0]):
            self.began = number, time.monotonic()  # the first process imports torch before, which no run pays for

    def cut(self, at_s: float) -> None:
        """Tells the worker that the budget has ended while its trial ran, and when."""
        began_s = self.began[1] if self.began else at_s
        try:
            cpu_s = self.waits_for.call.processor_s if self.waits_for else None
            self.waits_for = self.steps.throw(BudgetEnded(at_s - began_s, cpu_s))
        except StopIteration:
            self.waits_for = None


def drive(workers: Sequence[Worker]) -> None:
    """Lets workers work until all are done; ends their processes where one raises or it is interrupted.

    Args:
        workers: The workers.
    """
    deadline = Deadline(workers[0].study, workers[0].history)
    with ExitStack() as stack:
        running = [_WorkerAtWork(worker, stack.enter_context(closing(worker.work()))) for worker in workers]
        for each in running:
            each.resume()
        while waiting := [each for each in running if each.waits_for]:
            _hear(waiting, deadline)


def _hear(waiting: Sequence[_WorkerAtWork], deadline: Deadline) -> None:
    """Waits until a process has something to tell or the budget ends, and lets the workers concerned go on."""
    ends_s = deadline.at(dict(each.began for each in waiting if each.began))
    at_most_s = LONG_S if ends_s is None else min(max(ends_s - time.monotonic(), 0.0), LOOKS_S)
    by_call = {each.waits_for.call: each for each in waiting if each.waits_for}
    for call in wait(list(by_call), at_most_s):
        call.advance()
        if call.is_over:
            by_call.pop(call).resume()
    if ends_s is None or ends_s > time.monotonic():
        return
    # Those that went on took time, and maybe trained nothing any more.
    ends_s = deadline.at(dict(each.began for each in waiting if each.began and each.waits_for))
    now = time.monotonic()
    if ends_s is not None and ends_s <= now:
        for each in by_call.values():
            each.cut(now)

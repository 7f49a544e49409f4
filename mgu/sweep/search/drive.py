"""Lets several workers of a search work in one process: one loop waits for the child processes of all."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing

from mgu.isolation import wait
from mgu.sweep.search.worker import BudgetEnded, Pending, Worker

LONG_S = 3600.0


class _Running:
    """A worker with what it waits for."""

    def __init__(self, worker: Worker, job: Generator[Pending, None, None]) -> None:
        self.worker, self.job = worker, job
        self.waits_for: Pending | None = None

    def resume(self) -> None:
        """Lets the worker go on until it waits for a process, or is over."""
        self.waits_for = next(self.job, None)

    def cut(self) -> None:
        """Tells the worker that the budget has ended while its trial ran."""
        try:
            self.waits_for = self.job.throw(BudgetEnded())
        except StopIteration:
            self.waits_for = None


def drive(workers: Sequence[Worker]) -> None:
    """Lets workers work until all are done; ends their processes where one raises or it is interrupted.

    Args:
        workers: The workers.
    """
    with ExitStack() as stack:
        running = [_Running(worker, stack.enter_context(closing(worker.work()))) for worker in workers]
        for each in running:
            each.resume()
        while waiting := [each for each in running if each.waits_for]:
            _hear(waiting)


def _hear(waiting: Sequence[_Running]) -> None:
    """Waits until a process has something to tell or a deadline passes, and lets the workers concerned go on."""
    now = time.monotonic()
    at_most_s = min((each.worker.deadline_s or now + LONG_S) - now for each in waiting)
    by_call = {each.waits_for.call: each for each in waiting if each.waits_for}
    for call in wait(list(by_call), max(at_most_s, 0.0)):
        call.advance()
        if call.is_over:
            by_call.pop(call).resume()
    now = time.monotonic()
    for each in by_call.values():
        if each.worker.deadline_s is not None and each.worker.deadline_s <= now:
            each.cut()

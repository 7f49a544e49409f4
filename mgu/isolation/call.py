"""Calls a function in a fresh process, and brings back what it sends, returns or raises.

`call` waits for one. Several `Call`s may be under way at once in one thread: `wait` says which of them have something
to tell, and `advance` hears it.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import connection
from typing import Any, Self

from mgu.errors import UserError
from mgu.isolation.outcomes import Crashed, Raised, TimedOut, describe_exit
from mgu.isolation.server import fork_child

GROUP_S = 0.5  # by then a signal to the whole group has reached the caller, too
MAX_WAIT_S = 3600.0  # of one system call, which takes no infinity


class Call:
    """Calls function(send, *arguments) in a fresh process, which dies with the caller, however that ends.

    It is a context manager, which leaves no process behind.

    Args:
        function: Name of the function as "package.module:name", so that the caller need not import it.
        arguments: Arguments of the function after `send`; they are pickled.
        on_event: Called in this process with each event that the function sends.
        on_import: Called once if the process takes a while to begin, because libraries are being imported.
        timeout_s: Seconds after which the process is killed; None for no limit.

    Raises:
        ServerDied: No process could be started.
    """

    def __init__(
        self,
        function: str,
        *arguments: Any,
        on_event: Callable[[Any], None] = lambda event: None,
        on_import: Callable[[], None] = lambda: None,
        timeout_s: float | None = None,
    ) -> None:
        self._request = (dict(os.environ), os.getcwd(), function, arguments)
        self._on_event, self._on_import, self._timeout_s = on_event, on_import, timeout_s
        self._value: Any = None
        self._failure: Exception | None = None
        self.is_over = False

    def __enter__(self) -> Self:
        self.child = fork_child(self._on_import)
        with suppress(BrokenPipeError):  # it has died, which is noticed later
            self.child.connection.send(self._request)
        self.deadline = time.monotonic() + (float("inf") if self._timeout_s is None else self._timeout_s)
        return self

    def __exit__(self, *exception: object) -> None:
        self.child.signal()
        self.child.wait()
        self.child.close()

    @property
    def processor_s(self) -> float | None:
        """Processor time of the process so far in seconds; None where the system does not tell it."""
        return self.child.processor_s

    def advance(self) -> None:
        """Hears one message, if there is one: an event, the end of the process, or that its time is up."""
        try:
            message = self.child.connection.recv() if self.child.connection.poll() else None
        except (EOFError, OSError):  # the latter where it was killed within a message
            self.child.wait()
            if self.child.exit_code == -signal.SIGTERM:
                time.sleep(GROUP_S)  # one to the whole group interrupts this process here: the run is not to blame
            self._end(failure=Crashed(f"its process {describe_exit(self.child.exit_code)} without a result"))
            return
        if message is not None:
            self._hear(*message)
        elif time.monotonic() >= self.deadline:
            self.child.signal()  # at once: what it still wrote would undo what the caller files of its failure
            self.child.wait()
            self._end(failure=TimedOut(f"it ran longer than {self._timeout_s:g} s and was stopped"))

    def finish(self) -> None:
        """Waits until the process is over."""
        while not self.is_over:
            for call in wait([self]):
                call.advance()

    def result(self) -> Any:
        """Waits until the process is over; returns what the function returned, and raises what `call` raises."""
        self.finish()
        if self._failure:
            raise self._failure
        return self._value

    def _hear(self, kind: str, *content: Any) -> None:
        if kind == "event":
            self._on_event(*content)
        elif kind == "value":
            self._end(*content)
        else:
            self._end(failure={"user": UserError, "system": OSError, "raised": Raised}[kind](*content))

    def _end(self, value: Any = None, failure: Exception | None = None) -> None:
        self.is_over, self._value, self._failure = True, value, failure


def wait(calls: Sequence[Call], at_most_s: float = MAX_WAIT_S) -> list[Call]:
    """Waits until a call has something to tell.

    Args:
        calls: Calls under way.
        at_most_s: Seconds after which the wait is over.

    Returns:
        The calls that can `advance`; none if the seconds are over.
    """
    now = time.monotonic()
    left_s = min(at_most_s, *(call.deadline - now for call in calls))
    by_connection = {call.child.connection: call for call in calls}
    ready = connection.wait(list(by_connection), min(max(left_s, 0.0), MAX_WAIT_S))
    now = time.monotonic()
    return [call for pipe, call in by_connection.items() if pipe in ready or call.deadline <= now]


def call(
    function: str,
    *arguments: Any,
    on_event: Callable[[Any], None] = lambda event: None,
    on_import: Callable[[], None] = lambda: None,
    timeout_s: float | None = None,
) -> Any:
    """Calls a function in a fresh process and waits for it.

    Args:
        function: As for `Call`, like all other arguments.
        arguments: Arguments of the function.
        on_event: Called with each event.
        on_import: Called if libraries are being imported.
        timeout_s: Seconds after which the process is killed.

    Returns:
        The function's return value.

    Raises:
        UserError: The function raised it.
        OSError: The function raised it.
        Raised: The function raised any other exception.
        Crashed: The process ended without a return value or an exception.
        TimedOut: It ran longer than `timeout_s`.
        ServerDied: No process could be started.
    """
    with Call(function, *arguments, on_event=on_event, on_import=on_import, timeout_s=timeout_s) as running:
        return running.result()

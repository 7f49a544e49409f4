"""Calls a function in a fresh process, and brings back what it sends, returns or raises."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from mgu.errors import UserError
from mgu.isolation.outcomes import Crashed, Raised, TimedOut, describe_exit
from mgu.isolation.server import Child, fork_child


def call(
    function: str,
    *arguments: Any,
    on_event: Callable[[Any], None] = lambda event: None,
    on_import: Callable[[], None] = lambda: None,
    timeout_s: float | None = None,
) -> Any:
    """Calls function(send, *arguments) in a fresh process, which dies with the caller, however that ends.

    Args:
        function: Name of the function as "package.module:name", so that the caller need not import it.
        arguments: Arguments of the function after `send`; they are pickled.
        on_event: Called in this process with each event that the function sends.
        on_import: Called once if the process takes a while to begin, because libraries are being imported.
        timeout_s: Seconds after which the process is killed; None for no limit.

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
    with begin(function, *arguments, on_import=on_import) as begun:
        return begun.result(on_event, timeout_s)


class Begun:
    """A call under way.

    Args:
        child: Its process.
    """

    def __init__(self, child: Child) -> None:
        self._child = child

    def result(self, on_event: Callable[[Any], None] = lambda event: None, timeout_s: float | None = None) -> Any:
        """Waits for the call; arguments, result and exceptions are those of `call`."""
        return _relay_events(self._child, on_event, timeout_s)


@contextmanager
def begin(function: str, *arguments: Any, on_import: Callable[[], None] = lambda: None) -> Iterator[Begun]:
    """Calls a function as `call` does, while the block does something else.

    Args:
        function: As of `call`, as the other arguments.
        arguments: Arguments of the function after `send`; they are pickled.
        on_import: Called once if the process takes a while to begin.

    Yields:
        The call, whose process is killed at the end of the block.

    Raises:
        ServerDied: No process could be started.
    """
    child = fork_child(on_import)
    try:
        with suppress(BrokenPipeError):  # it has died, which `result` notices
            child.connection.send((dict(os.environ), os.getcwd(), function, arguments))
        yield Begun(child)
    finally:
        child.signal()
        child.wait()
        child.close()


def _relay_events(child: Child, on_event: Callable[[Any], None], timeout_s: float | None) -> Any:
    """Passes events on until the function has returned or raised, its process has ended, or its time is up."""
    deadline = time.monotonic() + (float("inf") if timeout_s is None else timeout_s)
    while True:
        left_s = deadline - time.monotonic()
        try:
            if not child.connection.poll(min(max(left_s, 0), 3600)):  # poll takes no infinity
                if left_s > 0:
                    continue
                raise TimedOut(f"it ran longer than {timeout_s:g} s and was stopped")
            kind, *content = child.connection.recv()
        except (EOFError, ConnectionError):
            child.wait()
            raise Crashed(f"its process {describe_exit(child.exit_code)} without a result") from None
        if kind == "event":
            on_event(*content)
        elif kind == "value":
            return content[0]
        else:
            raise {"user": UserError, "system": OSError, "raised": Raised}[kind](*content)

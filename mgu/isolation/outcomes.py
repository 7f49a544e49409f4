"""How a call in a fresh process can end without a value."""

from __future__ import annotations

import signal

from mgu.errors import RunsFailed


class Crashed(RunsFailed):
    """Says that the process ended before its function returned: by a signal, by os._exit, or by the time limit."""


class TimedOut(Crashed):
    """Says that the process ran longer than the time limit and was stopped."""


class ServerDied(Crashed):
    """Says that the server, from which processes are forked, ended before it could fork one."""


class Raised(Exception):  # noqa: N818 - it is an outcome
    """Says that the function raised an exception.

    The message is the last line of its traceback, and `traceback` is the whole of it.
    """

    def __init__(self, message: str, full_traceback: str) -> None:
        super().__init__(message)
        self.traceback = full_traceback
        self.add_note(f"In the child process:\n{full_traceback}")


def describe_exit(code: int | None) -> str:
    """Describes how a process ended without a result.

    Args:
        code: Exit code; negative for the number of a signal; None where it is not known.

    Returns:
        A clause that names the signal or the exit code, to follow the name of the process.
    """
    if code is None:
        return "ended unexpectedly"
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        hint = " (the system does that when memory runs out)" if name == "SIGKILL" else ""
        return f"was killed by {name}{hint}"
    return f"ended with exit code {code}"

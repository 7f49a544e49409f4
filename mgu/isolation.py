"""Function calls in fresh processes, which may leak, crash, hang or be killed without harm to the caller.

The processes are forked from a server that has imported the slow libraries (PRELOAD) and has done nothing else: a fresh
process costs hundredths of a second, and every one of them starts from the same state.

The parent process knows the functions of the child process by name only, for importing them would import torch. The
names are the constants below; tests/test_isolation.py resolves each of them.
"""

from __future__ import annotations

import os
import pkgutil
import signal
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing import forkserver, get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from mgu.errors import UserError

MAX_TMPDIR = 70  # a socket's path has some hundred, of which multiprocessing takes thirty

PRELOAD = "mgu.run.preload"  # imported by the server before it forks
RUN = "mgu.run.worker:run_isolated"
CHECK_ENVIRONMENT = "mgu.run.preflight:check_environment"
SIZE_MODELS = "mgu.run.preflight:size_models"
CALIBRATE = "mgu.run.calibrate:calibrate"

Send = Callable[[Any], None]  # passes one event from the child process to the parent, see mgu/results/events.py


class Crashed(Exception):  # noqa: N818 - it is an outcome
    """Says that the process ended before its function returned: by a signal, by os._exit, or by the time limit."""


class TimedOut(Crashed):
    """Says that the process ran longer than the time limit and was stopped."""


class Raised(Exception):  # noqa: N818 - it is an outcome
    """Says that the function raised an exception.

    The message is the last line of its traceback, and `traceback` is the whole of it.
    """

    def __init__(self, message: str, full_traceback: str) -> None:
        super().__init__(message)
        self.traceback = full_traceback
        self.add_note(f"In the child process:\n{full_traceback}")


def start_server() -> None:
    """Starts the server, which imports its libraries while this process does something else.

    SIGINT is blocked while the server starts, so that it and its forks ignore Ctrl-C, which is for the caller alone.

    Raises:
        UserError: The path of the folder for temporary files is too long for a socket.
    """
    if len(tempfile.gettempdir()) > MAX_TMPDIR:
        raise UserError(
            f"TMPDIR must be a path of at most {MAX_TMPDIR} characters, for sockets are made there, but got "
            f"{tempfile.gettempdir()}. Set it to a shorter one."
        )
    get_context("forkserver").set_forkserver_preload([PRELOAD])
    resource_tracker.ensure_running()  # which the server's start would do, and unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def call(
    function: str,
    *arguments: Any,
    on_event: Callable[[Any], None] = lambda event: None,
    timeout_s: float | None = None,
) -> Any:
    """Calls function(send, *arguments) in a fresh process, which dies with the caller, however that ends.

    Args:
        function: Name of the function as "package.module:name", so that the caller need not import it.
        arguments: Arguments of the function after `send`; they are pickled.
        on_event: Called in this process with each event that the function sends.
        timeout_s: Seconds after which the process is killed; None for no limit.

    Returns:
        The function's return value.

    Raises:
        UserError: The function raised it.
        OSError: The function raised it.
        Raised: The function raised any other exception.
        Crashed: The process ended without a return value or an exception.
        TimedOut: It ran longer than `timeout_s`.
    """
    start_server()
    context = get_context("forkserver")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, dict(os.environ), function, arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        return _relay_events(ours, process, on_event, timeout_s)
    finally:
        process.kill()
        process.join()
        ours.close()  # last, for the process takes its end for the caller's death


def _relay_events(
    connection: Connection, process: BaseProcess, on_event: Callable[[Any], None], timeout_s: float | None
) -> Any:
    """Passes events on until the function has returned or raised, its process has ended, or its time is up."""
    deadline = time.monotonic() + (float("inf") if timeout_s is None else timeout_s)
    while True:
        left_s = deadline - time.monotonic()
        try:
            if not connection.poll(min(max(left_s, 0), 3600)):  # poll takes no infinity
                if left_s > 0:
                    continue
                raise TimedOut(f"it ran longer than {timeout_s:g} s and was stopped")
            kind, *content = connection.recv()
        except (EOFError, ConnectionError):
            process.join()
            raise Crashed(describe_exit(process.exitcode)) from None
        if kind == "event":
            on_event(*content)
        elif kind == "value":
            return content[0]
        else:
            raise {"user": UserError, "system": OSError, "raised": Raised}[kind](*content)


def describe_exit(code: int | None) -> str:
    """Describes how a process ended without a result.

    Args:
        code: Exit code; negative for the number of a signal.

    Returns:
        A clause that names the signal or the exit code.
    """
    if code is not None and code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        hint = " (the system does that when memory runs out)" if name == "SIGKILL" else ""
        return f"its process was killed by {name}{hint}"
    return f"its process ended with exit code {code} and without a result"


def _serve(connection: Connection, environment: dict[str, str], function: str, arguments: tuple[Any, ...]) -> None:
    """Runs in the fresh process: calls the function and sends its outcome.

    The process begins with the server's environment, which may be older than the caller's.
    """
    os.environ.clear()
    os.environ.update(environment)
    for number in (signal.SIGINT, signal.SIGTERM):  # they reach the whole group; the caller decides what they mean
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_die_with_caller, args=(connection,), daemon=True).start()

    def send(event: Any) -> None:
        connection.send(("event", event))

    try:
        value = pkgutil.resolve_name(function)(send, *arguments)
    except UserError as error:
        connection.send(("user", str(error)))
    except OSError as error:
        connection.send(("system", error.errno, error.strerror or str(error), error.filename))
    except Exception as error:
        last_line = "".join(traceback.format_exception_only(error)).strip()
        connection.send(("raised", last_line, traceback.format_exc()))
    else:
        connection.send(("value", value))


def _die_with_caller(connection: Connection) -> None:
    """Ends this process when the caller's end closes the connection; the caller never sends anything."""
    try:
        connection.recv()
    except (EOFError, OSError):
        os._exit(1)

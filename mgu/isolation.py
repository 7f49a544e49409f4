"""A function call in a fresh process, so that it may leak, crash, hang or be killed without harm to this one.

The processes are forked from a server that has imported what takes long (mgu/run/preload.py) and has done nothing else:
a fresh process costs hundredths of a second, and every one of them starts from the same state.
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

Send = Callable[..., None]  # takes the name of an event and its arguments


class Crashed(Exception):  # noqa: N818 - it is an outcome
    """The process ended before the function did: by a signal, by os._exit, or because its time was up."""


class Raised(Exception):  # noqa: N818 - it is an outcome
    """The function raised; the message is the last line of its traceback, `traceback` all of it."""

    def __init__(self, message: str, full_traceback: str) -> None:
        super().__init__(message)
        self.traceback = full_traceback


def start_server() -> None:
    """Have the server import its libraries while this process does something else.

    Ctrl-C is for the caller alone: the server and what it forks inherit that from the moment of its start.
    """
    if len(tempfile.gettempdir()) > MAX_TMPDIR:
        raise UserError(
            f"TMPDIR must be a path of at most {MAX_TMPDIR} characters, for sockets are made there, but got "
            f"{tempfile.gettempdir()}. Set it to a shorter one."
        )
    get_context("forkserver").set_forkserver_preload(["mgu.run.preload"])
    resource_tracker.ensure_running()  # which the server's start would do, and unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def call(
    function: str,
    *arguments: Any,
    on_event: Callable[..., None] = lambda *event: None,
    timeout_s: float | None = None,
) -> Any:
    """What function(send, *arguments) returns in a fresh process; `on_event` is called here with what it sends.

    function: by name, as "package.module:name", for the caller need not import what it needs. The process dies with
    the caller, however that ends. Raises UserError and OSError as the function did, Raised for any other exception in
    it, Crashed where the process ended without either.
    """
    start_server()
    context = get_context("forkserver")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, dict(os.environ), function, arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        return _attend(ours, process, on_event, timeout_s)
    finally:
        process.kill()
        process.join()
        ours.close()  # last, for the process takes its end for the caller's death


def _attend(
    connection: Connection, process: BaseProcess, on_event: Callable[..., None], timeout_s: float | None
) -> Any:
    """Pass events on until the function has returned or raised, its process has ended, or its time is up."""
    deadline = time.monotonic() + (float("inf") if timeout_s is None else timeout_s)
    while True:
        left_s = deadline - time.monotonic()
        try:
            if not connection.poll(min(max(left_s, 0), 3600)):  # poll takes no infinity
                if left_s > 0:
                    continue
                raise Crashed(f"it ran longer than training.timeout={timeout_s:g} s and was stopped")
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
    """How a process ended that did not return: the signal by name, or the exit code."""
    if code is not None and code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        hint = " (the system does that when memory runs out)" if name == "SIGKILL" else ""
        return f"its process was killed by {name}{hint}"
    return f"its process ended with exit code {code} and without a result"


def _serve(connection: Connection, environment: dict[str, str], function: str, arguments: tuple[Any, ...]) -> None:
    """The life of the fresh process. It has the server's environment, which may be older than the caller's."""
    os.environ.clear()
    os.environ.update(environment)
    for number in (signal.SIGINT, signal.SIGTERM):  # they reach the whole group; the caller decides what they mean
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_die_with_caller, args=(connection,), daemon=True).start()

    def send(*event: Any) -> None:
        connection.send(("event", *event))

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
    """The caller never sends anything: what ends the wait is its end."""
    try:
        connection.recv()
    except (EOFError, OSError):
        os._exit(1)

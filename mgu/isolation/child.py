"""What a fresh process does: it calls the function that its caller names, and sends the outcome."""

from __future__ import annotations

import os
import pkgutil
import socket
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from mgu.errors import UserError, is_of_system
from mgu.isolation.server import use_server

Send = Callable[[Any], None]  # passes one event from the child process to the parent, see mgu/results/events.py


def run_child(connection: Connection, server: socket.socket) -> None:
    """Calls the function that comes through the connection, and sends what it returns or raises.

    The process begins with the server's environment and working directory, which may be older than the caller's. It
    dies with its caller.

    Args:
        connection: To the caller.
        server: Leads to the server, for calls within the call.
    """
    try:
        environment, folder, function, arguments = connection.recv()
    except EOFError:  # the caller was killed before it said what it wanted
        os._exit(1)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    use_server(server)
    threading.Thread(target=_die_with_caller, args=(connection,), daemon=True).start()

    def send(event: Any) -> None:
        connection.send(("event", event))

    try:
        value = pkgutil.resolve_name(function)(send, *arguments)
    except UserError as error:
        connection.send(("user", str(error)))
    except Exception as error:
        if isinstance(error, OSError) and is_of_system(error):
            connection.send(("system", error.errno, error.strerror or str(error), error.filename))
            return
        last_line = "".join(traceback.format_exception_only(error)).strip()
        connection.send(("raised", last_line, traceback.format_exc()))
    else:
        connection.send(("value", value))


def _die_with_caller(connection: Connection) -> None:
    """Ends this process when the caller's end closes the connection; the caller sends nothing more."""
    try:
        connection.recv()
    except (EOFError, OSError):
        os._exit(1)

"""The server: a process that imports slow libraries once, and then forks a fresh process for each request.

It is reached by one end of a socket pair, which its callers hold. A request for a fork is one byte with file
descriptors (FDS); the answers, the pid of the fork and later its exit code, go through one of these. A request for
further imports comes with a connection to read their names from. The server ends at once with its last caller, whatever
it is doing then, and has no standard stream of theirs.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from multiprocessing.connection import Connection
from typing import NoReturn

from mgu.isolation.child import run_child
from mgu.isolation.server import IMPORT, NUMBER

FDS = ("connection", "answers", "stdout", "stderr", "server")  # of a request, in this order


def main(fd: int, preload: Sequence[str]) -> NoReturn:
    """Runs the server until its last caller is gone.

    Args:
        fd: The server's end of the socket pair.
        preload: Names of the modules to import first.
    """
    for number in (signal.SIGINT, signal.SIGTERM):  # they reach the whole group, and are for the caller alone
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    callers = socket.socket(fileno=fd)
    _import(callers, preload)
    _Server(callers).serve()


def _import(callers: socket.socket, modules: Sequence[str]) -> None:
    """Imports modules, and waits for the threads that they start: none would survive a fork."""
    before = threading.enumerate()
    gc.disable()  # what is imported stays: to look for garbage in it takes a seventh of the time
    with _ending_with(callers):
        for module in modules:
            import_module(module)
        for thread in threading.enumerate():
            if thread not in before and not thread.daemon:
                thread.join()
    gc.freeze()  # so that collections in forks neither visit nor copy it
    gc.enable()


@contextmanager
def _ending_with(callers: socket.socket) -> Iterator[None]:
    """Ends this process as soon as the last caller is gone, by a thread, which is over when the block is left."""
    over, leave = os.pipe()
    poll = select.poll()
    poll.register(callers, 0)  # tells when the other side is closed, but not of requests
    poll.register(over, select.POLLIN)

    def watch() -> None:
        if any(fd == callers.fileno() for fd, _ in poll.poll()):
            os._exit(1)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        os.write(leave, b"x")
        thread.join()  # no thread survives a fork
        os.close(over)
        os.close(leave)


class _Server:
    """Forks a process for each request, and tells the callers how each one ended."""

    def __init__(self, callers: socket.socket) -> None:
        self.callers = callers
        self.answers: dict[int, int] = {}  # where to tell of a fork, by its pid
        self.woken, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # without a handler nothing wakes
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        self.wake = wake

    def serve(self) -> NoReturn:
        """Serves until the last caller is gone."""
        while True:
            ready, _, _ = select.select([self.callers.fileno(), self.woken], [], [])
            if self.woken in ready:
                os.read(self.woken, 4096)
                self._tell_exit_codes()
            if self.callers.fileno() in ready:
                request, fds, *_ = socket.recv_fds(self.callers, 1, len(FDS))
                if not request:
                    os._exit(0)
                if request == IMPORT:
                    with Connection(fds[0]) as names:
                        _import(self.callers, names.recv())
                else:
                    self._fork(*fds)

    def _fork(self, connection: int, answers: int, stdout: int, stderr: int, server: int) -> None:
        pid = os.fork()
        if pid == 0:
            self._become_child(connection, [answers], stdout, stderr, server)
        for fd in (connection, stdout, stderr, server):
            os.close(fd)
        self.answers[pid] = answers
        _tell(answers, pid)

    def _become_child(self, connection: int, more: list[int], stdout: int, stderr: int, server: int) -> NoReturn:
        """Calls in the fork what the caller wants; the server's own descriptors are closed."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM):  # who ends one run by `kill` is heard, see call.py
                signal.signal(number, signal.SIG_DFL)
            self.callers.close()
            os.dup2(stdout, 1)
            os.dup2(stderr, 2)
            for fd in (self.woken, self.wake, stdout, stderr, *more, *self.answers.values()):
                os.close(fd)
            run_child(Connection(connection), socket.socket(fileno=server))
            code = 0
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        except BaseException:
            traceback.print_exc()
        finally:
            with suppress(Exception):
                threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as any process does at its end
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def _tell_exit_codes(self) -> None:
        while self.answers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            answers = self.answers.pop(pid)
            _tell(answers, os.waitstatus_to_exitcode(status))
            os.close(answers)


def _tell(fd: int, number: int) -> None:
    with suppress(BrokenPipeError):  # the caller is gone
        os.write(fd, NUMBER.pack(number))

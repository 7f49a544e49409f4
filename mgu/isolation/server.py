"""The caller's handle of the server (fork_server.py): starts it, has it fork, and says why it died."""

from __future__ import annotations

import atexit
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import IO, ClassVar

from mgu.isolation.outcomes import ServerDied, describe_exit

PRELOAD = "mgu.run.preload"  # what every command needs that starts processes
PRELOAD_RUN = "mgu.run.preload_run"  # what every run needs
PRELOAD_ENERGY = "mgu.run.preload_energy"  # what runs need whose energy is measured

PATIENCE_S = 1.0  # before the caller is told that it waits for imports
NUMBER = struct.Struct("q")  # a pid or an exit code, as the server answers
FORK, IMPORT = b"x", b"i"  # requests: a process, with all of fork_server.FDS, or modules, with the first of them
BOOT = "import sys; sys.path[:] = {path!r}; from mgu.isolation.fork_server import main; main({fd}, {preload!r})"


class Child:
    """Holds a fresh process: a connection to it, its pid, and how it ended.

    Args:
        connection: The caller's end.
        answers: Gives the pid, and later the exit code.
        pid: Of the process.
    """

    def __init__(self, connection: Connection, answers: int, pid: int) -> None:
        self.connection, self.pid, self._answers = connection, pid, answers
        self._code: int | None = None
        self._is_over = False

    def wait(self, timeout_s: float | None = None) -> bool:
        """Waits until the process has ended; returns whether it has."""
        if not self._is_over and select.select([self._answers], [], [], timeout_s)[0]:
            answer = os.read(self._answers, NUMBER.size)
            self._code = NUMBER.unpack(answer)[0] if answer else None  # None: the server is dead
            self._is_over = True
        return self._is_over

    @property
    def exit_code(self) -> int | None:
        """Exit code of a process that has ended, negative for a signal; None before, or where nobody knows it."""
        return self._code

    def signal(self, number: int = signal.SIGKILL) -> None:
        """Sends a signal to the process, unless it has ended."""
        if not self.wait(0):
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    @property
    def processor_s(self) -> float | None:
        """Processor time of the process so far in seconds; None where the system does not tell it (not Linux)."""
        with suppress(OSError, IndexError, ValueError):
            words = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
        return None

    def close(self) -> None:
        """Closes the descriptors; a process that still runs takes it for the caller's death."""
        self.connection.close()
        os.close(self._answers)


class Server:
    """Holds this process's way to a server.

    Args:
        requests: The caller's end of the server's socket pair.
        process: The server, in the process that started it.
        output: What the server printed.
    """

    def __init__(
        self, requests: socket.socket, process: subprocess.Popen[bytes] | None = None, output: IO[bytes] | None = None
    ) -> None:
        self.requests, self.process, self.output = requests, process, output
        self.is_proven = process is None  # it has forked before

    @classmethod
    def start(cls, preload: Sequence[str]) -> Server:
        """Starts a server, which imports while this process does something else.

        It sees the modules that this process sees: nothing is imported from the working directory first. Its output
        goes to a file, so that whoever reads the output of this process waits for nobody else.
        """
        path = [entry for entry in sys.path if entry] + ([os.getcwd()] if "" in sys.path else [])
        output: IO[bytes] | None = None
        with suppress(OSError):  # nowhere may a file be written
            output = tempfile.TemporaryFile()  # noqa: SIM115 - it is read when the server has died
        ours, theirs = socket.socketpair()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        try:
            with theirs:
                boot = BOOT.format(path=path, fd=theirs.fileno(), preload=list(preload))
                process = subprocess.Popen(
                    [sys.executable, "-P", "-c", boot],
                    stdin=subprocess.DEVNULL,
                    stdout=output or subprocess.DEVNULL,
                    stderr=subprocess.STDOUT,
                    pass_fds=[theirs.fileno()],
                )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return cls(ours, process, output)

    def stop(self) -> None:
        """Ends the server, if this process started it, and forgets it."""
        self.requests.close()
        if self.process:
            self.process.kill()
            self.process.wait()
        if self.output:
            self.output.close()

    def preload(self, modules: Sequence[str]) -> None:
        """Has the server import modules before it forks again; does not wait for it."""
        ours, theirs = Pipe()
        with ours, theirs, suppress(BrokenPipeError, ConnectionResetError):  # it has died, which the next fork notices
            ours.send(list(modules))
            socket.send_fds(self.requests, [IMPORT], [theirs.fileno()])

    def fork(self, on_import: Callable[[], None]) -> Child:
        """Has the server fork a process.

        Args:
            on_import: Called once if the server is so busy importing that it takes a while.

        Raises:
            ServerDied: The server is dead.
        """
        ours, theirs = Pipe()
        answers, for_server = os.pipe()
        with ExitStack() as stack:
            stack.callback(theirs.close)
            stack.callback(os.close, for_server)
            streams = [_stream(number, stack) for number in (1, 2)]
            fds = [theirs.fileno(), for_server, *streams, self.requests.fileno()]
            with suppress(BrokenPipeError, ConnectionResetError):  # it has died, which is noticed below
                socket.send_fds(self.requests, [FORK], fds)
        if not select.select([answers], [], [], PATIENCE_S)[0]:
            on_import()
        if answer := os.read(answers, NUMBER.size):
            self.is_proven = True
            return Child(ours, answers, NUMBER.unpack(answer)[0])
        ours.close()
        os.close(answers)
        raise ServerDied(self._describe_death())

    def _describe_death(self) -> str:
        """Says how the server ended, and keeps what it printed where the user can read it."""
        reason = "no run can be started: the process that imports torch for all of them "
        reason += describe_exit(self.process.wait() if self.process else None)
        if self.output is None:
            return f"{reason}."
        self.output.seek(0)
        printed = self.output.read().strip()
        if not printed:
            return f"{reason}."
        last_line = printed.decode(errors="replace").splitlines()[-1]
        with suppress(OSError), tempfile.NamedTemporaryFile(prefix="mgu-server-", suffix=".log", delete=False) as log:
            log.write(printed + b"\n")
            return f"{reason}: {last_line}. See {log.name}"
        return f"{reason}: {last_line}"


def _stream(number: int, stack: ExitStack) -> int:
    """Returns the descriptor of a standard stream, or one that leads nowhere if this process has none."""
    with suppress(OSError):
        os.fstat(number)
        return number
    nowhere = os.open(os.devnull, os.O_WRONLY)
    stack.callback(os.close, nowhere)
    return nowhere


class _Current:
    """The server of this process, if there is one, and what it has been asked to import, in this order."""

    server: Server | None = None
    modules: ClassVar[dict[str, None]] = {}


def start_server(*modules: str) -> Server:
    """Starts the server of this process, unless it has one, and has it import modules that it was not asked for yet.

    It imports them while this process does something else: call this as soon as they are likely to be needed.

    Args:
        modules: Their names, in the order in which they are imported; PRELOAD is imported in any case.

    Returns:
        The server.
    """
    new = [name for name in (*modules, PRELOAD) if name not in _Current.modules]
    _Current.modules.update(dict.fromkeys(new))
    if _Current.server is None:
        _Current.server = Server.start([*_Current.modules])
        atexit.register(stop_server)
    elif new and modules:
        _Current.server.preload(new)
    return _Current.server


def finish_imports(on_import: Callable[[], None] = lambda: None) -> None:
    """Waits until the server of this process has imported what it was asked for, so that no call pays for it.

    Args:
        on_import: Called once if it takes a while.

    Raises:
        ServerDied: No server comes up.
    """
    child = fork_child(on_import)  # which it forks when it is done, for it does one after the other
    child.signal()
    child.wait()
    child.close()


def stop_server() -> None:
    """Ends the server of this process, if it has one; the next call starts another."""
    atexit.unregister(stop_server)
    if _Current.server:
        _Current.server.stop()
    _Current.server = None


def use_server(requests: socket.socket) -> None:
    """Makes a server that another process started the one of this process.

    Args:
        requests: The callers' end of its socket pair.
    """
    _Current.server = Server(requests)


def fork_child(on_import: Callable[[], None] = lambda: None) -> Child:
    """Has the server of this process fork a child; starts a new server where the old one has died.

    Args:
        on_import: Called once if the server is so busy importing that it takes a while.

    Returns:
        The child.

    Raises:
        ServerDied: No server comes up.
    """
    server = start_server()
    was_proven = server.is_proven
    try:
        return server.fork(on_import)
    except ServerDied:
        stop_server()
        if not was_proven:  # another one would die, too
            raise
    return start_server().fork(on_import)

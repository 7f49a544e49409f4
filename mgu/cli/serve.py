"""`mgu-run serve`: the report as a page that follows what is trained, for browsers of this machine."""

from __future__ import annotations

import errno
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mgu.cli.parser import Parser
from mgu.console.text import print_line
from mgu.errors import UserError
from mgu.results.on_disk.file_names import PACK_FILE, RESULT_FILE
from mgu.results.on_disk.files import describe_runs_dir, find_folders
from mgu.serve.renderer import Renderer, render_report
from mgu.serve.scan import Scanner
from mgu.serve.server import Server

PORT = 8347
MAX_PORT = 65_535
ENDING = {signal.SIGINT, signal.SIGTERM}


def main(arguments: list[str]) -> None:
    """Serves the page until Ctrl-C or SIGTERM.

    Args:
        arguments: Arguments of the sub-command.

    Raises:
        UserError: There is no such folder, a file holds no runs, or the port cannot be used.
    """
    parser = Parser(
        prog="mgu-run serve",
        description="Show the report of runs in a browser of this machine, renewed while they are trained, with their "
        "states and the time left.",
    )
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUNS", help="folders of runs (default: all of runs/)")
    parser.add_argument("--port", default=str(PORT), help="port on 127.0.0.1; 0: any free one (default: %(default)s)")
    options = parser.parse_args(arguments)
    paths = find_folders(options.runs)
    for path in paths[: len(options.runs)]:
        _check(path)
    renderer = Renderer(Scanner(paths), render_report)
    with _open(_port(options.port), renderer) as server, _kept_back(ENDING) as ending:
        threading.Thread(target=server.serve_forever, name="server", daemon=True).start()
        renderer.start()
        print_line(f"{server.address} shows {', '.join(map(str, paths))} to this machine; Ctrl-C ends it")
        signal.sigwait(ending)
        renderer.stop()
        server.shutdown()
        print_line("stopped serving")


def _check(path: Path) -> None:
    """Raises UserError where there can be no runs."""
    if not path.exists():
        where = describe_runs_dir()
        raise UserError(f"RUNS must be folders of runs, but {path} does not exist. {where} Leave it out for all.")
    if not path.is_dir() and path.resolve().name not in (RESULT_FILE, PACK_FILE):
        raise UserError(
            f"RUNS must be folders of runs, a run's {RESULT_FILE} or packs ({PACK_FILE}), but {path} is another file. "
            "Leave it out for all of runs/."
        )


@contextmanager
def _kept_back(signals: set[signal.Signals]) -> Iterator[set[signal.Signals]]:
    """Keeps signals back in this thread and those that it starts, until somebody waits for them by `sigwait`.

    An exception out of a signal's handler can be lost, where it interrupts code that cannot raise (a callback of the
    garbage collector, of a weak reference). A signal that is kept back cannot.

    Args:
        signals: The signals; one that the process was started to ignore, as by nohup, still is.

    Yields:
        Those that are kept back.
    """
    kept = {number for number in signals if signal.getsignal(number) is not signal.SIG_IGN}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, kept)
    try:
        yield kept
    finally:
        while signal.sigpending() & kept:  # a second Ctrl-C changes nothing any more
            signal.sigwait(kept)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _port(text: str) -> int:
    """Parses a port."""
    if not text.isdecimal() or int(text) > MAX_PORT:
        raise UserError(f"--port must be a number from 0 to {MAX_PORT}, but got {text!r}. Leave it out for {PORT}.")
    return int(text)


def _open(port: int, renderer: Renderer) -> Server:
    """Opens the port. Raises UserError where that is refused."""
    try:
        return Server(port, renderer)
    except PermissionError:
        raise UserError(
            f"--port must be 1024 or above, for the system grants those below to administrators, but got {port}. "
            f"Pass --port {PORT}, or --port 0 for any free one."
        ) from None
    except OSError as error:
        why = "another program uses it" if error.errno == errno.EADDRINUSE else str(error.strerror)
        raise UserError(f"--port must be free, but got {port}, and {why}. Pass --port 0 for any free one.") from None

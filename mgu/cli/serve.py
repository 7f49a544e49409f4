"""`mgu-run serve`: the report as a page that follows what is trained, for browsers of this machine."""

from __future__ import annotations

import errno
from pathlib import Path

from mgu.cli.parser import Parser
from mgu.console.text import print_line
from mgu.errors import UserError
from mgu.results.files import default_runs_dir
from mgu.serve.renderer import Renderer, render_report
from mgu.serve.scan import Scanner
from mgu.serve.server import Server

PORT = 8347
MAX_PORT = 65_535


def main(arguments: list[str]) -> None:
    """Serves the page until Ctrl-C.

    Args:
        arguments: Arguments of the sub-command.

    Raises:
        UserError: There is no such folder, or the port cannot be used.
    """
    parser = Parser(
        prog="mgu-run serve",
        description="Show the report of runs in a browser of this machine, renewed while they are trained, with their "
        "states and the time left.",
    )
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUNS", help="folders of runs (default: all of runs/)")
    parser.add_argument("--port", default=str(PORT), help="port on 127.0.0.1; 0: any free one (default: %(default)s)")
    options = parser.parse_args(arguments)
    paths = options.runs or [default_runs_dir()]
    for path in options.runs:
        if not path.exists():
            raise UserError(f"RUNS must be folders of runs, but {path} does not exist. Leave it out for all of runs/.")
    renderer = Renderer(Scanner(paths), render_report)
    with _open(_port(options.port), renderer) as server:
        try:
            print_line(f"{server.address} shows {', '.join(map(str, paths))} to this machine; Ctrl-C ends it")
            renderer.start()
            server.serve_forever()
        except KeyboardInterrupt:
            print_line("stopped serving")
        finally:
            renderer.stop()


def _port(text: str) -> int:
    """Parses a port."""
    if not text.isdecimal() or int(text) > MAX_PORT:
        raise UserError(f"--port must be a number from 0 to {MAX_PORT}, but got {text!r}. Leave it out for {PORT}.")
    return int(text)


def _open(port: int, renderer: Renderer) -> Server:
    """Opens the port. Raises UserError where that is refused."""
    try:
        return Server(port, renderer)
    except OSError as error:
        why = "another program uses it" if error.errno == errno.EADDRINUSE else str(error.strerror)
        raise UserError(f"--port must be free, but got {port}, and {why}. Pass --port 0 for any free one.") from None

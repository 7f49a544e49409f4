"""`mgu-run` in processes of their own, quickly: forked from a server that has imported what it needs."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import forkserver, get_context
from pathlib import Path

PROGRAM_NAME = "mgu-run"


@dataclass
class Finished:
    """What subprocess.CompletedProcess has."""

    returncode: int
    stdout: str
    stderr: str


class Running:
    """One `mgu-run` under way, in a process group of its own, as a terminal would give it."""

    def __init__(self, folder: Path, arguments: list[str], environment: Mapping[str, str]) -> None:
        self.outputs = [folder / f"{name}-{os.urandom(4).hex()}" for name in ("stdout", "stderr")]
        for path in self.outputs:
            path.touch()
        variables = {**os.environ, "MGU_RUNS": str(folder / "runs"), "OMP_NUM_THREADS": "1", **environment}
        variables["MGU_PRESENCE"] = str(folder / "presence")  # whatever else this machine measures is not of the test
        # Not a daemon: it starts processes of its own.
        self.process = get_context("forkserver").Process(
            target=_main, args=(folder, arguments, variables, self.outputs, server_address())
        )
        self.process.start()

    def wait(self, timeout_s: float | None = 300) -> Finished:
        """Until it has ended by itself; raises TimeoutError where it does not."""
        self.process.join(timeout_s)
        if self.process.exitcode is None:
            self.process.kill()
            raise TimeoutError(f"{PROGRAM_NAME} is still running: {[path.read_text() for path in self.outputs]}")
        stdout, stderr = (path.read_text() for path in self.outputs)
        return Finished(self.process.exitcode, stdout, stderr)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to the process alone; what it started is to notice by itself."""
        if self.process.pid and self.process.exitcode is None:
            os.kill(self.process.pid, number)


def server_address() -> str:
    """Of the server that this process forks from; here it has imported what the command needs, too."""
    get_context("forkserver").set_forkserver_preload(["mgu.preload", "hydra.main", "mgu.compose", "mgu.jobs"])
    forkserver.ensure_running()
    address: str = forkserver._forkserver._forkserver_address  # type: ignore[attr-defined]
    return address


def share_server(address: str) -> None:
    """Have what this process calls forked from that server, for one of its own would import everything again."""
    forkserver._forkserver._forkserver_address = address  # type: ignore[attr-defined]
    forkserver._forkserver.ensure_running = forkserver.ensure_running = lambda: None  # type: ignore[attr-defined]


def _main(folder: Path, arguments: list[str], variables: dict[str, str], outputs: list[Path], server: str) -> None:
    os.setsid()
    share_server(server)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    for number, path in enumerate(outputs, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), number)
    sys.argv = [PROGRAM_NAME, *arguments]
    from mgu.cli import main

    main()

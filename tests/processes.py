"""`mgu-run` in processes of their own, quickly: forked from a server that has imported what it needs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver, get_context
from pathlib import Path

from mgu.isolation import PRELOAD

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
        variables = _environment(folder, environment)
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


def run_cold(
    folder: Path, arguments: Sequence[str], script: str = "from mgu.cli.main import main; main()", **environment: str
) -> Finished:
    """`mgu-run` as a user starts it, with a server of its own: limits and patches hold for all that it starts."""
    with start_cold(folder, arguments, script, **environment) as process:
        stdout, stderr = process.communicate(timeout=200)
    return Finished(process.returncode, stdout, stderr)


def start_cold(
    folder: Path, arguments: Sequence[str], script: str = "from mgu.cli.main import main; main()", **environment: str
) -> subprocess.Popen[str]:
    """The same, under way."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=folder,
        env=_environment(folder, environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def server_address() -> str:
    """Of the server that this process forks from; here it has imported what the command needs, too."""
    get_context("forkserver").set_forkserver_preload([PRELOAD, "hydra.main", "mgu.cli.compose", "mgu.sweep.jobs"])
    forkserver.ensure_running()
    address: str = forkserver._forkserver._forkserver_address  # type: ignore[attr-defined]
    return address


def share_server(address: str) -> None:
    """Have what this process calls forked from that server, for one of its own would import everything again."""
    forkserver._forkserver._forkserver_address = address  # type: ignore[attr-defined]
    forkserver._forkserver.ensure_running = forkserver.ensure_running = lambda: None  # type: ignore[attr-defined]


def _environment(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Whatever else this machine measures is not of the test."""
    own = {"MGU_RUNS": str(folder / "runs"), "MGU_CONTENTION": str(folder / "contention"), "OMP_NUM_THREADS": "1"}
    return {**os.environ, **own, **more}


def _main(folder: Path, arguments: list[str], variables: dict[str, str], outputs: list[Path], server: str) -> None:
    os.setsid()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGINT, signal.default_int_handler)  # as in a terminal, and not as under nohup
    share_server(server)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    for number, path in enumerate(outputs, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), number)
    sys.argv = [PROGRAM_NAME, *arguments]
    from mgu.cli.main import main

    main()

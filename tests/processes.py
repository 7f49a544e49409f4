"""`mgu-run` in processes of their own, quickly: forked from a server that has imported what it needs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mgu.isolation import PRELOAD_RUN, Send, start_server
from mgu.isolation.server import fork_child

PROGRAM_NAME = "mgu-run"


@dataclass
class Finished:
    """What subprocess.CompletedProcess has."""

    returncode: int
    stdout: str
    stderr: str

    @property
    def said(self) -> list[str]:
        """The lines on standard error, but for what it waited for longer than a second, as on a busy machine."""
        return [line for line in self.stderr.splitlines() if line != "importing torch ..."]


class Running:
    """One `mgu-run` under way, in a process group of its own, as a terminal would give it."""

    def __init__(self, folder: Path, arguments: list[str], environment: Mapping[str, str]) -> None:
        self.outputs = [folder / f"{name}-{os.urandom(4).hex()}" for name in ("stdout", "stderr")]
        for path in self.outputs:
            path.touch()
        ready_server()
        self.process = fork_child()
        weakref.finalize(self, self.process.close)  # not in __del__, which is called where the line above raises, too
        task = ("tests.processes:run_main", (arguments, self.outputs))
        self.process.connection.send((environment_of(folder, environment), str(folder), *task))

    @property
    def pid(self) -> int:
        """Of the process, and of its group."""
        return self.process.pid

    def is_alive(self) -> bool:
        """Whether it has not ended yet."""
        return not self.process.wait(0)

    def wait(self, timeout_s: float | None = 300) -> Finished:
        """Until it has ended by itself; raises TimeoutError where it does not."""
        if not self.process.wait(timeout_s):
            self.process.signal()
            raise TimeoutError(f"{PROGRAM_NAME} is still running: {[path.read_text() for path in self.outputs]}")
        stdout, stderr = (path.read_text() for path in self.outputs)
        assert self.process.exit_code is not None, "the server has died"
        return Finished(self.process.exit_code, stdout, stderr)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to the process alone; what it started is to notice by itself."""
        self.process.signal(number)


def run_cold(
    folder: Path, arguments: Sequence[str], script: str = "from mgu.cli.main import main; main()", **environment: str
) -> Finished:
    """`mgu-run` as a user starts it, with a server of its own: limits and patches hold for all that it starts."""
    with start_cold(folder, arguments, script, subprocess.PIPE, **environment) as process:
        stdout, stderr = process.communicate(timeout=600)
    return Finished(process.returncode, stdout, stderr)


def start_cold(
    folder: Path,
    arguments: Sequence[str],
    script: str = "from mgu.cli.main import main; main()",
    output: IO[str] | int = subprocess.PIPE,
    **environment: str,
) -> subprocess.Popen[str]:
    """The same, under way."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=folder,
        env=environment_of(folder, environment),
        stdout=output,
        stderr=output,
        text=True,
        start_new_session=True,
    )


def ready_server() -> None:
    """Starts the server that all calls and commands are forked from; here it imports what the command needs, too."""
    start_server("hydra.main", "mgu.cli.compose", "mgu.sweep.jobs", PRELOAD_RUN)


def environment_of(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Whatever else this machine measures is not of the test."""
    own = {"MGU_RUNS": str(folder / "runs"), "MGU_CONTENTION": str(folder / "contention"), "OMP_NUM_THREADS": "1"}
    inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}  # of readline
    return {**inherited, **own, **more}


def run_main(send: Send, arguments: list[str], outputs: list[Path]) -> None:
    """The command in a process of its own, as a shell would start it; what it starts comes from the same server."""
    os.setsid()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # as in a terminal, and not as under nohup
    for number, path in enumerate(outputs, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), number)
    sys.argv = [PROGRAM_NAME, *arguments]
    from mgu.cli.main import main

    main()

"""Commands that are killed: which ones, by which signal, which of their processes, and what must be left of them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from mgu.isolation.server import start_server
from tests.processes import Finished, Running, start_cold

WORDS = ("layout=digits_2", "threads=1", "energy.enabled=false", "training.epochs=12", "training.checkpoint_s=0")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
END_S = 300  # within which all must have ended, on a busy machine
AS_USER = "import sys; del sys.path[0]; from mgu.cli.main import main; main()"


class Scenario(NamedTuple):
    """A command, and the processes of it that are killed; `is_cold` for one that has a server of its own."""

    words: tuple[str, ...]
    targets: tuple[str, ...]
    is_cold: bool = False


WARM = ("run", "command", "group")
SCENARIOS = {
    "one run": Scenario(("norm=ln",), WARM),
    "sweep": Scenario(("-m", "norm=ln,no_norm"), WARM),
    "side by side": Scenario(("-m", "norm=ln,no_norm", "parallel=2"), WARM),
    "seeds together": Scenario(("-m", "norm=ln", "seed=0,1,2", "seeds_at_once=3"), WARM),
    "trackers": Scenario(("-m", "norm=ln", "seed=0,1", "tensorboard=with", "mlflow=with"), WARM),
    "own server": Scenario(("-m", "norm=ln,no_norm"), ("server", "server", *WARM), is_cold=True),
    "joblib": Scenario(("-m", "norm=ln", "seed=0,1", "hydra/launcher=joblib"), ("server", *WARM), is_cold=True),
}


class Command:
    """One command under way, in a session of its own."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self.is_cold = scenario.is_cold
        (folder / "tmp").mkdir(parents=True, exist_ok=True)
        words = [*WORDS, *scenario.words]
        if self.is_cold:
            self.output = (folder / "output").open("w+")
            self.cold = start_cold(folder, words, AS_USER, self.output, TMPDIR=str(folder / "tmp"), PYTHONPATH=PATH)
            self.pid = self.cold.pid
        else:
            self.warm = Running(folder, words, {"TMPDIR": str(folder / "tmp")})
            self.pid = self.warm.pid

    def is_over(self) -> bool:
        return self.cold.poll() is not None if self.is_cold else not self.warm.is_alive()

    def find(self, target: str) -> list[int]:
        """Pids of the processes of a kind that are there now."""
        if target == "command":
            return [self.pid]
        if not self.is_cold:
            server = start_server().process
            assert server
            return [pid for pid in _children(server.pid) if pid != self.pid]
        forks = {pid: parent for pid, (parent, name) in _session(self.pid).items() if "fork_server" in name}
        return [pid for pid, parent in forks.items() if (parent in forks) == (target == "run")]

    def members(self) -> list[int]:
        """Pids of all processes of a command that has a server of its own."""
        return list(_session(self.pid))

    def kill(self, target: str, number: int) -> bool:
        """Sends a signal to a process of a kind, as soon as there is one; returns whether the command lived so long."""
        while not self.is_over():
            try:
                if target == "group":
                    os.killpg(self.pid, number)
                    return True
                for pid in self.find(target):
                    os.kill(pid, number)
                    return True
            except ProcessLookupError:
                pass  # it has just ended
            time.sleep(0.005)
        return False

    def end(self) -> Finished:
        """Waits until the command has ended by itself, and all its processes with it."""
        if self.is_cold:
            self.cold.wait(END_S)
            self.output.seek(0)
            done = Finished(self.cold.returncode, self.output.read(), "")
            self.output.close()
        else:
            done = self.warm.wait(END_S)
        until = time.monotonic() + END_S
        while left := (self.members() if self.is_cold else self.find("run")):
            assert time.monotonic() < until, f"processes are left: {left}"
            time.sleep(0.01)
        return done


PATH = os.pathsep.join(filter(None, sys.path))


def choose(scenario: Scenario, chance: random.Random, takes_s: float) -> tuple[float, str, signal.Signals]:
    """A moment in seconds, a target and a signal."""
    return chance.uniform(0, takes_s), chance.choice(scenario.targets), chance.choice(SIGNALS)


def _children(pid: int) -> list[int]:
    return [child for child, (parent, _) in _processes().items() if parent == pid]


def _session(leader: int) -> dict[int, tuple[int, str]]:
    """Parent and command line of each process of a session, by pid."""
    found = {}
    for pid, entry in _processes().items():
        try:
            if os.getsid(pid) == leader:
                found[pid] = entry
        except ProcessLookupError:
            continue
    return found


def _processes() -> dict[int, tuple[int, str]]:
    """Parent and command line by pid, without zombies."""
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(maxsplit=3) for line in listed.splitlines()]
    return {int(row[0]): (int(row[1]), row[3]) for row in rows if len(row) == 4 and not row[2].startswith("Z")}

"""Holds runs where a test wants them, by a schedule of the learning rate: no pause is long enough on a busy machine."""

from __future__ import annotations

from pathlib import Path

SOURCE = '''
import os
import time
from pathlib import Path

LONGEST_S = 300  # then it goes on, and the test fails by what it asserts


def gate(step, steps_per_epoch):
    """A constant rate; where the working directory has a file of that name, a run has to `meet` another or to `hold`.

    It does so in its second epoch: the first has left a checkpoint, and told how much memory a run takes.
    """
    if step == steps_per_epoch + 1:
        if Path("meet").exists():
            Path(f"met-{os.getpid()}").touch()
            wait_until(lambda: len(list(Path().glob("met-*"))) > 1)
        wait_until(lambda: not Path("hold").exists())
    return 1.0


def wait_until(holds):
    until = time.monotonic() + LONGEST_S
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
'''


def write_gate(folder: Path) -> tuple[str, ...]:
    """Words of the command line for runs with the gate, whose module it writes to a folder."""
    (folder / "gate.py").write_text(SOURCE)
    return ("schedule=python", "schedule.target=gate:gate", f"schedule.folder={folder}")

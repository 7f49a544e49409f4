"""Runs a command until it prints a certain line, and kills it then with all that it started."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence


def run_until(command: Sequence[str], words: str, environment: Mapping[str, str]) -> None:
    """Returns as soon as the command has printed a line with these words; raises where it ends without."""
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )
    assert process.stdout
    seen = any(words in line for line in process.stdout)  # stops reading at the first such line
    os.killpg(process.pid, signal.SIGKILL)
    process.stdout.close()
    process.wait()
    if not seen:
        raise RuntimeError(f"no line had {words!r}: {' '.join(command)}")

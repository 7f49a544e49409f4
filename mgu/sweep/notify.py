"""Tells the user that a run or a sweep is over, by a command of theirs (`notify=COMMAND`)."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from mgu.config.run import RunConfig
from mgu.console.text import count, describe_s, print_line
from mgu.errors import UserError
from mgu.results.on_disk.folder import find_done, run_folder
from mgu.text.printable import printable

State = Literal["done", "failed", "interrupted"]
TIMEOUT_S = 60.0  # the command holds up the end of the sweep


def check_notify(command: str | None) -> None:
    """Checks that the shell finds the first word of a command, where that is a plain word.

    Args:
        command: The command; None: there is none.

    Raises:
        UserError: It does not.
    """
    plain = re.match(r"\s*([\w./~+-]+)(\s|$)", command or "")
    if plain is None:  # quotes, brackets and the like are for the shell to read
        return
    word = plain[1]
    found = f"command -v -- {shlex.quote(os.path.expanduser(word))}"
    if subprocess.run(found, shell=True, check=False, stdin=subprocess.DEVNULL, capture_output=True).returncode:
        raise UserError(
            f"notify must be a command that the shell finds, but got {printable(word)!r}. Give its path, as in "
            "notify=./tell-me.sh, and make the file executable."
        )


@contextmanager
def notifying(configs: Sequence[RunConfig]) -> Iterator[None]:
    """Runs the configured command once the block is over, however it ends.

    Args:
        configs: Configurations of all runs; the first one's command counts.

    Yields:
        None.
    """
    with calling(configs[0].notify, lambda state, seconds: _describe(configs, state, seconds)):
        yield


@contextmanager
def calling(command: str | None, describe: Callable[[State, float], dict[str, str]]) -> Iterator[None]:
    """Runs a command once the block is over, however it ends.

    Args:
        command: The command; None: there is none.
        describe: Takes how the block ended and its wall-clock seconds; returns the variables that the command is given,
            see `variables`.

    Yields:
        None.
    """
    if not command:
        yield
        return
    started_s = time.monotonic()
    state: State = "failed"
    try:
        yield
        state = "done"
    except KeyboardInterrupt:
        state = "interrupted"
        raise
    finally:
        _run(command, describe(state, time.monotonic() - started_s))


def _describe(configs: Sequence[RunConfig], state: State, seconds: float) -> dict[str, str]:
    """Returns the variables that the command is given."""
    over = sum(find_done(config) is not None for config in configs)
    folder = run_folder(configs[0])
    missing = len(configs) - over
    if state == "done" and missing:
        state = "failed"
    message = (
        f"{configs[0].experiment_name}: {state}, {over} of {count(len(configs), 'run')} done in {describe_s(seconds)}"
    )
    shown = folder if len(configs) == 1 else folder.parent
    return variables(state, (over, len(configs)), seconds, configs[0].experiment_name, shown, message)


def variables(
    state: State, runs: tuple[int, int], seconds: float, experiment: str, folder: Path, message: str
) -> dict[str, str]:
    """Returns the variables that the command is given.

    Args:
        state: How it ended.
        runs: Number of runs with a result, and of all.
        seconds: Wall-clock seconds.
        experiment: Name of the experiment.
        folder: Where the runs are.
        message: One sentence of all that.
    """
    done, number = runs
    values = {
        "STATE": state,
        "RUNS": str(number),
        "DONE": str(done),
        "MISSING": str(number - done),
        "SECONDS": f"{seconds:.0f}",
        "EXPERIMENT": experiment,
        "FOLDER": str(folder.absolute()),
        "MESSAGE": message,
    }
    return {f"MGU_NOTIFY_{name}": value for name, value in values.items()}


def _run(command: str, values: dict[str, str]) -> None:
    """Runs the command; what becomes of it changes nothing, but a failure is said."""
    try:
        done = subprocess.run(
            command, shell=True, check=False, env=os.environ | values, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, errors="replace", timeout=TIMEOUT_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        fault = f"did not end within {TIMEOUT_S:.0f} s and was stopped"
    except (OSError, ValueError) as error:
        fault = f"could not be started: {error}"
    else:
        lines = (done.stderr or done.stdout).strip().splitlines()
        fault = (
            f"ended with exit code {done.returncode}" + (f": {lines[-1]}" if lines else "") if done.returncode else ""
        )
    if fault:
        print_line(printable(f"the command of notify {fault}"))

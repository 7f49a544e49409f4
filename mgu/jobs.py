"""Runs as the command line and Hydra's launchers start them: each in a fresh process, under the lock of its folder.

This is the side that watches; it imports no torch. A failure of any kind is written down here, and the caller goes on.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any, Literal

from rich.console import Console

from mgu.config import RunConfig
from mgu.errors import RunsFailed, UserError
from mgu.evidence import describe
from mgu.isolation import Crashed, Raised, call, start_server
from mgu.progress import Lines
from mgu.results import Result, make_folder, write_result
from mgu.screen import Screen
from mgu.state import count_epochs, find_done, hold, run_folder
from mgu.sweep import Sweep
from mgu.tracking.trackers import check_installed, trackers

Outcome = Literal["done", "failed", "busy"]

WAS_THERE = "  (was there; force=true trains it again)"


def run_single(config: RunConfig) -> Outcome:
    """One run on its own. Raises RunsFailed where training failed, UserError for bad input."""
    check_installed(config)
    start_server()  # it imports torch while this process does the rest
    console = Console()
    view = Screen(console, total=None) if console.is_terminal else Lines(in_sweep=False)
    with view:
        outcome = run_job(config, None, view, wait=True)
    if outcome == "failed":
        log = run_folder(config) / "log.txt"
        raise RunsFailed(f"{config.name} failed. See {log}; the same command tries it again.")
    return outcome


def run_in_sweep(config: RunConfig, number: int) -> Outcome:
    """A job of a sweep, in the process that watches the sweep or in a launcher's own."""
    sweep = Sweep.current
    outcome = run_job(config, number, sweep.view if sweep else Lines(in_sweep=True))
    if sweep and outcome != "busy":
        sweep.ended(config)
    return outcome


def run_job(config: RunConfig, number: int | None, view: Lines, wait: bool = False) -> Outcome:
    """Train, unless it is done or another process is at it ("busy"; `wait` for that instead).

    number: of the job in a sweep. Raises UserError and OSError for what is no outcome of the model.
    """
    folder = run_folder(config)
    is_new = not folder.exists()
    make_folder(folder)
    elsewhere = f"{config.name} is being trained by another process"
    with hold(folder, on_wait=(lambda: view.say(f"{elsewhere}: waiting for it")) if wait else None) as is_ours:
        if (done := find_done(config)) and not config.force:
            view.ended(done, number, WAS_THERE)
            return "done"
        if not is_ours:
            view.say(elsewhere)
            return "busy"
        try:
            result = _train(config, folder, view)
        except UserError:
            if is_new:
                shutil.rmtree(folder)
            raise
    view.ended(result, number)
    return "failed" if result.status == "failed" else "done"


def _train(config: RunConfig, folder: Path, view: Lines) -> Result:
    """In a process of its own, and told to the trackers that are on, which are here so as not to be measured."""
    with trackers(config, folder) as tracking:

        def on_event(name: str, *arguments: Any) -> None:
            view.event(name, *arguments)
            if name == "epoch":
                tracking.epoch(*arguments)

        view.started(config, str(folder))
        try:
            result: Result = call("mgu.run:run_isolated", config, on_event=on_event, timeout_s=config.training.timeout)
        except (Crashed, Raised) as failure:
            result = _write_down(config, folder, failure)
        tracking.finish(result)
    return result


def _write_down(config: RunConfig, folder: Path, failure: Crashed | Raised) -> Result:
    """What the run's process could not record itself."""
    trace = failure.traceback if isinstance(failure, Raised) else ""
    with (folder / "log.txt").open("a", encoding="utf-8") as log:
        log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} the run failed: {failure}\n{trace}")
    result = describe(config, "failed", error=str(failure), epochs=count_epochs(folder))
    write_result(folder, result)
    return result

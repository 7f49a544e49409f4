"""Runs as the command line and Hydra's launchers start them: each in a fresh process, under the lock of its folder.

This is the side that watches; it imports no torch. A failure of any kind is written down here, and the caller goes on.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

from rich.console import Console

from mgu.config.run import RunConfig
from mgu.console.lines import Lines
from mgu.console.live import Screen
from mgu.errors import RunsFailed, UserError
from mgu.isolation import Crashed, Raised, call, start_server
from mgu.results.files import make_folder
from mgu.results.folder import count_epochs, find_done, hold, run_folder
from mgu.results.record import describe
from mgu.results.result import Result, write_result
from mgu.sweep.sweep import Sweep
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
        [outcome] = run_job([config], None, view, wait=True)
    if outcome == "failed":
        log = run_folder(config) / "log.txt"
        raise RunsFailed(f"{config.name} failed. See {log}; the same command tries it again.")
    return outcome


def run_in_sweep(configs: Sequence[RunConfig], number: int) -> list[Outcome]:
    """A job of a sweep, in the process that watches the sweep or in a launcher's own."""
    sweep = Sweep.current
    outcomes = run_job(configs, number, sweep.view if sweep else Lines(in_sweep=True))
    for config, outcome in zip(configs, outcomes, strict=True):
        if sweep and outcome != "busy":
            sweep.ended(config)
    return outcomes


def run_job(configs: Sequence[RunConfig], number: int | None, view: Lines, wait: bool = False) -> list[Outcome]:
    """Train one run, or several that differ in their seed only together; but none that is done, nor one that another
    process is at ("busy"; `wait` for that instead).

    number: of the job in a sweep. Raises UserError and OSError for what is no outcome of the model.
    """
    is_new = {run_folder(config): not run_folder(config).exists() for config in configs}
    with ExitStack() as locks:
        there = [_what_is_there(config, number, view, wait, locks) for config in configs]
        todo = [config for config, outcome in zip(configs, there, strict=True) if outcome is None]
        try:
            results = _train(todo, number, view) if todo else {}
        except UserError:
            for config in todo:
                if is_new[run_folder(config)]:
                    shutil.rmtree(run_folder(config))
            raise
    return [outcome or _outcome(results[run_folder(c)]) for c, outcome in zip(configs, there, strict=True)]


def _outcome(result: Result) -> Outcome:
    return "failed" if result.status == "failed" else "done"


def _what_is_there(
    config: RunConfig, number: int | None, view: Lines, wait: bool, locks: ExitStack
) -> Literal["done", "busy"] | None:
    """The outcome of a run that is not to be trained; else its folder is there, and held by `locks`."""
    folder = run_folder(config)
    make_folder(folder)
    elsewhere = f"{config.name} is being trained by another process"
    is_ours = locks.enter_context(
        hold(folder, on_wait=(lambda: view.say(f"{elsewhere}: waiting for it")) if wait else None)
    )
    if (done := find_done(config)) and not config.force:
        view.ended(done, number, WAS_THERE)
        return "done"
    if not is_ours:
        view.say(elsewhere)
        return "busy"
    return None


def _train(configs: Sequence[RunConfig], number: int | None, view: Lines) -> dict[Path, Result]:
    """By the run's folder. In a process of their own, and told to the trackers that are on, which are here so as not to
    be measured.
    """
    results: dict[Path, Result] = {}
    folders = [run_folder(config) for config in configs]
    with ExitStack() as stack:
        tracking = [stack.enter_context(trackers(*each)) for each in zip(configs, folders, strict=True)]

        def is_over(index: int, result: Result) -> None:
            results[folders[index]] = result
            tracking[index].finish(result)
            view.ended(result, number)

        def on_event(index: int, name: str, *arguments: Any) -> None:
            if name == "is_over":
                is_over(index, *arguments)
            else:
                view.event(configs[index], name, *arguments)
            if name == "epoch":
                tracking[index].epoch(*arguments)

        view.started(configs[0], str(folders[0]))
        timeout = configs[0].training.timeout  # of each, and they take turns
        try:
            call(
                "mgu.run.worker:run_isolated", configs, on_event=on_event, timeout_s=timeout and timeout * len(configs)
            )
        except (Crashed, Raised) as failure:
            for index, config in enumerate(configs):
                if folders[index] not in results:
                    is_over(index, _write_down(config, folders[index], failure))
    return results


def _write_down(config: RunConfig, folder: Path, failure: Crashed | Raised) -> Result:
    """What the run's process could not record itself."""
    trace = failure.traceback if isinstance(failure, Raised) else ""
    with (folder / "log.txt").open("a", encoding="utf-8") as log:
        log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} the run failed: {failure}\n{trace}")
    result = describe(config, "failed", error=str(failure), epochs=count_epochs(folder))
    write_result(folder, result)
    return result

"""Jobs: training runs in a fresh child process, each under the lock of its folder.

The command line starts a single run here, and so do a sweep and the processes of Hydra's launchers with their jobs. A
failed run of any kind becomes a result, and the caller goes on.

A job is a generator: it yields its child process whenever there is nothing to do but wait for it. So one loop can wait
for several (side_by_side.py), in one thread, which Ctrl-C reaches; closing a generator ends its process.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, closing
from os.path import exists  # unlike that of Path it is False below a folder that cannot be entered
from pathlib import Path
from typing import Literal, TypeVar

from rich.console import Console

from mgu.config.run import RunConfig
from mgu.console.failures import describe_failure
from mgu.console.lines import LineView
from mgu.console.live import LiveView
from mgu.errors import RunsFailed, UserError
from mgu.isolation import RUN, Call, Crashed, Raised, ServerDied, TimedOut
from mgu.measure.countries import check_early, note_of
from mgu.results.compare.axes import Axes
from mgu.results.compare.same_data import check_same_data
from mgu.results.on_disk.closed import find_closed
from mgu.results.on_disk.file_names import LOG_FILE
from mgu.results.on_disk.folder import (
    check_not_closed,
    check_not_foreign,
    find_done,
    find_result,
    is_held,
    lock_run,
    run_folder,
    wait_until_free,
)
from mgu.results.schema.result import Result
from mgu.sweep.folders import make_folder_for, removing_new_folders
from mgu.sweep.notify import check_notify, notifying
from mgu.sweep.other_names import print_other_names
from mgu.sweep.preload import preload_for
from mgu.sweep.sweep import Sweep
from mgu.sweep.watch import Watch
from mgu.tracking.trackers import build_trackers, check_installed

Outcome = Literal["done", "failed", "busy"]
T = TypeVar("T")
Waiting = Generator[Watch, None, T]  # yields what it waits for, and is resumed once that is over

FROM_EARLIER = "  (was there; force=true trains it again)"
FROM_EARLIER_IN_SWEEP = "  (was there)"


def run_single(config: RunConfig) -> Outcome:
    """Trains one run that belongs to no sweep, and waits for another process that trains it.

    Args:
        config: Configuration of the run.

    Returns:
        "done".

    Raises:
        RunsFailed: Training failed.
        UserError: The input is wrong.
    """
    check_installed(config)
    check_notify(config.notify)
    check_early(config.energy)
    preload_for([config])
    print_other_names([config])
    console = Console()
    view = LiveView(console, total=None) if console.is_terminal else LineView(in_sweep=False)
    with notifying([config]), view:
        [outcome] = finish(run_job([config], None, view, may_wait=True))
        if outcome == "done" and (note := note_of([config.energy])):  # last: the child finds out whether data are wrong
            view.print_line(note)
    if outcome == "failed":
        result = find_result(config)
        why = describe_failure(result.error if result else None)
        log = run_folder(config) / LOG_FILE
        raise RunsFailed(f"{config.name} failed: {why}. See {log}; the same command tries it again.")
    return outcome


def finish(job: Waiting[T]) -> T:
    """Finishes a job, waiting for it alone, and closes it even where it raises.

    Args:
        job: What was begun.

    Returns:
        What it returns.
    """
    with closing(job):
        try:
            while True:
                next(job).call.finish()
        except StopIteration as end:
            outcome: T = end.value
            return outcome


def run_in_sweep(configs: Sequence[RunConfig], number: int, sweep: Sweep) -> Waiting[list[Outcome]]:
    """Trains one job of a sweep in the process that watches the sweep.

    Args:
        configs: Configurations of the job's runs.
        number: Number of the job in its sweep, from 1.
        sweep: The sweep.

    Yields:
        What the job waits for.

    Returns:
        What became of each run.
    """
    outcomes = yield from run_job(configs, number, sweep.view, sweep.concurrency.threads)
    for config, outcome in zip(configs, outcomes, strict=True):
        if outcome != "busy":
            sweep.mark_done(config)
    return outcomes


def run_in_launcher(configs: Sequence[RunConfig], number: int, axes: Axes) -> Waiting[list[Outcome]]:
    """Trains one job of a sweep in a process of a launcher.

    Args:
        configs: Configurations of the job's runs.
        number: Number of the job in its sweep, from 1.
        axes: The keys in which the runs of the sweep differ.

    Returns:
        As `run_in_sweep` does.
    """
    return run_job(configs, number, LineView(in_sweep=True, axes=axes))


def run_job(
    configs: Sequence[RunConfig],
    number: int | None,
    view: LineView,
    threads: int | None = None,
    may_wait: bool = False,
) -> Waiting[list[Outcome]]:
    """Trains one run, or several that differ in their seed only, together; skips those that are done or busy.

    Args:
        configs: Configurations of the runs.
        number: Number of the job in its sweep; None for a single run.
        view: Shows the progress.
        threads: CPU threads of runs that are configured to have no number of their own; None: torch's own number.
        may_wait: Whether to wait for a run that another process trains, which else is "busy".

    Yields:
        What the job waits for.

    Returns:
        What became of each run.

    Raises:
        UserError: The input is wrong, or another version of this package trained a run; no new folder is left behind.
        ServerDied: No process can be started; likewise.
        OSError: The system refused to read or write.
    """
    is_new = {run_folder(config): not exists(run_folder(config)) for config in configs}
    with removing_new_folders(is_new), ExitStack() as locks:
        skipped = [_find_reason_to_skip(config, number, view, may_wait, locks) for config in configs]
        todo = [config for config, outcome in zip(configs, skipped, strict=True) if outcome is None]
        try:
            results = (yield from _train(todo, number, view, threads)) if todo else {}
        except (UserError, ServerDied):  # no run is to blame
            for config in todo:
                if is_new[run_folder(config)]:
                    shutil.rmtree(run_folder(config))
            raise
    return [outcome or _outcome_of(config, results) for config, outcome in zip(configs, skipped, strict=True)]


def _outcome_of(config: RunConfig, results: Mapping[Path, Result]) -> Outcome:
    return "failed" if results[run_folder(config)].status == "failed" else "done"


def _find_reason_to_skip(
    config: RunConfig, number: int | None, view: LineView, may_wait: bool, locks: ExitStack
) -> Literal["done", "busy"] | None:
    """Returns the outcome of a run that is not to be trained; else makes its folder, and locks it until `locks` end."""
    elsewhere = f"{view.name_of(config)} is being trained by another process"
    on_wait = (lambda: view.print_line(f"{elsewhere}: waiting for it")) if may_wait else None
    is_ours = _lock(config, on_wait, locks)
    check_same_data([config])
    if (done := find_done(config)) and not config.force:
        view.ended(done, number, FROM_EARLIER if number is None else FROM_EARLIER_IN_SWEEP)
        return "done"
    if not is_ours:
        view.print_line(elsewhere)
        return "busy"
    check_not_foreign(config)
    return None


def _lock(config: RunConfig, on_wait: Callable[[], None] | None, locks: ExitStack) -> bool:
    """Makes the folder of a run and locks it; returns whether it is ours, which it need not be to say that it is done.

    Raises UserError where the run is to be trained, and the folder cannot be written.
    """
    folder = run_folder(config)
    if not find_closed(folder):
        return make_folder_for(folder, [config]) and locks.enter_context(lock_run(folder, on_wait))
    if on_wait and is_held(folder):
        on_wait()
        wait_until_free(folder)
    check_not_closed(config)
    return False


def _train(
    configs: Sequence[RunConfig], number: int | None, view: LineView, threads: int | None
) -> Waiting[dict[Path, Result]]:
    """Trains the runs in one child process, and returns their results by folder."""
    timeout_s = configs[0].training.timeout  # of one run: several take turns, so that together they have it each
    with ExitStack() as stack:
        # In this process, so that their work is not measured.
        tracking = [
            stack.enter_context(build_trackers(config, run_folder(config), view.name_of(config))) for config in configs
        ]
        watch = Watch(configs, number, view, tracking)
        view.started(configs, str(run_folder(configs[0])))
        stack.callback(view.stopped, configs)
        try:
            watch.call = stack.enter_context(
                Call(
                    *(RUN, configs, threads),
                    on_event=watch.on_event,
                    on_import=lambda: view.waits(configs[0], "importing torch"),
                    timeout_s=timeout_s and timeout_s * len(configs),
                )
            )
            yield watch
            watch.call.result()
        except ServerDied:
            raise
        except TimedOut:
            watch.record_failure(Crashed(_describe_timeout(configs)))
        except (Crashed, Raised) as failure:
            watch.record_failure(failure)
    return watch.results


def _describe_timeout(configs: Sequence[RunConfig]) -> str:
    """Describes by the user's own value why the process of the runs was stopped."""
    shared = f" for each of {len(configs)} runs that were trained together" if len(configs) > 1 else ""
    return f"it ran longer than training.timeout={configs[0].training.timeout:g} s{shared} and was stopped"

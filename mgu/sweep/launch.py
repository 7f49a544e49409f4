"""Launches the jobs of a sweep and collects what became of them. Knows no Hydra: the launcher is a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mgu.config.run import RunConfig
from mgu.errors import ProgramError
from mgu.results.on_disk.folder import run_folder, runs_dir
from mgu.sweep.jobs import Outcome
from mgu.sweep.launchers import Launcher
from mgu.sweep.notify import notifying
from mgu.sweep.sweep import Sweep


class Job(NamedTuple):
    """Holds what is launched as one: a run, or several that differ in their seed only and are trained together.

    Attributes:
        overrides: Hydra overrides of the first run.
        configs: Configurations of the runs.
        number: Its number in the sweep, from 1.
    """

    overrides: list[str]
    configs: list[RunConfig]
    number: int

    @property
    def all_overrides(self) -> list[str]:
        """Hydra overrides of the whole job."""
        seeds = [config.seed for config in self.configs]
        together = [f"hydra.sweeper.seeds={seeds}"] if len(seeds) > 1 else []
        return [*self.overrides, *together, f"hydra.sweeper.number={self.number}"]

    def select_busy(self, outcomes: Sequence[Outcome]) -> Job | None:
        """Returns the same job with only those runs that another process trained; None if there are none."""
        configs = [config for config, outcome in zip(self.configs, outcomes, strict=True) if outcome == "busy"]
        # A forced run that another sweep forces, too, takes that one's result, or continues from its checkpoint.
        first_seed = [f"seed={configs[0].seed}"] if len(self.configs) > 1 and configs else []
        configs = [config.model_copy(update={"force": False}) for config in configs]
        return Job([*self.overrides, *first_seed, "force=false"], configs, self.number) if configs else None


# Takes jobs. Returns for each what became of its runs, or the exception that ended it. Raises if the launcher itself
# gives up.
Launch = Callable[[list[Job]], Sequence[list[Outcome] | Exception]]


def run_sweep(
    sweep: Sweep,
    overrides: Sequence[list[str]],
    launch: Launch,
    quote: Callable[[str], str],
    launcher: Launcher,
) -> str:
    """Launches the runs of a sweep that is prepared, and prints what became of them.

    Args:
        sweep: The sweep.
        overrides: Hydra overrides of each run, in the order of the sweep's configurations.
        launch: Launches jobs.
        quote: Quotes a value of an override.
        launcher: How the launcher runs the jobs.

    Returns:
        How many runs have no result, in sentences; empty where all have one.

    Raises:
        ProgramError: A job met a bug of this program.
    """
    jobs = _build_jobs(sweep, overrides, quote)
    reasons: dict[Path, str] = {}
    bugs: list[ProgramError] = []
    with notifying(sweep.configs):
        try:
            with sweep.watching(launcher):
                _launch_all(sweep, jobs, launch, reasons, bugs)
        except KeyboardInterrupt:
            sweep.print_outcomes(reasons)
            raise
        missing = sweep.print_outcomes(reasons)
    if bugs:
        raise bugs[0]
    return missing


def _build_jobs(sweep: Sweep, overrides: Sequence[list[str]], quote: Callable[[str], str]) -> list[Job]:
    """Builds a job for each group of runs, with an absolute path to the runs folder.

    Launchers may start processes in another folder or with other variables: all are to write to the same place.
    """
    keys = ",".join(map(quote, sweep.axes.keys))
    named = [f"hydra.sweeper.axes=[{keys}]"] if keys else []  # for launchers' processes, which know one job only
    by_folder: Mapping[Path, list[str]] = {
        run_folder(config): [*given, f"runs_dir={quote(str(runs_dir(config).absolute()))}", *named]
        for given, config in zip(overrides, sweep.configs, strict=True)
    }
    groups = enumerate(sweep.groups(), start=1)
    return [Job(by_folder[run_folder(group[0])], group, number) for number, group in groups]


def _launch_all(
    sweep: Sweep, jobs: list[Job], launch: Launch, reasons: dict[Path, str], bugs: list[ProgramError]
) -> None:
    """Launches all jobs, then again those whose runs another process trained, for that process may have been killed.

    Adds to `reasons` why runs have no result, by folder, and to `bugs` what is no fault of the runs.
    """
    while jobs:
        try:
            answers = launch(jobs)
        except Exception as error:  # a worker was killed: the launcher gives up, but runs are on disk
            reason = f"the launcher stopped: {type(error).__name__}: {error}".splitlines()[0]
            reasons |= {run_folder(config): reason for job in jobs for config in job.configs}
            return
        busy = []
        for job, answer in zip(jobs, answers, strict=True):
            if isinstance(answer, Exception):
                reasons |= {run_folder(config): str(answer) for config in job.configs}
                bugs += [answer] if isinstance(answer, ProgramError) else []
            elif left := job.select_busy(answer):
                busy.append(left)
        jobs = busy
        if busy:
            sweep.wait_for([config for job in busy for config in job.configs])

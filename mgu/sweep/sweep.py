"""The state of a sweep in the process that started it: which runs are still to be trained, and how long they take.

The processes of Hydra's launchers see single jobs only (jobs.py). What became of a sweep is read from disk, whichever
process trained it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from msgspec.structs import replace
from rich.console import Console

from mgu.config.run import RunConfig
from mgu.console.lines import LineView, Training
from mgu.console.live import LiveView
from mgu.console.outcomes import RunOutcome, describe_missing, print_outcomes
from mgu.console.skipped import print_skipped
from mgu.console.text import count, describe_s, print_line, print_wait
from mgu.measure.countries import note_of
from mgu.measure.estimate import ModelSize, estimate
from mgu.measure.sample import Sample, sample_of
from mgu.results.compare.axes import find_axes
from mgu.results.compare.same_data import check_same_data
from mgu.results.on_disk.file_names import RESULT_FILE
from mgu.results.on_disk.folder import State, count_safe_epochs, find_result, run_folder, runs_dir, wait_until_free
from mgu.results.on_disk.under_way import SweepFile, announced
from mgu.results.runs.load import load_results
from mgu.sweep.closed import print_closed
from mgu.sweep.concurrency import find_concurrency
from mgu.sweep.folders import make_folder_for, removing_new_folders
from mgu.sweep.follow import following
from mgu.sweep.foreign import print_foreign
from mgu.sweep.launchers import Launcher
from mgu.sweep.notify import check_notify
from mgu.sweep.other_names import print_other_names
from mgu.sweep.preflight import check_and_size
from mgu.sweep.preload import preload_for
from mgu.sweep.schedule import makespan, work_of
from mgu.sweep.seed_groups import describe_obstacles, group_seeds, lockstep_obstacle
from mgu.sweep.todo import find_todo
from mgu.text.agree import agree
from mgu.tracking.trackers import check_installed


class Sweep:
    """Holds the runs of one command, those still to be trained, and the view that shows them.

    Args:
        configs: Configurations of all runs, in their order.
    """

    def __init__(self, configs: Sequence[RunConfig]) -> None:
        self.configs = list(configs)
        self.concurrency = find_concurrency(self.configs)
        self.models: dict[str, ModelSize] = {}
        self.samples: list[Sample] = []
        self.todo: dict[Path, RunConfig] = {}  # by the run's folder, for two experiments may have the same run
        self.skipped: Collection[Path] = ()  # folders of runs of another version, or closed to this user
        self.axes = find_axes([(config.stem, config.model_dump(mode="json")) for config in self.configs])
        self.view = LineView(in_sweep=True, axes=self.axes)
        self.started_s = time.perf_counter()
        folders = [run_folder(config) for config in self.configs]
        self.file = SweepFile(folders[0].parent, folders)

    def prepare(self) -> None:
        """Checks folders, devices and data before the first run, and prints what will be trained.

        Raises:
            UserError: A run cannot be trained here.
        """
        preload_for(self.configs)
        folders = dict.fromkeys(run_folder(config).parent for config in self.configs)
        with removing_new_folders(folders):
            for config in self.configs:
                check_installed(config)
            check_notify(self.configs[0].notify)
            for folder in folders:
                make_folder_for(folder, [config for config in self.configs if run_folder(config).parent == folder])
            check_same_data(self.configs)
            self._check_and_size()

    def _check_and_size(self) -> None:
        """Implements `prepare`."""
        num_units = sum(config.mgu is not None for config in self.configs)
        kinds = f"{count(len(self.configs) - num_units, 'baseline')} and {count(num_units, 'unit')}"
        folder = run_folder(self.configs[0]).parent
        print_line(f"{count(len(self.configs), 'run')}: {kinds}, in {folder}")
        todo = find_todo(self.configs)
        print_foreign(todo.foreign)
        print_closed(todo.closed.values())
        print_other_names(self.configs)
        self.todo, self.skipped = todo.runs, todo.skipped
        to_size = list(self.todo.values()) or self.configs[:1]
        self.models = check_and_size(
            *(self.configs, to_size, self.concurrency.threads, True),
            on_note=print_line,
            on_import=lambda: print_wait("importing torch"),
        )
        self.concurrency = self.concurrency.on((model.device for model in self.models.values()), self.configs)
        self.samples = find_samples(self.configs, self.skipped)
        print_line(self._describe(todo.states))
        if note := note_of([config.energy for config in self.todo.values()]):
            print_line(note)

    def _describe(self, states: Mapping[Path, State]) -> str:
        """Returns a line with the devices, the number of runs to train, and the time they take."""
        done = len(self.configs) - len(self.todo) - len(self.skipped)
        remark = " (force=true trains them again)" if done else ""
        parts = [f"{done} done{remark}, {len(self.todo)} to train"]
        if self.skipped:
            parts.append(f"{len(self.skipped)} skipped")
        if again := sum(states[folder] == "failed" for folder in self.todo):
            parts.append(f"{again} of them again, for {agree(again, 'it', 'they')} failed")
        if elsewhere := sum(states[folder] == "running" for folder in self.todo):
            parts.append(f"{elsewhere} of them {agree(elsewhere, 'is', 'are')} being trained by another process")
        ours = [config for folder, config in self.todo.items() if states[folder] != "running"]
        if continued := sum(count_safe_epochs(config) > 0 for config in ours):
            parts.append(f"{continued} of them from where they were interrupted")
        if left_s := self.left_s():
            parts.append(f"about {describe_s(left_s)}, going by finished runs")
        devices = " and ".join(sorted({model.device for model in self.models.values()}))
        return f"on {devices}: {', '.join(parts)}"

    def groups(self) -> list[list[RunConfig]]:
        """Groups the runs that are trained together in one process.

        Returns:
            The runs but those that are skipped; those in one list are launched as one job.
        """
        for line in describe_obstacles(list(self.todo.values()), self.models):
            print_line(line)

        def may_join(config: RunConfig) -> bool:
            is_to_do = run_folder(config) in self.todo
            return is_to_do and config.seeds_at_once > 1 and not lockstep_obstacle(config, self.models[config.identity])

        ours = [config for config in self.configs if run_folder(config) not in self.skipped]
        return group_seeds(ours, may_join)

    def expect(self, jobs: Sequence[Sequence[RunConfig]]) -> list[float]:
        """Estimates how long each job takes, to order them.

        Args:
            jobs: Configurations of the runs of each job.

        Returns:
            Seconds where those of all runs can be estimated, else amounts of work; infinity for jobs whose runs are all
            done, for they end as soon as they begin.
        """
        left = [config for job in jobs for config in job if run_folder(config) in self.todo]
        times = [self._estimate_s(config) for config in left]
        if None in times:
            times = [work_of(config, self.models[config.identity], count_safe_epochs(config)) for config in left]
        by_folder = {run_folder(config): time or 0.0 for config, time in zip(left, times, strict=True)}

        def expect(job: Sequence[RunConfig]) -> float:
            known = [by_folder[folder] for config in job if (folder := run_folder(config)) in by_folder]
            return sum(known) if known else math.inf

        return [expect(job) for job in jobs]

    def left_s(self, running: Sequence[Training] = ()) -> float | None:
        """Estimates the seconds that the remaining runs take.

        Args:
            running: Runs under way. The time of one that has trained for an epoch is known better from that.

        Returns:
            The seconds; None if no run can be estimated.
        """
        known_better = [training for training in running if training.left_s is not None]
        without = {run_folder(config) for training in known_better for config in training.configs}
        times = [self._estimate_s(config) for folder, config in self.todo.items() if folder not in without]
        known = [time_s for time_s in times if time_s is not None]
        if times and not known:
            return None
        mean_s = sum(known) / len(known) if known else 0.0
        busy = [training.left_s or 0.0 for training in known_better]
        return makespan([mean_s if time_s is None else time_s for time_s in times], self.concurrency.number, busy)

    def _estimate_s(self, config: RunConfig) -> float | None:
        return estimate(config, self.models[config.identity], self.samples, count_safe_epochs(config)).time_s

    @contextmanager
    def watching(self, launcher: Launcher) -> Iterator[None]:
        """Shows the runs while the block trains them.

        Args:
            launcher: How they are run. Only those that are children of this process can be shown live.

        Yields:
            None.
        """
        console = Console()
        todo = list(self.todo.values())
        for line in (*launcher.describe(todo), *self.concurrency.describe(todo)):
            print_line(line)
        if launcher.is_in_process and console.is_terminal:
            self.view = LiveView(console, len(self.configs) - len(self.skipped), self.left_s, self.axes)
        with ExitStack() as stack:
            stack.enter_context(announced(self.file, self.left_s()))
            stack.enter_context(self.view)
            if not launcher.shows_runs:
                stack.enter_context(following(self.todo, self.view))
            yield

    def mark_done(self, config: RunConfig) -> None:
        """Takes a run off the list and uses its duration to estimate the remaining ones."""
        was_to_do = self.todo.pop(run_folder(config), None)
        result = find_result(config)
        if was_to_do and result and self.concurrency.number > 1:
            result = replace(result, contended=False)  # the remaining ones will be as slow
        if was_to_do and result and (sample := sample_of(result)):
            self.samples.append(sample)
        self.file.write(self.left_s())

    def wait_for(self, configs: Sequence[RunConfig]) -> None:
        """Waits until no other process trains any of the runs."""
        self.view.print_line(f"waiting for {count(len(configs), 'run')} that another process trains")
        for config in configs:
            wait_until_free(run_folder(config))

    def print_outcomes(self, reasons: Mapping[Path, str]) -> str:
        """Prints what became of every run.

        Args:
            reasons: Why a run has no result, by its folder, as far as the launcher said.

        Returns:
            How many runs have no result, in sentences; empty where all have one.
        """
        outcomes = [RunOutcome.read(config, reasons.get(run_folder(config))) for config in self.configs]
        print_outcomes(outcomes, time.perf_counter() - self.started_s, self.axes)
        return describe_missing(outcomes)


def find_samples(configs: Sequence[RunConfig], told: Collection[Path] = ()) -> list[Sample]:
    """Finds finished runs to base estimates on, of all experiments in one runs folder.

    Prints on stderr what cannot be read there.

    Args:
        configs: Configurations of the runs to be estimated; the first says which folder it is.
        told: Folders of runs of which the user knows that they cannot be read.

    Returns:
        A sample of each run whose time is known and was not disturbed; none where there is no folder.
    """
    folder = runs_dir(configs[0])
    if not folder.is_dir():
        return []
    loaded = load_results([folder])
    known = tuple(f"{place.resolve()}: " for folder in told for place in (folder, folder / RESULT_FILE))
    print_skipped([line for line in loaded.skipped if not line.startswith(known)], [folder])
    return [sample for run in loaded.runs if (sample := sample_of(run.result))]

"""A sweep in the process that started it: what it is about to do, what it shows meanwhile, what came of it.

The launchers' own processes see single jobs only (jobs.py). What came of a sweep is read from disk, whoever trained it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from mgu.config.run import RunConfig
from mgu.console.lines import Lines
from mgu.console.live import Screen
from mgu.console.text import count, describe_s, say, table_console
from mgu.errors import RunsFailed
from mgu.isolation import call, start_server
from mgu.measure.estimate import Model, Sample, estimate, sample_of
from mgu.results.files import make_folder
from mgu.results.folder import (
    State,
    count_epochs,
    count_safe_epochs,
    find_result,
    find_state,
    hold,
    run_folder,
    runs_dir,
)
from mgu.results.load import load_results
from mgu.sweep.seed_groups import describe_alone, group_seeds, why_alone
from mgu.tracking.trackers import check_installed


class Sweep:
    """All runs of one call. `view` shows them, if they train in this process one after the other."""

    current: Sweep | None = None  # the one that this process is watching: Hydra hands its jobs nothing of ours

    def __init__(self, configs: Sequence[RunConfig]) -> None:
        self.configs = list(configs)
        self.models: dict[str, Model] = {}
        self.samples: list[Sample] = []
        self.todo: dict[Path, RunConfig] = {}  # by the run's folder, for two experiments may have the same run
        self.view = Lines(in_sweep=True)
        self.started = time.perf_counter()

    def prepare(self) -> None:
        """Before the first run: see that runs/, devices and data are there, and say what will be done.

        Raises UserError.
        """
        start_server()  # it imports while the rest is looked at
        for config in self.configs:
            check_installed(config)
            make_folder(run_folder(config).parent)
        num_units = sum(config.mgu is not None for config in self.configs)
        kinds = f"{count(len(self.configs) - num_units, 'baseline')} and {count(num_units, 'unit')}"
        folder = run_folder(self.configs[0]).parent
        say(f"{count(len(self.configs), 'run')}: {kinds}, in {folder}")
        call("mgu.run.preflight:check_all", self.configs, on_event=lambda kind, note: say(note))
        states = {run_folder(config): find_state(config) for config in self.configs}
        self.todo = {folder: c for c in self.configs if states[folder := run_folder(c)] != "done" or c.force}
        self.models = call("mgu.run.preflight:look_at_models", list(self.todo.values()) or self.configs[:1])
        self.samples = find_samples(self.configs)
        say(self._describe(states))

    def _describe(self, states: Mapping[Path, State]) -> str:
        """Where it trains, and what is to be done."""
        parts = [f"{len(self.configs) - len(self.todo)} done, {len(self.todo)} to train"]
        if continued := sum(count_safe_epochs(config) > 0 for config in self.todo.values()):
            parts.append(f"{continued} of them from where they were interrupted")
        if left_s := self.left_s():
            parts.append(f"about {describe_s(left_s)}, going by finished runs")
        devices = " and ".join(sorted({model.device for model in self.models.values()}))
        return f"on {devices}: {', '.join(parts)}"

    def groups(self) -> list[list[RunConfig]]:
        """The runs as they are to be launched: those in one list are trained together."""
        for line in describe_alone(list(self.todo.values()), self.models):
            say(line)

        def may_join(config: RunConfig) -> bool:
            is_to_do = run_folder(config) in self.todo
            return is_to_do and config.seeds_at_once > 1 and not why_alone(config, self.models[config.identity])

        return group_seeds(self.configs, may_join)

    def left_s(self) -> float | None:
        """What the runs that are not over will take, one after the other; None where that is not known of any."""
        times = []
        for config in self.todo.values():
            model = self.models[config.identity]
            times.append(estimate(config, model, self.samples, count_safe_epochs(config)).time_s)
        known = [time_s for time_s in times if time_s is not None]
        return sum(known) * len(times) / len(known) if known else None

    @contextmanager
    def watching(self, one_by_one: bool) -> Iterator[None]:
        """Show the runs that train meanwhile; on a terminal live, if they are trained `one_by_one` in this process."""
        console = Console()
        if not one_by_one and any(config.threads is None for config in self.todo.values()):
            say("Runs that train side by side each use all cores, unless threads=1 is given.")
        if one_by_one and console.is_terminal:
            self.view = Screen(console, len(self.configs), self.left_s)
        Sweep.current = self if one_by_one else None
        try:
            with self.view:
                yield
        finally:
            Sweep.current = None

    def ended(self, config: RunConfig) -> None:
        """Take the run off the list, and learn from it how long others will take."""
        was_to_do = self.todo.pop(run_folder(config), None)
        result = find_result(config)
        if was_to_do and result and (sample := sample_of(result)):
            self.samples.append(sample)

    def wait_for(self, configs: Sequence[RunConfig]) -> None:
        """Until no other process trains any of them."""
        self.view.say(f"waiting for {count(len(configs), 'run')} that another process trains")
        for config in configs:
            with hold(run_folder(config), on_wait=lambda: None):
                pass

    def close(self, reasons: Mapping[Path, str], interrupted: bool = False) -> None:
        """Say what came of every run. Raises RunsFailed where any is not done.

        reasons: why a run has no result, by its folder, as far as the launcher told.
        """
        rows = [_Row(config, reasons.get(run_folder(config))) for config in self.configs]
        outcomes = [row.outcome for row in rows]
        counts = {name: outcomes.count(name) for name in dict.fromkeys(outcomes)}
        took = describe_s(time.perf_counter() - self.started)
        if any(outcome != "ok" for outcome in outcomes):
            _print_table([row for row in rows if row.outcome != "ok" and (row.outcome != "pending" or row.reason)])
        say(f"{count(len(rows), 'run')}: {', '.join(f'{n} {name}' for name, n in counts.items())}; {took}")
        missing = sum(outcome not in ("ok", "diverged") for outcome in outcomes)
        if missing and not interrupted:
            raise RunsFailed(f"{missing} of {count(len(rows), 'run')} failed. The same command tries them again.")


class _Row:
    """What came of one run, and why. outcome: a result's status, else the run's state."""

    def __init__(self, config: RunConfig, reason: str | None) -> None:
        self.config, state, result = config, find_state(config), find_result(config)
        self.outcome = result.status if result and state in ("done", "failed") else state
        self.epochs = result.epochs if result else count_epochs(run_folder(config))
        self.reason = reason or (result and result.error) or ""
        if self.outcome == "interrupted":
            self.reason = self.reason or f"stopped after epoch {self.epochs}"
        if self.outcome == "running":
            self.reason = self.reason or "goes on in another process"
        if self.outcome == "diverged":
            self.reason = f"the loss was not finite in epoch {self.epochs}"


def find_samples(configs: Sequence[RunConfig]) -> list[Sample]:
    """Finished runs to go by, of all experiments."""
    folder = runs_dir(configs[0])
    runs = load_results([folder]).runs if folder.is_dir() else []
    return [sample for run in runs if (sample := sample_of(run.result))]


def _print_table(rows: Sequence[_Row]) -> None:
    table = Table("run", "outcome", "epochs", "why", box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        why = f"{row.reason}\nsee {run_folder(row.config) / 'log.txt'}" if row.outcome == "failed" else row.reason
        table.add_row(row.config.name, row.outcome, str(row.epochs), why)
    if rows:
        table_console().print(table, markup=False)

"""One worker of a search: a loop of ask, run and tell on the shared folder of a study."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from mgu.config.run import RunConfig
from mgu.console.failures import describe_failure
from mgu.console.lines import LineView
from mgu.console.text import count
from mgu.errors import RunsFailed
from mgu.isolation import Call, Crashed, Raised, TimedOut
from mgu.results.compare.same_data import check_same_data
from mgu.results.on_disk.folder import check_not_closed, check_not_foreign, find_done, find_result, run_folder
from mgu.results.on_disk.full_disk import lacked_room
from mgu.search.costs import beyond, cost_of
from mgu.search.failures import failed_trials
from mgu.search.history import History
from mgu.search.outcome import tell_measured, tell_result
from mgu.search.partial import as_of
from mgu.search.propose import propose, seed_of
from mgu.search.space import Point
from mgu.search.spending import spent_in_all
from mgu.search.strategy import Cost, Measured, Trial
from mgu.search.study import Study
from mgu.sweep.jobs import run_job
from mgu.sweep.watch import Pending

TRIES = 2  # of a trial that fails


class BudgetEnded(Exception):  # noqa: N818 - it is what happened
    """Says that the budget has ended; thrown into a worker whose trial runs.

    Args:
        after_s: Seconds that the trial had run by then; ending its process takes a while longer.
        cpu_s: Processor time that its process had taken; None where the system does not tell.
    """

    def __init__(self, after_s: float, cpu_s: float | None = None) -> None:
        super().__init__(after_s)
        self.after_s, self.cpu_s = after_s, cpu_s


class TrialSettings(NamedTuple):
    """Holds how the trials of a study are trained.

    Attributes:
        configure: Takes a point, a seed and a number of epochs to stop after, and returns the configuration of the run.
        threads: CPU threads of runs that have no number of their own.
        second: Name of the second objective.
        fixed_seed: Seed of all runs; None: it is drawn for each study.
        max_failures: Trials that failed by an error after which the search stops.
    """

    configure: Callable[[Point, int, int | None], RunConfig]
    threads: int | None = None
    second: str | None = None
    fixed_seed: int | None = None
    max_failures: int = 10


class Worker:
    """Tries points of a study until the budget is spent or nothing is left to try.

    Args:
        study: The study.
        history: Its history, of this worker alone.
        settings: How trials are trained.
        view: Shows the runs.

    Attributes:
        running: Number of the trial that runs; None: none does.
    """

    def __init__(self, study: Study, history: History, settings: TrialSettings, view: LineView) -> None:
        self.study, self.history, self.settings, self.view = study, history, settings, view
        self.running: int | None = None

    def work(self) -> Generator[Pending, None, None]:
        """Yields its child process whenever there is nothing to do but wait for it.

        Raises:
            ForeignResult: Another version of this package trained a point, which is not asked for until that is gone.
            ClosedRun: The folder of a point's run is closed to this user; likewise.
            UserError: A point cannot be trained.
            RunsFailed: Too many trials have failed, or one for want of room, which stays to be tried.
        """
        with self.study.at_work() as name:
            while trial := self._next(name):
                if not (yield from self._try(trial)):  # what others have under way is not in the history yet
                    return

    def _next(self, name: str) -> Trial | None:
        """Asks for a trial, or takes one whose worker is dead; None: the search is over."""
        with self.study.lock():
            self.history.refresh()
            self._check_failures()
            history = self.history
            spent = spent_in_all(history)
            if self.study.budget.reached(spent):
                return None
            for trial in history.running():
                if not self.study.is_alive(history.workers[trial.number]):
                    history.append("taken", number=trial.number, worker=name)
                    return history.trials[trial.number]
            limit = self.study.budget.trials
            if limit is not None and sum(trial.cost.trials for trial in history.trials) >= limit:
                return None
            return self._ask(name)

    def _ask(self, name: str) -> Trial | None:
        """Asks the strategy for a trial, and writes it into the history; None where it has no point left."""
        history, study = self.history, self.study
        begun = time.perf_counter()
        proposal = propose(study.strategy, study.space, study.seed, history.trials, history.by_key)
        ask_s = time.perf_counter() - begun
        if proposal is None:
            return None
        if proposal.continues is not None:
            seed = history.trials[proposal.continues].seed
        elif self.settings.fixed_seed is not None:
            seed = self.settings.fixed_seed
        else:
            seed = seed_of(study.seed, len(history.by_key.get(study.space.key(proposal.point), ())))
        was_there = study.space.measure is None and self._find_done(proposal.point, seed, proposal.stop_after)
        event = {"number": len(history.trials), "point": proposal.point, "seed": seed, "worker": name, "ask_s": ask_s}
        fidelity = {"stop_after": proposal.stop_after, "continues": proposal.continues}
        event |= {key: value for key, value in fidelity.items() if value is not None}
        history.append("asked", **event, **({"was_there": True} if was_there else {}))
        return history.trials[-1]

    def _find_done(self, point: Point, seed: int, stop_after: int | None) -> bool:
        """Returns whether the run has been trained; raises UserError where it cannot be composed or trained on."""
        config = self.settings.configure(point, seed, stop_after)
        # What is tried next depends on its score: it is neither failed nor left out.
        check_not_closed(config)
        check_not_foreign(config)
        check_same_data([config])  # else the study would be one on the rows of today, which its trial cannot have
        return find_done(config) is not None and not config.force

    def _try(self, trial: Trial) -> Generator[Pending, None, bool]:
        """Tries a point, and returns whether it was tried before the budget had ended."""
        self.running = trial.number
        try:
            if self.study.space.measure is None:
                told, details = yield from self._train(trial)
            else:
                told, details = yield from self._measure(trial, self.study.space.measure)
        except BudgetEnded as ended:
            with self.study.lock():
                self.history.refresh()
                cpu = {} if ended.cpu_s is None else {"cpu_seconds": ended.cpu_s}
                self.history.append("cut", number=trial.number, seconds=ended.after_s, **cpu)
            self.view.print_line(f"trial {trial.number} stopped: the budget has ended, and it does not count")
            return False
        finally:
            self.running = None
        with self.study.lock():
            self.history.refresh()
            self.history.tell(told, details)
        return True

    def _train(self, trial: Trial) -> Generator[Pending, None, tuple[Trial, dict[str, Any]]]:
        """Trains the run of a trial, once more if it fails; returns it with score and cost, and what reports need."""
        config = self.settings.configure(trial.point, trial.seed, trial.stop_after)
        begun = time.monotonic()
        for _ in range(TRIES):
            [outcome] = yield from run_job([config], trial.number, self.view, self.settings.threads, may_wait=True)
            if outcome != "failed":
                break
        result = find_result(config)
        if result is None:
            raise RunsFailed(f"{config.name} left no result. See its folder; the same command tries it again.")
        if result.status == "failed":
            self._check_room(trial, result.error)
        cost = cost_of(result, time.monotonic() - begun)
        told, details = tell_result(trial, result, cost, self.settings.second)
        # It had been trained for more epochs before.
        if trial.stop_after is not None and result.epochs > trial.stop_after and told.score is not None:
            told, cost, as_it_was = as_of(told, config, result, cost, run_folder(config), self.settings.second)
            details |= as_it_was
        if trial.continues is not None and details["to_solution_s"] is not None:
            details["to_solution_s"] -= self._solved_before_s(trial)
        return replace(told, cost=self._own_cost(trial, cost)), details

    def _solved_before_s(self, trial: Trial) -> float:
        """Returns the time to solution of the trials whose training this one continues."""
        return sum(
            self.history.details[earlier.number].get("to_solution_s") or 0.0 for earlier in self._continued(trial)
        )

    def _continued(self, trial: Trial) -> Generator[Trial, None, None]:
        """Yields the trials whose training a trial continues, the latest first."""
        while trial.continues is not None:
            trial = self.history.trials[trial.continues]
            yield trial

    def _own_cost(self, trial: Trial, cost: Cost) -> Cost:
        """Returns the cost without what the trials have paid whose training this one continues."""
        details = self.history.details
        paid = [(earlier.cost, details[earlier.number].get("lost_s", 0.0)) for earlier in self._continued(trial)]
        return beyond(cost, paid) if paid else cost

    def _measure(self, trial: Trial, function: str) -> Generator[Pending, None, tuple[Trial, dict[str, Any]]]:
        """Has a point measured that is no network."""
        settings: Mapping[str, Any] = self.study.space.measure_settings
        begun = time.monotonic()
        with Call(function, trial.point, trial.seed, settings) as call:
            yield Pending(call)
            try:
                measured: Measured = call.result()
            except (Crashed, Raised, TimedOut) as failure:
                measured = Measured(None, Cost(seconds=time.monotonic() - begun), error=str(failure))
        if measured.score is None:
            self._check_room(trial, measured.error)
        told, details = tell_measured(trial, measured)
        shown = "failed" if told.score is None else f"{told.score:.4g} {self.study.space.unit}".rstrip()
        self.view.print_line(f"{trial.number:3d}  {' '.join(self.study.space.overrides(trial.point))}  {shown}")
        return told, details

    def _check_room(self, trial: Trial, error: str | None) -> None:
        """Raises RunsFailed where a trial failed for want of room: it is not told, so that it is tried again."""
        if lacked_room(error):
            raise RunsFailed(
                f"{self.study.title} stopped: files must have room, but in trial {trial.number} "
                f"{describe_failure(error)}. Make room, and the same command tries it again."
            )

    def _check_failures(self) -> None:
        failed = failed_trials(self.history)
        if len(failed) >= self.settings.max_failures:
            why = describe_failure(self.history.details[failed[-1].number].get("error"))
            raise RunsFailed(
                f"{self.study.title}: {count(len(failed), 'trial')} failed (search.max_failures="
                f"{self.settings.max_failures}), the last one because: {why}. See {self.history.path}."
            )

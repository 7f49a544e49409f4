"""Hydra's sweeper for a union of grids: the baselines have axes that the unit does not have.

    hydra.sweeper.grids:
      baselines: {layout: "a,b", norm: "ln,no_norm"}
      unit: {layout: b, mgu: reference}

Every grid is swept on its own and the jobs are joined. The command line narrows: `layout=b` replaces that axis in every
grid; `norm=ln`, an axis of one grid only, leaves the others out; any other key, as `seed=0,1,2`, applies to all.
Without grids it is Hydra's basic sweeper. All jobs are checked, and their data is fetched, before the first one starts;
`hydra.sweeper.plan` (`mgu-run plan`) ends there and says what would be done.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, flag_override

from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.results.files import chosen_runs_dir
from mgu.results.folder import run_folder, runs_dir

if TYPE_CHECKING:
    from mgu.sweep.sweep import Sweep

Grids = dict[str, dict[str, Any]]


# No dataclass: Hydra executes plugins before they are in sys.modules, where a dataclass looks itself up.
DEFAULTS: dict[str, Any] = {
    "_target_": "hydra_plugins.mgu_sweeper.GridSweeper",
    "max_batch_size": None,
    "params": None,
    "grids": {},
    "plan": None,
    "calibrate": False,
    "seeds": None,
}
ConfigStore.instance().store(group="hydra/sweeper", name="grids", node=DEFAULTS, provider="mgu")


class Job(NamedTuple):
    """What is launched as one: a run, or several that differ in their seed only and are trained together."""

    overrides: list[str]
    configs: list[RunConfig]

    @property
    def words(self) -> list[str]:
        seeds = [config.seed for config in self.configs]
        return [*self.overrides, f"hydra.sweeper.seeds={seeds}"] if len(seeds) > 1 else self.overrides

    def busy(self, outcomes: Sequence[str]) -> Job | None:
        """The same with the runs that another process was at."""
        configs = [config for config, outcome in zip(self.configs, outcomes, strict=True) if outcome == "busy"]
        # Who forces a run that another sweep forces too has that one's result, or what it left.
        own = [f"seed={configs[0].seed}"] if len(self.configs) > 1 and configs else []
        return Job([*self.overrides, *own, "force=false"], configs) if configs else None


class GridSweeper(BasicSweeper):
    """See the module; `hydra.sweeper` names the arguments."""

    def __init__(
        self,
        max_batch_size: int | None,
        params: dict[str, Any] | None,
        grids: Grids | None,
        plan: str | None = None,
        calibrate: bool = False,
        seeds: list[int] | None = None,
    ) -> None:
        """plan: "table" or "json" shows what would be done and trains nothing; it and calibrate: mgu/sweep/plan.py.

        seeds: set here, in a job of several seeds that are trained together; see mgu/sweep/seed_groups.py.
        """
        super().__init__(max_batch_size, params)
        self.grids, self.plan, self.calibrate = grids or {}, plan, calibrate

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Launchers keep their own files below runs/, too, unless told otherwise."""
        if config.hydra.sweep.dir == ".":
            runs = chosen_runs_dir(config.get("runs_dir"))
            with flag_override(config, ["readonly", "struct"], False):
                config.hydra.sweep.dir = str(runs.absolute())
        super().setup(hydra_context=hydra_context, task_function=task_function, config=config)

    def sweep(self, arguments: list[str]) -> list[JobReturn]:
        """Check all jobs, launch them, say what came of them.

        Raises UserError before anything starts, RunsFailed after everything ran.
        """
        jobs = self._jobs([*self._parse_config(), *arguments])
        configs = self._check_all(jobs)
        if self.plan:
            from mgu.sweep.plan import show_plan

            show_plan(configs, self.plan, self.calibrate)
            return []
        from mgu.sweep.sweep import Sweep  # for a sweep that is sound; Hydra imports this file for --help, too

        sweep = Sweep(configs)
        sweep.prepare()
        # Other machines may start elsewhere or with other variables: all are to write to the same place.
        by_folder = {
            run_folder(config): [*job, f"runs_dir={_quoted(str(runs_dir(config).absolute()))}"]
            for job, config in zip(jobs, configs, strict=True)
        }
        launched = [Job(by_folder[run_folder(group[0])], group) for group in sweep.groups()]
        reasons: dict[Path, str] = {}
        try:
            with sweep.watching(one_by_one=type(self.launcher).__name__ == "BasicLauncher"):
                returns = self._launch(sweep, launched, reasons)
        except KeyboardInterrupt:
            sweep.close(reasons, interrupted=True)
            raise
        sweep.close(reasons)
        return returns

    def _launch(self, sweep: Sweep, jobs: list[Job], reasons: dict[Path, str]) -> list[JobReturn]:
        """All jobs; those that another process was at once more when it has ended, for it may have been killed."""
        assert self.launcher is not None
        all_returns: list[JobReturn] = []
        while jobs:
            words = [job.words for job in jobs]
            try:
                returns: Sequence[JobReturn] = self.launcher.launch(words, initial_job_idx=len(all_returns))
            except Exception as error:  # a worker was killed: the launchers give up, but runs are on disk
                reason = f"the launcher stopped: {type(error).__name__}: {error}".splitlines()[0]
                reasons |= {run_folder(config): reason for job in jobs for config in job.configs}
                return all_returns
            all_returns += returns
            busy = []
            for job, returned in zip(jobs, returns, strict=True):
                if returned.status == JobStatus.FAILED:
                    reasons |= {run_folder(config): str(returned._return_value) for config in job.configs}
                elif left := job.busy(returned.return_value):
                    busy.append(left)
            jobs = busy
            if busy:
                sweep.wait_for([config for job in busy for config in job.configs])
        return all_returns

    def _jobs(self, arguments: list[str]) -> list[list[str]]:
        """The overrides of every job, without duplicates."""
        assert self.hydra_context is not None
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        overrides = parser.parse_overrides(arguments)
        if any(override.key_or_group == "experiment" and override.is_sweep_override() for override in overrides):
            raise UserError("experiment must be one, for each has its own grids, but got several. Sweep them in turn.")
        given = [override.key_or_group for override in overrides]
        jobs: dict[tuple[str, ...], None] = {}
        for axes in self._grids_with(given):
            words = [f"{axis}={values}" for axis, values in axes.items() if axis not in given] + arguments
            for job in self.split_arguments(parser.parse_overrides(words), None)[0]:
                jobs[tuple(job)] = None
        return [list(job) for job in jobs]

    def _grids_with(self, given: list[str]) -> list[dict[str, Any]]:
        """The grids that have every axis named on the command line, by key or by group (norm.eps counts as norm)."""
        everywhere = {axis for axes in self.grids.values() for axis in axes}
        named = {axis for key in given for axis in (key, key.partition(".")[0]) if axis in everywhere}
        if not self.grids:
            return [{}]
        chosen = [axes for axes in self.grids.values() if named <= _groups(axes)]
        if not chosen:
            raise UserError(
                f"one grid must have all the axes {', '.join(sorted(named))}, "
                f"but none of {', '.join(self.grids)} does. Sweep them one after the other."
            )
        return chosen

    def _check_all(self, jobs: list[list[str]]) -> list[RunConfig]:
        """Compose and check every job; raises one UserError that lists all faults."""
        configs: list[RunConfig] = []
        faults: dict[str, list[str]] = {}
        for job in jobs:
            try:
                configs.append(self._check(job))
            except UserError as error:
                for fault in str(error).splitlines():
                    faults[fault] = [*faults.get(fault, []), " ".join(job)]
        if faults:
            raise UserError(
                "\n".join(
                    f"{fault} (in {where[0]}{f', and {len(where) - 1} more' * (len(where) > 1)})"
                    for fault, where in faults.items()
                )
            )
        return configs

    def _check(self, job: list[str]) -> RunConfig:
        from mgu.cli.compose import read_config
        from mgu.cli.hydra_errors import explain

        assert self.config is not None and self.hydra_context is not None
        try:
            composed = self.hydra_context.config_loader.load_sweep_config(self.config, job)
        except Exception as error:
            raise UserError(explain(error)) from None
        HydraConfig.instance().set_config(composed)
        return read_config(composed)


def _quoted(text: str) -> str:
    """As Hydra's grammar of overrides wants a text that may hold anything."""
    escaped = re.sub(r"(\\*)'", r"\1\1\\'", text)
    return "'" + re.sub(r"(\\+)$", r"\1\1", escaped) + "'"


def _groups(axes: dict[str, Any]) -> set[str]:
    return {name for axis in axes for name in (axis, axis.partition(".")[0])}

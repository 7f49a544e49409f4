"""Hydra's sweeper: a grid of runs, or with `search` the studies of a search (mgu/search/).

The grid is a union of grids:

    hydra.sweeper.grids:
      baselines: {layout: "a,b", norm: "ln,no_norm"}
      unit: {layout: b, mgu: reference}

mgu/search/grids.py says how the command line narrows them. Without grids it sweeps what the command line gives, as
Hydra's basic sweeper does. All jobs are checked, and their data is fetched, before the first one starts;
`hydra.sweeper.plan` (`mgu-run plan`) ends there and shows what would be done.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn, JobStatus, env_override
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, flag_override

from mgu.errors import RunsFailed, UserError, marking_bugs
from mgu.results.on_disk.files import chosen_runs_dir
from mgu.search.grids import Grids, Overrides, expand_grids
from mgu.text.hydra_quoting import quote

if TYPE_CHECKING:
    from mgu.sweep.launch import Job
    from mgu.sweep.sweep import Sweep

GRID = "grid"
# No dataclass: Hydra executes plugins before they are in sys.modules, where a dataclass looks itself up.
DEFAULTS: dict[str, Any] = {
    "_target_": "hydra_plugins.mgu_sweeper.SearchSweeper",
    "max_batch_size": None,
    "params": None,
    "strategy": "grid",
    "grids": {},
    "plan": None,
    "calibrate": False,
    "seeds": None,
    "axes": None,
    "number": None,
    "words": None,
}
for name in ("grids", "basic"):  # Hydra's own sweeper would check no job beforehand, and write multirun.yaml right here
    ConfigStore.instance().store(group="hydra/sweeper", name=name, node=DEFAULTS, provider="mgu")


class SearchSweeper(BasicSweeper):
    """Trains a grid of runs, or studies, with Hydra's launcher; `hydra.sweeper` names the arguments.

    Args:
        max_batch_size: Not used.
        params: Overrides that come before those of the command line.
        strategy: Name of the strategy of a sweep without `search`: grid.
        grids: The grids, see mgu/search/grids.py.
        plan: "table" or "json" shows what would be done and trains nothing, see mgu/sweep/plan.py.
        calibrate: Whether the plan is to train a few steps of layouts without finished runs.
        seeds: Set in a job of several seeds that are trained together, see mgu/sweep/seed_groups.py.
        axes: Set in a job of a sweep whose runs differ in more than their names tell, see mgu/results/compare/axes.py.
        number: Set in a job of a sweep, its number there, from 1.
        words: Set in a job that is a worker of a search: the overrides of its study.
    """

    def __init__(
        self,
        max_batch_size: int | None = None,  # defaults, for the command line may delete each: ~hydra.sweeper.grids
        params: dict[str, Any] | None = None,
        strategy: str = GRID,
        grids: dict[str, dict[str, Any]] | None = None,
        plan: str | None = None,
        calibrate: bool = False,
        seeds: list[int] | None = None,
        axes: list[str] | None = None,
        number: int | None = None,
        words: list[str] | None = None,
    ) -> None:
        super().__init__(max_batch_size, params)
        self.strategy, self.grids, self.plan, self.calibrate = strategy, Grids(grids or {}), plan, calibrate

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Has launchers keep their own files below runs/, too, unless the user chose another folder."""
        from mgu.cli.interpolations import check_interpolations

        check_interpolations(OmegaConf.to_container(config, resolve=False))
        if config.hydra.sweep.dir == ".":
            runs = chosen_runs_dir(config.get("runs_dir"))
            with flag_override(config, ["readonly", "struct"], False):
                config.hydra.sweep.dir = str(runs.absolute())
        super().setup(hydra_context=hydra_context, task_function=task_function, config=config)

    def sweep(self, arguments: list[str]) -> None:
        """Checks all jobs, and launches them.

        Raises UserError before anything starts, RunsFailed after everything ran.
        """
        from mgu.cli.grammar import HydraGrammar
        from mgu.cli.study.studies import is_search
        from mgu.config.sweeper import check_sweeper

        assert self.config is not None and self.hydra_context is not None
        with marking_bugs():
            check_sweeper(OmegaConf.to_container(self.config.hydra.sweeper, resolve=True))
            overrides = [*self._parse_config(), *arguments]
            if is_search(self.config, overrides):
                return self._search(overrides)
            if self.strategy != GRID:
                raise UserError(
                    f"hydra.sweeper.strategy must be one of {GRID}, but got {self.strategy!r}. "
                    "Leave it out for grid search."
                )
            self._sweep_grid(expand_grids(self.grids, overrides, HydraGrammar(self.hydra_context.config_loader)))

    def _sweep_grid(self, jobs: list[Overrides]) -> None:
        """Trains the runs of a grid, or shows what would be trained; raises RunsFailed where some failed."""
        from mgu.cli.compose import read_jobs
        from mgu.sweep.concurrency import check_launcher, read_parallel

        assert self.config is not None and self.hydra_context is not None
        configs = read_jobs(self.hydra_context.config_loader, self.config, jobs)
        check_launcher(self._launcher_name, read_parallel(configs))
        if self.plan:
            from mgu.sweep.plan import show_plan

            return show_plan(configs, self.plan, self.calibrate)
        # Imported late, for Hydra imports this file for --help, too.
        from mgu.sweep.launch import run_sweep
        from mgu.sweep.launchers import Launcher
        from mgu.sweep.sweep import Sweep

        sweep = Sweep(configs)
        sweep.prepare()
        launcher = Launcher(self._launcher_name, self.config.hydra.launcher)
        if missing := run_sweep(sweep, jobs, partial(self._launch, sweep), quote, launcher):
            raise RunsFailed(missing)

    def _search(self, overrides: list[str]) -> None:
        """Runs the studies of a search, one after the other."""
        from mgu.cli.study.run import search

        assert self.config is not None and self.hydra_context is not None
        launch = None if self._launcher_name == "basic" else self._launch_workers  # then this process is the worker
        search(self.hydra_context.config_loader, self.config, self.grids, overrides, launch, self.plan)

    def _launch_workers(self, jobs: list[list[str]]) -> list[Any]:
        """Launches the workers of a study; returns what became of each, or the exception that ended it."""
        from mgu.sweep.launchers import prepare_launcher

        assert self.launcher is not None
        prepare_launcher(self._launcher_name)
        returns: Sequence[JobReturn] = self.launcher.launch(jobs, initial_job_idx=0)
        return [job._return_value if job.status == JobStatus.FAILED else job.return_value for job in returns]

    @property
    def _launcher_name(self) -> str:
        """As in hydra/launcher=NAME."""
        # Imported late, for Hydra's scan for plugins executes that module once more, and so makes the class anew.
        from hydra._internal.core_plugins.basic_launcher import BasicLauncher

        assert self.config is not None
        is_basic = isinstance(self.launcher, BasicLauncher)
        return "basic" if is_basic else str(self.config.hydra.runtime.choices["hydra/launcher"])

    def _launch(self, sweep: Sweep, jobs: list[Job]) -> list[Any]:
        """Launches jobs; returns for each what became of its runs, or the exception that ended it.

        In place of Hydra's own launcher, which composes every configuration once more and has one job at a time, the
        jobs become children of this process.
        """
        from mgu.sweep.launchers import prepare_launcher
        from mgu.sweep.side_by_side import launch_side_by_side

        assert self.launcher is not None and self.config is not None
        if self._launcher_name == "basic":
            with env_override(self.config.hydra.job.env_set):
                return launch_side_by_side(sweep, [job.configs for job in jobs], [job.number for job in jobs])
        prepare_launcher(self._launcher_name)
        returns: Sequence[JobReturn] = self.launcher.launch([job.all_overrides for job in jobs], initial_job_idx=0)
        # Not .return_value, which would print and raise the exception of a failed job.
        return [job._return_value if job.status == JobStatus.FAILED else job.return_value for job in returns]

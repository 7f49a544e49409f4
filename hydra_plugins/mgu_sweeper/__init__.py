"""Hydra's sweeper, which trains what a search strategy (mgu/search/) asks for.

The space is a union of grids:

    hydra.sweeper.grids:
      baselines: {layout: "a,b", norm: "ln,no_norm"}
      unit: {layout: b, mgu: reference}

mgu/search/grid.py says how the command line narrows them. Without grids it sweeps what the command line gives, as
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

from mgu.console.text import count
from mgu.errors import RunsFailed, UserError, marking_bugs, quote
from mgu.results.files import chosen_runs_dir
from mgu.results.folder import find_result
from mgu.search import STRATEGIES, Space, Strategy

if TYPE_CHECKING:
    from mgu.sweep.launch import Job
    from mgu.sweep.sweep import Sweep

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
}
for name in ("grids", "basic"):  # Hydra's own sweeper would check no job beforehand, and write multirun.yaml right here
    ConfigStore.instance().store(group="hydra/sweeper", name=name, node=DEFAULTS, provider="mgu")


class SearchSweeper(BasicSweeper):
    """Trains what a search strategy asks for with Hydra's launcher; `hydra.sweeper` names the arguments.

    Args:
        max_batch_size: Not used.
        params: Overrides that come before those of the command line.
        strategy: Name of the search strategy, one of mgu.search.STRATEGIES.
        grids: The space that is searched, see mgu/search/strategy.py.
        plan: "table" or "json" shows what would be done and trains nothing, see mgu/sweep/plan.py.
        calibrate: Whether the plan is to train a few steps of layouts without finished runs.
        seeds: Set in a job of several seeds that are trained together, see mgu/sweep/seed_groups.py.
        axes: Set in a job of a sweep whose runs differ in more than their names tell, see mgu/results/axes.py.
    """

    def __init__(
        self,
        max_batch_size: int | None,
        params: dict[str, Any] | None,
        strategy: str,
        grids: dict[str, dict[str, Any]] | None,
        plan: str | None = None,
        calibrate: bool = False,
        seeds: list[int] | None = None,
        axes: list[str] | None = None,
    ) -> None:
        super().__init__(max_batch_size, params)
        self.strategy, self.space, self.plan, self.calibrate = strategy, Space(grids or {}), plan, calibrate

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
        """Asks the strategy for jobs, checks and launches them, and tells it their results, until it asks for none.

        Raises UserError before anything starts, RunsFailed after everything ran.
        """
        from mgu.cli.grammar import HydraGrammar
        from mgu.config.sweeper import check_sweeper

        assert self.config is not None and self.hydra_context is not None
        with marking_bugs():
            check_sweeper(OmegaConf.to_container(self.config.hydra.sweeper, resolve=True))
            words = [*self._parse_config(), *arguments]
            if self.strategy not in STRATEGIES:
                raise UserError(
                    f"hydra.sweeper.strategy must be one of {', '.join(STRATEGIES)}, but got {self.strategy!r}. "
                    "Leave it out for grid search."
                )
            grammar = HydraGrammar(self.hydra_context.config_loader)
            self._search(STRATEGIES[self.strategy](self.space, words, grammar))

    def _search(self, strategy: Strategy) -> None:
        from mgu.cli.compose import read_jobs
        from mgu.sweep.slots import check_launcher, read_parallel

        assert self.config is not None and self.hydra_context is not None
        num_runs = num_missing = 0
        while asked := strategy.ask():
            configs = read_jobs(self.hydra_context.config_loader, self.config, asked)
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
            num_missing += run_sweep(sweep, asked, partial(self._launch, sweep), quote, launcher)
            num_runs += len(asked)
            for overrides, config in zip(asked, configs, strict=True):
                strategy.tell(overrides, find_result(config))
        if num_missing:
            runs = count(num_runs, "run")
            raise RunsFailed(f"{num_missing} of {runs} failed. The same command tries them again.")

    @property
    def _launcher_name(self) -> str:
        """As in hydra/launcher=NAME."""
        # Imported late, for Hydra's scan for plugins executes that module once more, and so makes the class anew.
        from hydra._internal.core_plugins.basic_launcher import BasicLauncher

        assert self.config is not None
        is_basic = isinstance(self.launcher, BasicLauncher)
        return "basic" if is_basic else str(self.config.hydra.runtime.choices["hydra/launcher"])

    def _launch(self, sweep: Sweep, jobs: list[Job], first_number: int) -> list[Any]:
        """Launches jobs; returns for each what became of its runs, or the exception that ended it.

        In place of Hydra's own launcher, which composes every configuration once more and has one job at a time, the
        jobs become children of this process.
        """
        from mgu.sweep.side_by_side import launch_side_by_side

        assert self.launcher is not None and self.config is not None
        if self._launcher_name == "basic":
            with env_override(self.config.hydra.job.env_set):
                return launch_side_by_side(sweep, [job.configs for job in jobs], first_number)
        returns: Sequence[JobReturn] = self.launcher.launch([job.words for job in jobs], initial_job_idx=first_number)
        # Not .return_value, which would print and raise the exception of a failed job.
        return [job._return_value if job.status == JobStatus.FAILED else job.return_value for job in returns]

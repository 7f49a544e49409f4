"""Hydra's sweeper for a union of grids: the baselines have axes that the unit does not have.

    hydra.sweeper.grids:
      baselines: {layout: "a,b", norm: "ln,no_norm"}
      unit: {layout: b, mgu: reference}

Every grid is swept on its own and the jobs are joined. The command line narrows: `layout=b` replaces that axis in every
grid; `norm=ln`, an axis of one grid only, leaves the others out; any other key, as `seed=0,1,2`, applies to all.
Without grids it is Hydra's basic sweeper. All jobs are checked, and their data is fetched, before the first one starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn, JobStatus

from mgu.config import RunConfig
from mgu.errors import RunsFailed, UserError

Grids = dict[str, dict[str, Any]]


# No dataclass: Hydra executes plugins before they are in sys.modules, where a dataclass looks itself up.
DEFAULTS: dict[str, Any] = {
    "_target_": "hydra_plugins.mgu_sweeper.GridSweeper",
    "max_batch_size": None,
    "params": None,
    "grids": {},
}
ConfigStore.instance().store(group="hydra/sweeper", name="grids", node=DEFAULTS, provider="mgu")


class GridSweeper(BasicSweeper):
    """See the module; `hydra.sweeper` names the arguments."""

    def __init__(self, max_batch_size: int | None, params: dict[str, Any] | None, grids: Grids) -> None:
        super().__init__(max_batch_size, params)
        self.grids = grids

    def sweep(self, arguments: list[str]) -> list[JobReturn]:
        """Check all jobs, launch them; raises UserError before anything starts, RunsFailed after everything ran."""
        assert self.config is not None and self.hydra_context is not None and self.launcher is not None
        jobs = self._jobs([*self._parse_config(), *arguments])
        self._prepare(jobs)
        returns: Sequence[JobReturn] = self.launcher.launch(jobs, initial_job_idx=0)
        _raise_failures(returns)
        return list(returns)

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

    def _prepare(self, jobs: list[list[str]]) -> None:
        """Compose and check every job, listing all faults at once; then see that runs/ and the data are there."""
        configs: list[RunConfig] = []
        faults: dict[str, list[str]] = {}
        for job in jobs:
            try:
                configs.append(self._check(job))
            except UserError as error:
                faults[str(error)] = [*faults.get(str(error), []), " ".join(job)]
        if faults:
            raise UserError("\n".join(f"{fault} (in {where[0]}, {len(where)} jobs)" for fault, where in faults.items()))
        from mgu.jobs import prepare  # imports torch: only for a sweep that is sound

        prepare(configs)

    def _check(self, job: list[str]) -> RunConfig:
        from mgu.compose import explain, read_config

        assert self.config is not None and self.hydra_context is not None
        try:
            composed = self.hydra_context.config_loader.load_sweep_config(self.config, job)
        except Exception as error:
            raise UserError(explain(error)) from None
        HydraConfig.instance().set_config(composed)
        return read_config(composed)


def _groups(axes: dict[str, Any]) -> set[str]:
    return {name for axis in axes for name in (axis, axis.partition(".")[0])}


def _raise_failures(returns: Sequence[JobReturn]) -> None:
    errors = [job._return_value for job in returns if job.status == JobStatus.FAILED]
    for error in errors:
        if not isinstance(error, RunsFailed):
            raise error
    if errors:
        raise RunsFailed(f"{len(errors)} of {len(returns)} runs failed:\n" + "\n".join(str(error) for error in errors))

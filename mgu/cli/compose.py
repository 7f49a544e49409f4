"""Turns the configurations that Hydra composes into checked RunConfigs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mgu.cli.combine import Combiner
from mgu.cli.composed import Composed, FrozenOverrides
from mgu.cli.hydra_errors import translate_error
from mgu.cli.interpolations import check_interpolations
from mgu.cli.remember import remember_files
from mgu.config.check import check_config, check_types
from mgu.config.faults import shorten
from mgu.config.python import fill_sources, spell_out_layout
from mgu.config.run import RunConfig
from mgu.config.search import SECTIONS
from mgu.data.datasets import fill_defaults, find_kind
from mgu.errors import UserError
from mgu.results.runs.pretrained import fill_pretrained
from mgu.results.runs.source_rows import check_source_rows

FILLED_IN = ("classes", "sha256")  # of a data set
FOUND_BY_CALL = ("input_shape", "num_classes", "fingerprint")  # of data from a function


def read_config(composed: DictConfig) -> RunConfig:
    """Resolves and checks a composed configuration.

    Args:
        composed: Configuration as Hydra composed it. HydraConfig must be set, for the layout is named after its file.

    Returns:
        The configuration of a run.

    Raises:
        UserError: A value is not as it must be.
    """
    return check_values(_resolve(composed).values)


def _resolve(composed: DictConfig, with_search: bool = False) -> Composed:
    """Resolves interpolations. Raises UserError."""
    unresolved: Any = OmegaConf.to_container(composed, resolve=False)
    for section in ("hydra", *(() if with_search else SECTIONS)):  # a launcher leaves hydra out
        unresolved.pop(section, None)
    check_interpolations(unresolved)
    try:
        # Not the whole configuration at once: most of it is Hydra's own, which nobody asks for.
        values = {key: _resolve_key(composed, key) for key in unresolved}
    except OmegaConfBaseException as error:
        raise UserError(translate_error(error)) from None
    return Composed(values, max(_count_dollars(unresolved), default=0) < 2)


def _resolve_key(composed: DictConfig, key: str) -> Any:
    if OmegaConf.is_missing(composed, key):
        return "???"
    value = composed[key]
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value


def _count_dollars(values: Any) -> Iterator[int]:
    """Yields the number of interpolations in each text, the innermost values first."""
    if isinstance(values, str):
        yield values.count("${")
    elif isinstance(values, dict | list):
        for value in values.values() if isinstance(values, dict) else values:
            yield from _count_dollars(value)


def check_values(resolved: Mapping[str, Any]) -> RunConfig:
    """Checks the resolved values of a run.

    Args:
        resolved: Values by key, nested; they are not changed.

    Returns:
        The configuration of a run.

    Raises:
        UserError: A value is not as it must be.
    """
    values: Any = fill_defaults(dict(resolved))
    if isinstance(values.get("dataset"), dict):
        _check_not_filled_in(values["dataset"])
    values = fill_pretrained(values)
    values = fill_sources(values | {"layout": spell_out_layout(values.get("layout"))})
    if isinstance(dataset := values.get("dataset"), dict):
        check_types(values)
        values["dataset"] = find_kind(dataset.get("name")).resolve(dataset)
    config = check_config(values)
    check_source_rows(config)
    return config


def _check_not_filled_in(dataset: Mapping[str, Any]) -> None:
    """Refuses values that are found in the data, and would replace the given ones without a word."""
    keys = (*FILLED_IN, *(FOUND_BY_CALL if dataset.get("name") == "python" else ()))
    for key in keys:
        if dataset.get(key) is not None:
            raise UserError(
                f"dataset.{key} must be left out, for it is filled in when the data is read, but got "
                f"{shorten(dataset[key])}. Leave it out."
            )


def read_jobs(loader: ConfigLoader, master: DictConfig, jobs: Sequence[list[str]]) -> list[RunConfig]:
    """Composes and checks the configurations of a sweep.

    Args:
        loader: Hydra's loader of configurations.
        master: Configuration of the sweep itself.
        jobs: Overrides of each job.

    Returns:
        The configuration of each job.

    Raises:
        UserError: A value is not as it must be; the message lists the faults of all jobs.
    """
    remember_files(loader)
    compose = Combiner(jobs, partial(compose_overrides, loader, master))
    configs: list[RunConfig] = []
    faults: dict[str, list[str]] = {}
    for job in jobs:
        try:
            configs.append(check_values(compose(job)))
        except UserError as error:
            for fault in str(error).splitlines():
                faults[fault] = [*faults.get(fault, []), " ".join(job)]
    if faults:
        raise UserError("\n".join(f"{fault} (in {_name_jobs(where)})" for fault, where in faults.items()))
    return configs


def _name_jobs(jobs: Sequence[str]) -> str:
    return jobs[0] if len(jobs) == 1 else f"{jobs[0]}, and {len(jobs) - 1} more"


def compose_overrides(
    loader: ConfigLoader, master: DictConfig, overrides: FrozenOverrides, with_search: bool = False
) -> Composed:
    """Composes one job.

    Args:
        loader: Hydra's loader of configurations.
        master: Configuration of the sweep itself.
        overrides: Those of the job.
        with_search: Whether the settings of a search are wanted, too, which are no part of a run's configuration.

    Returns:
        The resolved values.

    Raises:
        UserError: They cannot be composed.
    """
    given = list(overrides)
    try:
        composed = loader.load_sweep_config(master, given)
    except UserError:
        raise
    except Exception as error:  # of any library that trips over a broken YAML file
        raise UserError(translate_error(error, given)) from None
    HydraConfig.instance().set_config(composed)
    return _resolve(composed, with_search)

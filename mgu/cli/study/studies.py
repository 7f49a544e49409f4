"""Turns a command line with `search` into studies: what each searches, by which strategy, and for how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hydra.core.config_loader import ConfigLoader
from omegaconf import DictConfig

from mgu.cli.compose import compose_overrides
from mgu.cli.grammar import HydraGrammar
from mgu.cli.remember import remember_files
from mgu.cli.study.check_told import check_told
from mgu.cli.study.trial_configs import Configurator, first_config, runs_identity
from mgu.config.check_search import check_study
from mgu.config.run import RunConfig
from mgu.config.search import SECTIONS, StudySettings
from mgu.errors import UserError
from mgu.report.searches.load import load_curves
from mgu.results.compare.axes import flatten, write_value
from mgu.results.compare.fingerprints import fingerprint_of
from mgu.results.on_disk.folder import runs_dir
from mgu.results.runs.load import load_results
from mgu.results.runs.searches import find_searches
from mgu.search.budget import KINDS, Budget
from mgu.search.comparable import check_comparable
from mgu.search.grids import Grids
from mgu.search.space import Space
from mgu.search.spaces import build_space
from mgu.search.spaces.context import SpaceContext
from mgu.search.strategies import STRATEGIES, build_strategy
from mgu.search.strategy import is_multi_fidelity
from mgu.search.study import SearchedData, Study
from mgu.search.unit_cost import unit_seconds

MOST_STUDIES = 10_000

# Options by strategy that earlier studies did without, as by this value: so they keep their identities.
LATER: dict[str, dict[str, Any]] = {"gbfs": {"startup": 0}}


class PlannedStudy(NamedTuple):
    """Holds a study with all that training its trials needs.

    Attributes:
        study: The study.
        settings: Its settings.
        configure: Composes the configuration of a trial.
        start: The configuration of one run, with the data and the training that all have; of a space without runs,
            what the command line says.
        fixed_seed: Seed of all runs, where the command line gives one.
        overrides: Its overrides, from which another process can build it.
        single: Those that have one value, with which Hydra can compose a job.
    """

    study: Study
    settings: StudySettings
    configure: Configurator
    start: RunConfig
    fixed_seed: int | None
    overrides: list[str]
    single: list[str]


def is_search(master: DictConfig, overrides: Sequence[str]) -> bool:
    """Tells whether a command line asks for a search.

    Args:
        master: Configuration of the sweep itself.
        overrides: Those of the command line.

    Returns:
        Whether a strategy is chosen, on the command line or elsewhere.

    Raises:
        UserError: There are settings of a search, but no search.
    """
    keys = [override.partition("=")[0].lstrip("+~") for override in overrides]
    if master.get("search") is not None or "search" in keys:
        return True
    if alone := [key for key in keys if key.partition(".")[0] in SECTIONS]:
        raise UserError(f"{alone[0]} must go with a search, but there is none. Add search=random.")
    return False


def plan_studies(
    loader: ConfigLoader, master: DictConfig, grids: Grids, overrides: Sequence[str]
) -> list[PlannedStudy]:
    """Builds all studies of a command line: one for each combination of the settings of searches.

    Args:
        loader: Hydra's loader of configurations.
        master: Configuration of the sweep itself.
        grids: The grids of the experiment.
        overrides: Those of the command line.

    Returns:
        The studies.

    Raises:
        UserError: A setting is not legal, a strategy cannot serve its space, or a point of it cannot be composed.
    """
    remember_files(loader)
    grammar = HydraGrammar(loader)
    keys = grammar.keys(overrides)
    of_settings = [override for key, override in zip(keys, overrides, strict=True) if key.partition(".")[0] in SECTIONS]
    runs = [override for override in overrides if override not in of_settings]
    by_identity: dict[str, PlannedStudy] = {}
    for settings_overrides in grammar.expand(of_settings):
        for planned in _build(loader, master, grammar, grids, settings_overrides, runs):
            known = by_identity.setdefault(planned.study.identity, planned)
            if known.settings != planned.settings:
                raise UserError(_describe_two_settings(known, planned))
    _check_number(len(by_identity))
    return list(by_identity.values())


def _check_number(number: int) -> None:
    if number > MOST_STUDIES:
        raise UserError(
            f"one command must have at most {MOST_STUDIES:,} studies, but has {number:,}. Pass fewer seeds."
        )


def _describe_two_settings(one: PlannedStudy, other: PlannedStudy) -> str:
    """Says which setting is no part of a study's identity, and so cannot be swept over."""
    first, second = flatten(one.settings.model_dump()), flatten(other.settings.model_dump())
    key = next(key for key in first if first[key] != second.get(key))
    return (
        f"{key} must be one value in a command, for a study with another one is the same study, but got "
        f"{write_value(first[key])} and {write_value(second.get(key))}. Pass one; a study goes on with a larger budget."
    )


def _build(
    loader: ConfigLoader,
    master: DictConfig,
    grammar: HydraGrammar,
    grids: Grids,
    settings_overrides: Sequence[str],
    overrides: Sequence[str],
) -> list[PlannedStudy]:
    """Builds the studies of one combination of settings: several where search.studies is more than 1."""
    values = {override: grammar.expand([override]) for override in overrides}
    single = [expanded[0][0] for expanded in values.values() if len(expanded) == 1]  # without the form of a sweep
    composed = compose_overrides(loader, master, (*single, *settings_overrides), with_search=True).values
    settings = check_study({name: composed[name] for name in SECTIONS if composed.get(name) is not None})
    context = SpaceContext(grids, overrides, grammar, composed)
    space = build_space(settings.space or {"kind": "grid", "name": "grid"}, context)
    _check_swept(space, values, grammar)
    configure = Configurator(loader, master, single, space)
    start = first_config({key: value for key, value in composed.items() if key not in SECTIONS}, space, configure)
    check_told(settings, space, start)
    check_comparable(space, configure, is_multi_fidelity(STRATEGIES.get(settings.search.name)))
    fixed_seed = start.seed if "seed" in grammar.keys(single) else None
    identity = runs_identity(space, configure) | {"second": settings.search.second, "fixed_seed": fixed_seed}
    budget = _resolve_budget(settings, space, start)
    _check_number(settings.search.studies)
    planned = []
    for seed in range(settings.search.seed, settings.search.seed + settings.search.studies):
        search = settings.search.model_copy(update={"seed": seed, "studies": 1})
        of_one = settings.model_copy(update={"search": search})
        study = _build_study(of_one, space, start, budget, identity)
        settled = [
            each for each in settings_overrides if each.partition("=")[0] not in ("search.seed", "search.studies")
        ]
        settled.append(f"search.seed={seed}")
        both = [*overrides, *settled], [*single, *settled]
        planned.append(PlannedStudy(study, of_one, configure, start, fixed_seed, *both))
    return planned


def _check_swept(space: Space, values: Mapping[str, Sequence[Sequence[str]]], grammar: HydraGrammar) -> None:
    """Raises UserError where the command line gives several values to a key that the space does not search.

    Args:
        space: The space.
        values: What each override of the command line expands to.
        grammar: Reads keys.
    """
    searched = {parameter.name.partition("@")[0] for parameter in space.parameters}
    swept = [
        override
        for override, expanded in values.items()
        if len(expanded) > 1 and grammar.keys([override])[0] not in searched
    ]
    if swept:
        raise UserError(
            f"{swept[0].partition('=')[0]} must be one value in a search of space={space.name}, but got {swept[0]}. "
            "Pass search.seed=0,1,2 for several studies."
        )


def _build_study(
    settings: StudySettings, space: Space, start: RunConfig, budget: Budget, identity: Mapping[str, Any]
) -> Study:
    search = settings.search
    options = _complete_options(settings, start)
    strategy = build_strategy(search.name, space, search.seed, options, search.per_cost)
    later = LATER.get(search.name, {})
    kept = {key: value for key, value in options.items() if key not in later or value != later[key]}
    described = {"options": kept, "warm_start": settings.warm_start.model_dump(), **identity}
    described |= {"per_cost": True} if search.per_cost else {}
    folder = runs_dir(start) / start.experiment_name
    data = SearchedData(start.dataset.label, start.dataset.split, fingerprint_of(start.model_dump()))
    return Study(folder, space, strategy, search.name, search.seed, budget, described, data)


def _complete_options(settings: StudySettings, start: RunConfig) -> dict[str, Any]:
    """Returns the options of a strategy with those that follow from other settings."""
    options, second = dict(settings.search.options), settings.search.second
    if is_multi_fidelity(STRATEGIES.get(settings.search.name)):  # its last rung is all epochs
        most = options.setdefault("max_epochs", start.training.epochs)
        if isinstance(most, int) and most > start.training.epochs:
            raise UserError(
                f"search.options.max_epochs must be at most training.epochs={start.training.epochs}, but got {most}. "
                f"Pass training.epochs={most}."
            )
    if settings.search.name == "nsga2" and options.get("objectives") == 2 and second is None:
        raise UserError(
            "search.options.objectives=2 must go with a second objective, but search.second is null. Pass "
            "search.second=params, or search.options.objectives=1."
        )
    return options


def _resolve_budget(settings: StudySettings, space: Space, start: RunConfig) -> Budget:
    budget = Budget(**settings.budget.model_dump())
    unit_s = _find_unit_seconds(start) if budget.times_unit is not None else None
    has_energy = start.energy.enabled or space.measure is not None
    untold = set() if space.measure is None else set(KINDS) - space.tells
    return budget.resolve(space.size, unit_s, has_energy, start.energy.has_place, untold)


def _find_unit_seconds(start: RunConfig) -> float | None:
    """Returns what the unit costs by the finished runs of the experiment, without those that searches trained."""
    folder = runs_dir(start) / start.experiment_name
    if not folder.is_dir():
        return None
    loaded = load_results([folder])
    searches = [*find_searches([folder]), *loaded.packed_searches]
    curves, _ = load_curves(searches, start.dataset.label, start.dataset.split)
    searched = frozenset[str]().union(*(curve.runs for curve in curves))
    return unit_seconds([run.result for run in loaded.runs], start, searched)

"""The union of grids: which jobs an experiment has, and how the command line narrows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import setup_globals
from omegaconf import OmegaConf

from mgu.cli.compose import read_jobs
from mgu.cli.grammar import HydraGrammar
from mgu.config.conf import conf_dir
from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.search.grids import Grids, expand_grids
from mgu.text.hydra_quoting import quote
from tests.conftest import Command, hydra_of


@pytest.fixture
def hydra() -> Iterator[None]:
    setup_globals()
    with hydra_of(conf_dir()):
        yield


def sweep(*arguments: str, without_grids: bool = False) -> list[RunConfig]:
    """The checked configurations of all jobs, in order."""
    experiment = [argument for argument in arguments if argument.startswith("+experiment")]
    master = compose("config", experiment, return_hydra_config=True)
    hydra = GlobalHydra.instance().hydra
    assert hydra
    grids = {} if without_grids else OmegaConf.to_container(master.hydra.sweeper.grids)
    jobs = expand_grids(Grids(grids), arguments, HydraGrammar(hydra.config_loader))  # type: ignore[arg-type]
    return read_jobs(hydra.config_loader, master, jobs)


@pytest.mark.slow
@pytest.mark.usefixtures("hydra")
@pytest.mark.parametrize(("experiment", "units"), [("digits", 2), ("mnist", 2), ("cifar", 4)])
def test_an_experiment_is_24_baselines_and_its_units(experiment: str, units: int) -> None:
    configs = sweep(f"+experiment={experiment}")
    baselines = [config for config in configs if not config.mgu]
    assert len(configs) - len(baselines) == units and len({config.identity for config in configs}) == 24 + units
    axes = {(c.layout.name, c.norm.name, c.residual) for c in baselines if c.norm}
    assert len(axes) == 24 and len({axis[0] for axis in axes}) == 3 and len({axis[1] for axis in axes}) == 4
    assert all(config.experiment_name == experiment and config.layout.name.startswith(experiment) for config in configs)


@pytest.mark.slow
@pytest.mark.usefixtures("hydra")
@pytest.mark.parametrize(
    ("arguments", "baselines", "units"),
    [
        ("layout=digits_2", 8, 2),  # an axis of both grids narrows both
        ("norm=ln", 6, 0),  # an axis of one grid leaves the other out
        ("norm=ln residual=with layout=digits_3", 1, 0),
        ("mgu=reference,equations", 0, 2),
        ("mgu.residual_gate=false", 0, 2),  # so does a key inside such a group
        ("norm=ln norm.eps=0.1", 6, 0),
        ("layout.dropout=0", 24, 2),
        ("seed=0,1,2", 72, 6),  # what is no axis multiplies all
        ("seed=0,0 layout=digits_2,digits_2", 8, 2),  # duplicates are dropped
        ("training.epochs=1", 24, 2),
    ],
)
def test_the_command_line_narrows_every_grid(arguments: str, baselines: int, units: int) -> None:
    configs = sweep("+experiment=digits", *arguments.split())
    assert sum(config.mgu is None for config in configs) == baselines
    assert sum(config.mgu is not None for config in configs) == units


@pytest.mark.usefixtures("hydra")
def test_without_grids_it_is_the_basic_sweeper() -> None:
    configs = sweep("norm=ln,no_norm", "seed=range(3)")
    assert [(config.norm and config.norm.name, config.seed) for config in configs] == [
        (norm, seed) for norm in ("ln", "no_norm") for seed in range(3)
    ]


@pytest.mark.usefixtures("hydra")
def test_an_experiment_without_its_grids_sweeps_what_is_given() -> None:
    """hydra.sweeper.grids=null"""
    configs = sweep("+experiment=digits", "norm=ln,bn_pre", without_grids=True)
    assert [config.norm.name for config in configs if config.norm] == ["ln", "bn_pre"]


@pytest.mark.usefixtures("hydra")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("norm=ln mgu=reference", "one grid must have all the axes mgu, norm, but none of baselines, units does"),
        ("seed=interval(0,1)", r"seed must be values to sweep over, but interval\(0,1\) has any .* as in seed=a,b"),
        ("seed=range(", "the command line must fit the configuration, but: "),
    ],
)
def test_what_no_grid_can_be_narrowed_by(arguments: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        sweep("+experiment=digits", *arguments.split())


class Words:
    """A grammar of commas alone."""

    def keys(self, overrides: Sequence[str]) -> list[str]:
        return [override.partition("=")[0] for override in overrides]

    def expand(self, overrides: Sequence[str]) -> list[list[str]]:
        points: list[list[str]] = [[]]
        for override in overrides:
            key, _, values = override.partition("=")
            points = [[*point, f"{key}={value}"] for point in points for value in values.split(",")]
        return points


def test_the_grids_are_joined_and_multiplied_by_what_is_no_axis() -> None:
    grids = {"one": {"a": "1,2"}, "two": {"b": "3"}}
    assert expand_grids(Grids(grids), ["c=5"], Words()) == [["a=1", "c=5"], ["a=2", "c=5"], ["b=3", "c=5"]]


@pytest.mark.usefixtures("hydra")
@pytest.mark.parametrize("text", ["plain", "a folder/with a \\", "it's", "\\'", "a,b=[c]"])
def test_quoted_values_come_back_from_hydra_as_they_were(text: str) -> None:
    composed = compose("config", [f"runs_dir={quote(text)}"])
    assert composed.runs_dir == text


@pytest.mark.slow
def test_a_strategy_that_does_not_exist_is_refused(mgu_run: Command) -> None:
    done = mgu_run("-m", "seed=0", "hydra.sweeper.strategy=luck")
    assert done.returncode == 2 and "hydra.sweeper.strategy must be one of grid, but got 'luck'." in done.stderr

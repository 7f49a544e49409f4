"""The union of grids: which jobs an experiment has, and how the command line narrows them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hydra import compose, initialize_config_dir
from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import setup_globals
from hydra.types import HydraContext
from omegaconf import OmegaConf

from mgu.cli.conf import conf_dir
from mgu.config.run import RunConfig
from mgu.errors import UserError


@pytest.fixture
def hydra() -> Iterator[None]:
    setup_globals()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        yield


def sweep(*arguments: str, without_grids: bool = False) -> list[RunConfig]:
    """The checked configurations of all jobs, in order."""
    experiment = [argument for argument in arguments if argument.startswith("+experiment")]
    from hydra_plugins.mgu_sweeper import GridSweeper  # after Hydra's plugin scan, which replaces its base class

    master = compose("config", experiment, return_hydra_config=True)
    grids = OmegaConf.to_container(master.hydra.sweeper.grids)
    sweeper = GridSweeper(None, None, None if without_grids else grids)
    hydra = GlobalHydra.instance().hydra
    sweeper.hydra_context = HydraContext(config_loader=hydra.config_loader, callbacks=Callbacks())
    sweeper.config = master
    HydraConfig.instance().set_config(master)
    return [sweeper._check(job) for job in sweeper._jobs(list(arguments))]


@pytest.mark.usefixtures("hydra")
@pytest.mark.parametrize(("experiment", "units"), [("digits", 1), ("mnist", 1), ("cifar", 2)])
def test_an_experiment_is_24_baselines_and_its_units(experiment: str, units: int) -> None:
    configs = sweep(f"+experiment={experiment}")
    baselines = [config for config in configs if not config.mgu]
    assert len(configs) - len(baselines) == units and len({config.identity for config in configs}) == 24 + units
    axes = {(c.layout.name, c.norm.name, c.residual) for c in baselines if c.norm}
    assert len(axes) == 24 and len({axis[0] for axis in axes}) == 3 and len({axis[1] for axis in axes}) == 4
    assert all(config.experiment_name == experiment and config.layout.name.startswith(experiment) for config in configs)


@pytest.mark.usefixtures("hydra")
@pytest.mark.parametrize(
    ("arguments", "baselines", "units"),
    [
        ("layout=digits_2", 8, 1),  # an axis of both grids narrows both
        ("norm=ln", 6, 0),  # an axis of one grid leaves the other out
        ("norm=ln residual=with layout=digits_3", 1, 0),
        ("mgu=reference,equations", 0, 2),
        ("mgu.residual_gate=false", 0, 1),  # so does a key inside such a group
        ("norm=ln norm.eps=0.1", 6, 0),
        ("layout.dropout=0", 24, 1),
        ("seed=0,1,2", 72, 3),  # what is no axis multiplies all
        ("seed=0,0 layout=digits_2,digits_2", 8, 1),  # duplicates are dropped
        ("training.epochs=1", 24, 1),
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
def test_axes_that_no_grid_has_together() -> None:
    with pytest.raises(UserError, match="one grid must have all the axes mgu, norm, but none of baselines, unit does"):
        sweep("+experiment=digits", "norm=ln", "mgu=reference")

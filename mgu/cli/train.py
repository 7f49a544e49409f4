"""`mgu-run` without a sub-command: trains one run or a sweep. The only file that calls hydra.main."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mgu.cli.ahead import start_ahead
from mgu.cli.exit_codes import exit_codes
from mgu.cli.interrupts import prepare_interrupts
from mgu.config.conf import conf_dir
from mgu.errors import ProgramError, RunsFailed, UserError, marking_bugs
from mgu.isolation import PRELOAD_ENERGY, PRELOAD_RUN

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from mgu.cli.parser import Parser


def train(
    arguments: list[str],
    job: Callable[[DictConfig], Any] | None = None,
    ahead: Sequence[str] | None = (PRELOAD_ENERGY, PRELOAD_RUN),
    flags: Parser | None = None,
) -> None:
    """Composes a configuration with Hydra, and trains the run or the sweep that it describes.

    Args:
        arguments: Arguments of the command line.
        job: What is done with the composed configuration instead.
        ahead: Modules that are imported for it while the configuration is composed, see mgu/isolation/server.py; None
            where nothing is trained.
        flags: Parser of the sub-command that asks for it, whose flags are suggested for a mistyped one.

    Raises:
        UserError: The input is wrong.
        RunsFailed: A run of a sweep failed; a failed single run ends the process.
        ProgramError: A bug of this program.
    """
    if ahead is not None:
        start_ahead(arguments, ahead)
    import hydra
    from hydra.errors import HydraException

    from mgu.cli.overrides import sort_arguments
    from mgu.cli.study.space_arguments import of_space
    from mgu.cli.yaml_files import bound_yaml_files

    prepare_interrupts()
    bound_yaml_files()
    sys.argv[1:] = sort_arguments(of_space(arguments), flags)  # where Hydra reads them
    wants_traceback = "HYDRA_FULL_ERROR" in os.environ
    os.environ["HYDRA_FULL_ERROR"] = "1"  # makes Hydra raise its errors, so that they can be translated
    try:
        with warnings.catch_warnings():  # such as that of a search path that is not there
            warnings.filterwarnings(
                "error", category=UserWarning, module=r"hydra\._internal\.(utils|config_loader_impl)"
            )
            hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")(job or train_job)()
    except (UserError, RunsFailed, ProgramError):
        raise
    except Exception as error:  # Hydra was composing: any library may trip over a broken YAML file
        refused_by_system = isinstance(error, OSError) and not isinstance(error, HydraException)
        if wants_traceback or refused_by_system:
            raise
        from mgu.cli.hydra_errors import translate_error

        raise UserError(translate_error(error, arguments)) from None
    finally:
        if not wants_traceback:
            del os.environ["HYDRA_FULL_ERROR"]


def train_job(composed: DictConfig) -> str | list[str]:
    """Trains one run, or a job of a launcher's process, which may have several seeds. This is Hydra's task function.

    Args:
        composed: Configuration as Hydra composed it.

    Returns:
        What became of the run, or of each run of the job.

    Raises:
        UserError: The input is wrong.
        ProgramError: A bug of this program.
    """
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode
    from omegaconf import OmegaConf

    from mgu.cli.compose import read_config
    from mgu.isolation import end_with_parent
    from mgu.results.compare.axes import Axes
    from mgu.sweep.jobs import finish, run_in_launcher, run_single

    hydra_config = HydraConfig.get()
    if hydra_config.mode == RunMode.MULTIRUN:  # whoever launched the job wants its exceptions as they are
        with marking_bugs():
            end_with_parent()
            if of_search := hydra_config.sweeper.get("words"):
                from mgu.cli.study.run import work

                return work([str(override) for override in of_search])
            config = read_config(composed)
            seeds = hydra_config.sweeper.get("seeds") or [config.seed]
            configs = [config.model_copy(update={"seed": seed}) for seed in seeds]
            axes = Axes(tuple(hydra_config.sweeper.get("axes") or ()))
            return [*finish(run_in_launcher(configs, hydra_config.sweeper.number, axes))]
    # Hydra would announce an exception of a single run in words of its own.
    overrides: Any = OmegaConf.to_container(hydra_config.overrides.task)  # as typed, with interpolations
    with exit_codes([str(override) for override in overrides]), marking_bugs():
        if composed.get("search") is not None:
            raise UserError("search must go with -m, for it trains many runs, but there is no -m. Add -m.")
        return run_single(read_config(composed))

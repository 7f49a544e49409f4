"""`mgu-run` without a sub-command: trains one run or a sweep. The only file that calls hydra.main."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from mgu.cli.conf import conf_dir
from mgu.cli.exit_codes import SUB_COMMANDS, exit_codes
from mgu.errors import RunsFailed, UserError, did_you_mean

if TYPE_CHECKING:
    from omegaconf import DictConfig


def train(arguments: list[str]) -> None:
    """Composes the configuration of `arguments` with Hydra, and trains what it describes."""
    import hydra

    signal.signal(signal.SIGTERM, _interrupt)

    sys.argv[1:] = _flags_first(arguments)
    wants_traceback = "HYDRA_FULL_ERROR" in os.environ
    os.environ["HYDRA_FULL_ERROR"] = "1"  # makes Hydra raise, so that its errors can be put in our words
    try:
        hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")(_train_one)()
    except Exception as error:
        if wants_traceback or not _is_of_input(error):
            raise
        from mgu.cli.hydra_errors import explain

        raise UserError(explain(error)) from None
    finally:
        if not wants_traceback:
            del os.environ["HYDRA_FULL_ERROR"]


def _interrupt(number: int, frame: object) -> None:
    """What a cluster sends before it takes a machine away means the same as Ctrl-C."""
    raise KeyboardInterrupt


def _train_one(composed: DictConfig) -> str | list[str]:
    """Hydra's task function: one run, or a job of a sweep, which may have several seeds; what came of each."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    from mgu.cli.compose import read_config
    from mgu.sweep.jobs import run_in_sweep, run_single

    hydra_config = HydraConfig.get()
    in_sweep = hydra_config.mode == RunMode.MULTIRUN
    # Hydra would announce an exception of a single run in words of its own; the sweeper wants it as it is.
    with nullcontext() if in_sweep else exit_codes():
        config = read_config(composed)
        if in_sweep:
            seeds = hydra_config.sweeper.get("seeds") or [config.seed]
            configs = [config.model_copy(update={"seed": seed}) for seed in seeds]
            return [*run_in_sweep(configs, number=hydra_config.job.num + 1)]
        return run_single(config)


def _flags_first(arguments: list[str]) -> list[str]:
    """Flags before overrides, for Hydra 1.3 refuses `-m layout=x` after another override; refuses stray words."""
    from hydra._internal.utils import get_args_parser

    parsed, unknown = get_args_parser().parse_known_intermixed_args(arguments)
    if unknown:
        raise UserError(f"flags must be ones that mgu-run --help lists, but got {' '.join(unknown)}. Leave them out.")
    overrides: list[str] = parsed.overrides
    for word in overrides:
        if "=" not in word and not word.startswith("~"):
            hint = did_you_mean(word, SUB_COMMANDS) or " See mgu-run --help."
            if word in SUB_COMMANDS:
                hint = f" Put it first: mgu-run {word} ..."
            raise UserError(
                f"arguments must be key=value, or first a sub-command ({', '.join(SUB_COMMANDS)}), "
                f"but got {word!r}.{hint}"
            )
    rest = list(arguments)
    for word in overrides:
        rest.remove(word)
    return rest + overrides


def _is_of_input(error: Exception) -> bool:
    """Whether it comes of the input and is not in our words yet: any library may trip over a broken YAML file."""
    from hydra.errors import HydraException

    if isinstance(error, HydraException):  # one of which is an OSError, too
        return True
    own = {str(Path(__file__).parents[1] / "sweep" / name) for name in ("jobs.py", "sweep.py", "plan.py")}
    has_begun = any(frame.filename in own for frame in traceback.extract_tb(error.__traceback__))
    return not has_begun and not isinstance(error, UserError | RunsFailed | OSError)

"""The command `mgu-run`: trains by default, and dispatches the sub-commands. The only file that touches hydra.main."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from mgu.errors import RunsFailed, UserError, did_you_mean

if TYPE_CHECKING:
    from omegaconf import DictConfig

SUB_COMMANDS = ("report",)


def main() -> None:
    """Entry point. Exit codes: 0 all well, 1 a run failed, 2 bad input, 130 interrupted."""
    with _exit_codes():
        if sys.argv[1:2] == ["report"]:
            # Before Hydra and torch are imported: a report is to be there at once.
            from mgu.report.command import main as report

            report(sys.argv[2:])
        else:
            _train(sys.argv[1:])


@contextmanager
def _exit_codes() -> Iterator[None]:
    try:
        yield
    except UserError as error:
        _exit(2, str(error))
    except RunsFailed as error:
        _exit(1, str(error))
    except KeyboardInterrupt:
        _exit(130, "interrupted: runs that were over are kept, the one under way is not.")
    except BrokenPipeError:  # `mgu-run report | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _exit(1, f"files must be readable and writable, but the system refused: {error}. See to space and permissions.")


def conf_dir() -> Path:
    """The configuration files: beside this file in an installed wheel, at the top of a checkout."""
    packaged = Path(__file__).parent / "conf"
    return packaged if packaged.is_dir() else Path(__file__).parents[1] / "conf"


def _train(arguments: list[str]) -> None:
    import hydra

    sys.argv[1:] = _flags_first(arguments)
    wants_traceback = "HYDRA_FULL_ERROR" in os.environ
    os.environ["HYDRA_FULL_ERROR"] = "1"  # makes Hydra raise, so that its errors can be put in our words
    try:
        hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")(_train_one)()
    except Exception as error:
        if wants_traceback or not _is_of_input(error):
            raise
        from mgu.compose import explain

        raise UserError(explain(error)) from None
    finally:
        if not wants_traceback:
            del os.environ["HYDRA_FULL_ERROR"]


def _train_one(composed: DictConfig) -> None:
    """Hydra's task function: one run, alone or as a job of a sweep."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    from mgu.compose import read_config

    hydra_config = HydraConfig.get()
    in_sweep = hydra_config.mode == RunMode.MULTIRUN
    # Hydra would announce an exception of a single run in words of its own; the sweeper wants it as it is.
    with nullcontext() if in_sweep else _exit_codes():
        config = read_config(composed)
        from mgu.jobs import run_and_tell  # imports torch: only for a configuration that is sound

        run_and_tell(config, number=hydra_config.job.num + 1 if in_sweep else None)


def _flags_first(arguments: list[str]) -> list[str]:
    """Flags before overrides, for Hydra 1.3 refuses `-m layout=x` after another override; refuses stray words."""
    from hydra._internal.utils import get_args_parser

    overrides: list[str] = get_args_parser().parse_intermixed_args(arguments).overrides
    for word in overrides:
        if "=" not in word and not word.startswith("~"):
            hint = did_you_mean(word, SUB_COMMANDS) or " See mgu-run --help."
            raise UserError(f"arguments must be key=value, or the sub-command report first, but got {word!r}.{hint}")
    rest = list(arguments)
    for word in overrides:
        rest.remove(word)
    return rest + overrides


def _is_of_input(error: Exception) -> bool:
    """Whether it comes of the input and is not in our words yet: any library may trip over a broken YAML file."""
    from hydra.errors import HydraException

    if isinstance(error, HydraException):  # one of which is an OSError, too
        return True
    own = str(Path(__file__).with_name("jobs.py"))
    has_begun = any(frame.filename == own for frame in traceback.extract_tb(error.__traceback__))
    return not has_begun and not isinstance(error, UserError | RunsFailed | OSError)


def _exit(code: int, message: str) -> None:
    print(message, file=sys.stderr)
    sys.exit(code)

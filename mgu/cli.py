"""The command `mgu-run`: trains by default, and dispatches the sub-commands. The only file that touches hydra.main."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from mgu.errors import RunsFailed, UserError, did_you_mean

if TYPE_CHECKING:
    from omegaconf import DictConfig

SUB_COMMANDS = ("report", "plan", "explain", "prune")


def main() -> None:
    """Entry point. Exit codes: 0 all well, 1 a run failed, 2 bad input, 130 interrupted."""
    with _exit_codes():
        if sys.argv[1:] == ["--version"]:
            print(f"mgu-run {version('mgu')}")
        elif sys.argv[1:2] == ["report"]:
            # Before Hydra and torch are imported: a report is to be there at once.
            from mgu.report.command import main as report

            report(sys.argv[2:])
        elif sys.argv[1:2] == ["explain"]:
            from mgu.explain.command import main as explain

            explain(sys.argv[2:])
        elif sys.argv[1:2] == ["prune"]:
            from mgu.prune.command import main as prune

            prune(sys.argv[2:], conf_dir())
        elif sys.argv[1:2] == ["plan"]:
            _train(_plan(sys.argv[2:]))
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
        if sys.argv[1:2] == ["prune"]:
            _exit(130, "interrupted: nothing was written, and the same command begins anew.")
        forced = "; leave out force=true, which would begin anew" if "force=true" in sys.argv else ""
        _exit(130, f"interrupted: what is done is kept, and the same command goes on from the last epoch{forced}.")
    except BrokenPipeError:  # `mgu-run report | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _exit(1, f"files must be readable and writable, but the system refused: {error}. See to space and permissions.")


def conf_dir() -> Path:
    """The configuration files: beside this file in an installed wheel, at the top of a checkout."""
    packaged = Path(__file__).parent / "conf"
    return packaged if packaged.is_dir() else Path(__file__).parents[1] / "conf"


def _plan(arguments: list[str]) -> list[str]:
    """The arguments of a sweep that shows what it would do."""
    from mgu.arguments import Parser

    parser = Parser(
        prog="mgu-run plan",
        description="List every run of a sweep with its size, its state and what it will take, without training.",
        epilog="All other arguments are those of the sweep, as in: mgu-run plan +experiment=cifar seed=0,1,2",
        allow_abbrev=False,
    )
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: %(default)s")
    parser.add_argument(
        "--calibrate", action="store_true", help="train a few steps of each layout that no finished run tells of"
    )
    options, rest = parser.parse_known_args(arguments)
    sweeper = [f"hydra.sweeper.plan={options.format}", f"hydra.sweeper.calibrate={str(options.calibrate).lower()}"]
    return [*rest, *sweeper, "--multirun"]


def _train(arguments: list[str]) -> None:
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
        from mgu.compose import explain

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

    from mgu.compose import read_config
    from mgu.jobs import run_in_sweep, run_single

    hydra_config = HydraConfig.get()
    in_sweep = hydra_config.mode == RunMode.MULTIRUN
    # Hydra would announce an exception of a single run in words of its own; the sweeper wants it as it is.
    with nullcontext() if in_sweep else _exit_codes():
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
    own = {str(Path(__file__).with_name(name)) for name in ("jobs.py", "sweep.py", "plan.py")}
    has_begun = any(frame.filename in own for frame in traceback.extract_tb(error.__traceback__))
    return not has_begun and not isinstance(error, UserError | RunsFailed | OSError)


def _exit(code: int, message: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C changes nothing any more
    print(message, file=sys.stderr)
    sys.exit(code)

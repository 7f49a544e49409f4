"""`mgu-run config`: the composed configuration of a run, with where each value comes from."""

from __future__ import annotations

import json
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import yaml

from mgu.cli.exit_codes import exit_codes
from mgu.cli.parser import Parser
from mgu.cli.train import train
from mgu.console.text import print_line
from mgu.errors import marking_bugs

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from mgu.config.run import RunConfig

VALUE_COLUMN = 48


def main(arguments: list[str]) -> None:
    """Shows a configuration without training it.

    Args:
        arguments: Arguments of the sub-command.

    Raises:
        UserError: The input is wrong.
        ProgramError: A bug of this program.
    """
    parser = Parser(
        prog="mgu-run config",
        description="Show the checked configuration of a run, and where each value comes from: the command line, a "
        "file, the default of the schema, or the data.",
        epilog="All other arguments are those of the run, as in: mgu-run config mgu=reference optimizer.lr=0.02",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--format",
        choices=("text", "yaml", "json"),
        default="text",
        help="yaml: as the run's config.yaml; json: with the origins (default: %(default)s)",
    )
    options, rest = parser.parse_with_run(arguments, plan_does="lists")
    train(rest, partial(_show, form=options.format), ahead=None, flags=parser)


def _show(composed: DictConfig, form: str) -> None:
    """Shows the composed run; Hydra calls it in place of training."""
    from hydra.core.hydra_config import HydraConfig

    from mgu.cli.compose import read_config
    from mgu.cli.origins import find_origins, leaves
    from mgu.results.compare.axes import call_lean
    from mgu.results.on_disk.folder import run_folder

    with exit_codes(["config"]), marking_bugs():
        config = read_config(composed)
        values = config.model_dump()
        if form == "yaml":
            print(yaml.safe_dump(values, sort_keys=False), end="")
            return
        origins = find_origins([str(override) for override in HydraConfig.get().overrides.task], values)
        if form == "json":
            plain = json.loads(config.model_dump_json())
            record = {"name": config.name, "identity": config.identity, "values": plain, "origins": origins}
            sys.stdout.write(json.dumps(record, indent=2) + "\n")
            return
        print_line(
            f"{call_lean(config.name)}, identity {config.identity}: {_find_state(config)}, in {run_folder(config)}"
        )
        for key, value in leaves(values):
            print_line(f"{f'{key}: {_to_yaml(value)}':<{VALUE_COLUMN}}  # {origins[key]}")


def _find_state(config: RunConfig) -> str:
    """Returns the state of the run, and whether it was begun on other rows, for which training refuses to go on."""
    from mgu.results.compare.same_data import has_same_data
    from mgu.results.on_disk.folder import find_state

    state = find_state(config)
    return state if has_same_data(config) else f"{state} on other rows than dataset.target returns now"


def _to_yaml(value: Any) -> str:
    from mgu.config.describe import to_yaml

    return to_yaml(value)

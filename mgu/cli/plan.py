"""`mgu-run plan`: turns its arguments into those of the sweep that it shows."""

from __future__ import annotations

from mgu.cli.parser import Parser
from mgu.cli.train import train


def main(arguments: list[str]) -> None:
    """Shows what a sweep would do.

    Args:
        arguments: Arguments of the sub-command.

    Raises:
        UserError: The input is wrong.
        ProgramError: A bug of this program.
    """
    parser = Parser(
        prog="mgu-run plan",
        description="List every run of a sweep with its size, its state and what it will take, without training.",
        epilog="All other arguments are those of the sweep, as in: mgu-run plan +experiment=cifar seed=0,1,2",
        allow_abbrev=False,
    )
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: %(default)s")
    parser.add_argument(
        "--calibrate", action="store_true", help="train a few steps of each layout that has no comparable finished run"
    )
    options, rest = parser.parse_known_args(arguments)
    sweeper = [f"hydra.sweeper.plan={options.format}", f"hydra.sweeper.calibrate={str(options.calibrate).lower()}"]
    train([*rest, *sweeper, "--multirun"], ahead=[], flags=parser)

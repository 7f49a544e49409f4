"""`mgu-run plan`: turns its arguments into those of the sweep that it shows."""

from __future__ import annotations


def plan_arguments(arguments: list[str]) -> list[str]:
    """Returns the arguments of a sweep that shows what it would do, from those of `mgu-run plan`."""
    from mgu.cli.parser import Parser

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
    return [*rest, *sweeper, "--multirun"]

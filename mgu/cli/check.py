"""`mgu-run check`: tries one run on two batches, in seconds, and shows what it would do."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from mgu.cli.exit_codes import exit_codes
from mgu.cli.parser import Parser
from mgu.cli.train import train
from mgu.console.text import count, describe_s, print_line, print_wait, size
from mgu.errors import ProgramError, marking_bugs
from mgu.isolation import PRELOAD_RUN
from mgu.results.compare.axes import call_lean

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from mgu.results.dry_run import DryRun


def main(arguments: list[str]) -> None:
    """Tries a run without training it.

    Args:
        arguments: Arguments of the sub-command.

    Raises:
        UserError: The input is wrong.
        ProgramError: A bug of this program.
    """
    parser = Parser(
        prog="mgu-run check",
        description="Load the data, build the model, and train it on two batches: is everything there, does it fit, "
        "how long will it take? Nothing is written to the runs folder.",
        epilog="All other arguments are those of the run, as in: mgu-run check dataset=python dataset.target=my:load",
        allow_abbrev=False,
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")
    options, rest = parser.parse_with_run(arguments, plan_does="checks")
    train(rest, partial(_check_job, form=options.format), ahead=[PRELOAD_RUN], flags=parser)


def _check_job(composed: DictConfig, form: str) -> None:
    """Tries the composed run; Hydra calls it in place of training."""
    from mgu.cli.compose import read_config
    from mgu.isolation import DRY_RUN, Raised, call

    with exit_codes(["check"]), marking_bugs():
        config = read_config(composed)
        try:
            outcome: DryRun = call(DRY_RUN, config, on_import=lambda: print_wait("importing torch"))
        except Raised as error:
            raise ProgramError(str(error), error.traceback) from None
        if form == "json":
            sys.stdout.write(msgspec.json.format(msgspec.json.encode(outcome), indent=2).decode() + "\n")
            return
        for line in describe_dry_run(outcome, config.training.epochs):
            print_line(line)


def describe_dry_run(outcome: DryRun, epochs: int) -> Sequence[str]:
    """Describes the outcome of a dry run.

    Args:
        outcome: The outcome.
        epochs: Largest number of epochs of the run.

    Returns:
        Lines with a title each, then the notes.
    """
    outputs = f"{outcome.num_classes} classes" if outcome.num_classes else count(outcome.num_outputs, "number")
    losses = ", ".join(f"{loss:.4g}" for loss in outcome.losses)
    median = "one step" if outcome.timed_steps == 1 else f"the median of {count(outcome.timed_steps, 'step')}"
    rows: dict[str, Any] = {
        "run": f"{call_lean(outcome.name)} ({outcome.identity}) on {outcome.device}",
        "data": f"{outcome.data}, {outcome.task}",
        "examples": ", ".join(f"{number:,} {name}" for name, number in outcome.examples.items()),
        "input": f"({', '.join(map(str, outcome.input_shape))})",
        "output": outputs,
        "model": f"{size(outcome.params)} trainable parameters, {size(outcome.flops)} FLOPs per sample",
        "loss": f"{losses} on two training batches, then {outcome.val_loss:.4g} on one of validation",
        "a step": f"{1000 * outcome.step_s:.3g} ms, measured: {median}",
        "the run": f"{describe_s(outcome.run_s)} for {count(epochs, 'epoch')}, estimated from it, without start-up",
    }
    return [*(f"{title:<10}{text}" for title, text in rows.items()), *outcome.notes]

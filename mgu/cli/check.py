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

    from mgu.results.trial import Trial


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
    train(rest, partial(_check_job, form=options.format), ahead=[PRELOAD_RUN])


def _check_job(composed: DictConfig, form: str) -> None:
    """Tries the composed run; Hydra calls it in place of training."""
    from mgu.cli.compose import read_config
    from mgu.isolation import TRY, Raised, call

    with exit_codes(["check"]), marking_bugs():
        config = read_config(composed)
        try:
            trial: Trial = call(TRY, config, on_import=lambda: print_wait("importing torch"))
        except Raised as error:
            raise ProgramError(str(error), error.traceback) from None
        if form == "json":
            sys.stdout.write(msgspec.json.format(msgspec.json.encode(trial), indent=2).decode() + "\n")
            return
        for line in describe_trial(trial, config.training.epochs):
            print_line(line)


def describe_trial(trial: Trial, epochs: int) -> Sequence[str]:
    """Describes the outcome of a trial.

    Args:
        trial: The outcome.
        epochs: Largest number of epochs of the run.

    Returns:
        Lines with a title each, then the notes.
    """
    outputs = f"{trial.num_classes} classes" if trial.num_classes else count(trial.num_outputs, "number")
    losses = ", ".join(f"{loss:.4g}" for loss in trial.losses)
    rows: dict[str, Any] = {
        "run": f"{call_lean(trial.name)} ({trial.identity}) on {trial.device}",
        "data": f"{trial.data}, {trial.task}",
        "examples": ", ".join(f"{number:,} {name}" for name, number in trial.examples.items()),
        "input": f"({', '.join(map(str, trial.input_shape))})",
        "output": outputs,
        "model": f"{size(trial.params)} trainable parameters, {size(trial.flops)} FLOPs per sample",
        "loss": f"{losses} on two training batches, then {trial.val_loss:.4g} on one of validation",
        "a step": f"{1000 * trial.step_s:.3g} ms, measured: the median of {count(trial.timed_steps, 'step')}",
        "the run": f"{describe_s(trial.run_s)} for {count(epochs, 'epoch')}, estimated from it, without start-up",
    }
    return [*(f"{title:<10}{text}" for title, text in rows.items()), *trial.notes]

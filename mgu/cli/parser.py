"""Argument parser of the sub-commands, with errors in the project's own form."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from mgu.errors import UserError


class Parser(argparse.ArgumentParser):
    """Parses arguments; its errors are UserErrors."""

    def error(self, message: str) -> NoReturn:
        """Raises UserError for a mistake that argparse found."""
        raise UserError(f"arguments must be as {self.prog} --help says, but: {message}.")

    def parse_with_run(self, arguments: Sequence[str], plan_does: str) -> tuple[argparse.Namespace, list[str]]:
        """Parses the options of a sub-command that is given a run as `mgu-run` itself is.

        Args:
            arguments: Arguments of the sub-command.
            plan_does: What mgu-run plan does with all runs of a sweep, for the error.

        Returns:
            The options, and the arguments of the run.

        Raises:
            UserError: The arguments are of a sweep.
        """
        options, rest = self.parse_known_args(arguments)
        if {"-m", "--multirun"} & set(rest):
            raise UserError(
                f"{self.prog} must be of one run, but got -m. Leave it out and pass one value of each key; mgu-run "
                f"plan {plan_does} all runs of a sweep."
            )
        return options, rest

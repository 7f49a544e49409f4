"""Argument parser of the sub-commands, with errors in the project's own form."""

from __future__ import annotations

import argparse
from typing import NoReturn

from mgu.errors import UserError


class Parser(argparse.ArgumentParser):
    """Parses arguments; its errors are UserErrors."""

    def error(self, message: str) -> NoReturn:
        """Raises UserError for a mistake that argparse found."""
        raise UserError(f"arguments must be as {self.prog} --help says, but: {message}.")

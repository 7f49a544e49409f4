"""Arguments of the sub-commands, with errors in the project's own form."""

from __future__ import annotations

import argparse
from typing import NoReturn

from mgu.errors import UserError


class Parser(argparse.ArgumentParser):
    """argparse's, whose errors are UserErrors."""

    def error(self, message: str) -> NoReturn:
        """Called by argparse for every mistake."""
        raise UserError(f"arguments must be as {self.prog} --help says, but: {message}.")

"""The question that the options of a report ask."""

from __future__ import annotations

from typing import NamedTuple

from mgu.errors import UserError


class Question(NamedTuple):
    """Holds what is to be compared; without any of it, the best row with the others where there is no verdict.

    Attributes:
        by: A key of the configuration: rows that are alike but for it are compared.
        baseline: Name of the row that others are compared with.
        against: Names of the rows that are compared with the baseline; of two rows without a baseline, the first is
            compared with the second. Empty: all others.
    """

    by: str | None = None
    baseline: str | None = None
    against: tuple[str, ...] = ()

    def check(self) -> None:
        """Checks that the options go together.

        Raises:
            UserError: They do not.
        """
        if self.by and (self.baseline or self.against):
            other = "--baseline" if self.baseline else "--against"
            raise UserError(f"--by must be alone, but got {other}, too. Ask one question after the other.")
        if not self.baseline and self.against and len(self.against) != 2:
            names = " and ".join(self.against)
            raise UserError(
                f"--against must name two rows, or come with --baseline, but got {names} alone. Pass --baseline NAME, "
                "or --against twice."
            )


NO_QUESTION = Question()

"""Says why no table answers a question, rather than nothing."""

from __future__ import annotations

from collections.abc import Iterable

from mgu.errors import UserError
from mgu.report.contrasts.answer import Answer
from mgu.report.contrasts.question import Question


def check_answered(question: Question, answers: Iterable[Answer | None]) -> None:
    """Checks that a question has an answer in some table.

    Args:
        question: A resolved question.
        answers: Of each table; the first that there is will do.

    Raises:
        UserError: No table has two scores that it asks for.
    """
    if any(answers):
        return
    if question.by:
        raise UserError(
            f"--by must be a key of which one table has scores for two values, but none has for {question.by}: what "
            "failed, or diverged before its first epoch ended, has no score. Name another key."
        )
    if question.against:
        names = [*question.against, *([question.baseline] if question.baseline else [])]
        raise UserError(
            f"--against must be another row of the same table, with a score there, but no table has two such rows of "
            f"{', '.join(names)}. Name rows that one table shows."
        )
    raise UserError(
        f"--baseline must have another row with a score beside it, but {question.baseline} has none. Train others."
    )

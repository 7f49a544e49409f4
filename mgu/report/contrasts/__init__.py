"""Answers to questions about a ranking other than the verdict's: by a key, against a row, between two rows.

They put the samples of `stats` to the same tests as the verdict does. Where there is no unit or no baseline, and so no
verdict, the best row is compared with the others.
"""

from mgu.report.contrasts.answer import Answer, answer
from mgu.report.contrasts.question import NO_QUESTION, Question
from mgu.report.contrasts.resolve import resolve, resolve_default

__all__ = ["NO_QUESTION", "Answer", "Question", "answer", "resolve", "resolve_default"]

"""What torch.export cannot trace, told by what the user can change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mgu.errors import UserError
from mgu.export.network import BATCH
from mgu.user_code.faults import blaming

VIOLATED = f"Constraints violated ({BATCH})"  # by torch.export, whose traceback has no line of the user's


@contextmanager
def tracing(doing: str, advice: str) -> Iterator[None]:
    """Turns exceptions of an export into UserErrors.

    Args:
        doing: What must work, as "RUN must be of modules that torch.export can trace".
        advice: What to do about it, a sentence.

    Yields:
        None.

    Raises:
        UserError: The block raised any exception. It names the line of the user's file, or what fixes the number of
            examples.
    """
    with blaming(doing, advice):
        try:
            yield
        except Exception as error:
            if VIOLATED not in str(error):
                raise
            raise UserError(
                f"{doing}, but something in it fixes the number of examples, as `len(x)` or a loop over them does. "
                "Use x.shape[0] or x.flatten(1) there, and train again."
            ) from error

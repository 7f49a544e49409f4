"""Exceptions of the user's own code, told by the line of the user's file."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mgu.errors import UserError

OURS = Path(__file__).parents[1]
CALLS_MODULES = os.path.join("torch", "nn", "modules", "module.py")


@contextmanager
def blaming(doing: str, advice: str) -> Iterator[None]:
    """Turns exceptions of the block into UserErrors that name the line of the user's file.

    Args:
        doing: What must work, as "dataset.target my_pkg:load must return the data".
        advice: What to do about it, a sentence.

    Yields:
        None.

    Raises:
        UserError: The block raised any exception.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"{doing}, but {describe_exception(error)}. {advice}") from error


def describe_exception(error: BaseException) -> str:
    """Describes an exception in one line, by the last line of the user's own files that it came through.

    Args:
        error: The exception, with its traceback.

    Returns:
        A clause, as "my_pkg.py:3 (`raise KeyError(1)`) raised KeyError: 1".
    """
    what = "".join(traceback.format_exception_only(error)).strip()
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno} is no Python ({error.msg}: `{(error.text or '').strip()}`)"
    first_line = what.splitlines()[0].rstrip(".")
    frame = _users_frame(error)
    if frame is None:
        return f"it raised {first_line}"
    return f"{frame.filename}:{frame.lineno} (`{frame.line}`) raised {first_line}"


def _users_frame(error: BaseException) -> traceback.FrameSummary | None:
    """Returns the last frame that is neither of this package nor of an installed one.

    Where there is none, that of an installed one which raised the exception; but this package says itself what it
    raises, and the line in which torch calls a module says nothing.
    """
    every = traceback.extract_tb(error.__traceback__)
    frames = [frame for frame in every if _is_file_of_others(frame.filename)]
    of_user = [frame for frame in frames if "site-packages" not in Path(frame.filename).parts and not _is_python(frame)]
    if of_user:
        return of_user[-1]
    says_itself = not _is_file_of_others(every[-1].filename) or every[-1].filename.endswith(CALLS_MODULES)
    return None if says_itself else next(iter(frames[::-1]), None)


def _is_file_of_others(name: str) -> bool:
    return not name.startswith("<") and not Path(name).is_relative_to(OURS)


def _is_python(frame: traceback.FrameSummary) -> bool:
    """Tells whether a frame is of the standard library, such as importlib."""
    return Path(frame.filename).is_relative_to(Path(traceback.__file__).parent)

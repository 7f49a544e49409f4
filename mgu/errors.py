"""Exceptions that the command explains: the user's mistakes, failed runs, and bugs of this program."""

from __future__ import annotations

import errno
import shlex
import traceback
from collections.abc import Iterator
from contextlib import contextmanager


class UserError(Exception):
    """Says that the user made a mistake and can correct it: shown as its message alone, exit code 2."""


class RunsFailed(Exception):  # noqa: N818 - it is an outcome
    """Says that training runs raised; each has its traceback in its own folder, exit code 1."""


class ProgramError(Exception):
    """Says that this program has a bug: shown with the traceback of the original exception, exit code 1.

    Attributes:
        traceback: Formatted traceback of the original exception. It is kept as text, for traceback objects do not
            survive the way from a launcher's process to this one.
    """

    def __init__(self, message: str, full_traceback: str) -> None:
        super().__init__(message, full_traceback)  # both, so that it can be pickled
        self.traceback = full_traceback

    def __str__(self) -> str:
        return str(self.args[0])


# What the system says of files, and of what it has no more of; other errors of its kind are of sockets and the like.
OF_FILES = frozenset(
    getattr(errno, name)
    for name in (
        "EPERM", "ENOENT", "EIO", "ENXIO", "EACCES", "EBUSY", "EEXIST", "EXDEV", "ENODEV", "ENOTDIR", "EISDIR",
        "EFBIG", "ENOSPC", "EROFS", "EMLINK", "ENAMETOOLONG", "ENOTEMPTY", "ELOOP", "EDQUOT", "ESTALE", "ENOTSUP",
    )
)  # fmt: skip
OF_LIMITS = {
    errno.EMFILE: "Raise the limit on open files (ulimit -n).",
    errno.ENFILE: "End what else keeps files open.",
    errno.ENOMEM: "Free memory, or run fewer at once.",
    errno.EAGAIN: "Free memory, or raise the limit on processes (ulimit -u).",
}


def is_of_system(error: OSError) -> bool:
    """Tells whether an error is of files or limits, which the user can see to; libraries raise OSError for more.

    Args:
        error: The error.

    Returns:
        Whether it is.
    """
    return error.errno in OF_FILES or error.errno in OF_LIMITS or isinstance(error, BrokenPipeError)


@contextmanager
def marking_bugs() -> Iterator[None]:
    """Turns exceptions of the block that nobody foresaw into ProgramError.

    Whatever runs after Hydra has composed the configuration runs in such a block. So an unforeseen exception outside
    comes from composing the user's input, and one inside is a bug of ours.

    Yields:
        None.

    Raises:
        ProgramError: The block raised anything but UserError, RunsFailed, ProgramError or an error of the system.
    """
    try:
        yield
    except (UserError, RunsFailed, ProgramError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and is_of_system(error):
            raise
        last_line = "".join(traceback.format_exception_only(error)).strip().splitlines()[0]
        raise ProgramError(last_line, traceback.format_exc()) from error


def how_to_install(extra: str) -> str:
    """Returns a sentence that says how to install an optional part of this package.

    Args:
        extra: Name of the extra in pyproject.toml.

    Returns:
        The sentence, for a checkout and for elsewhere: there the packages are named, for this one is on no index.
    """
    from importlib import metadata  # slow to import, and rarely needed

    marker = f'extra == "{extra}"'
    wanted = [line.partition(";") for line in metadata.requires("mgu") or []]
    packages = " ".join(
        shlex.quote(name.strip()) for name, _, marks in wanted if marks.strip().replace("'", '"') == marker
    )
    return f"Install it with `make extra-{extra}` in a checkout, elsewhere with `pip install {packages}`."

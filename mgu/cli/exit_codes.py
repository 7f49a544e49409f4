"""Exit codes of `mgu-run`: 0 for success, 1 if a run or the program failed, 2 for bad input, 130 if interrupted."""

from __future__ import annotations

import errno
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mgu.cli.streams import silence_output
from mgu.errors import OF_LIMITS, ProgramError, RunsFailed, UserError, is_of_system
from mgu.results.on_disk.full_disk import CAUSES
from mgu.text.printable import printable_message

SUB_COMMANDS = (
    "plan", "check", "config", "keys", "schema", "completion", "report", "diff", "pack", "serve", "push",
    "search", "explain", "prune", "predict", "export", "card",
)  # fmt: skip


@contextmanager
def exit_codes(arguments: Sequence[str]) -> Iterator[None]:
    """Ends the process with the exit code of the exception that the block raises, and prints its message.

    Args:
        arguments: Arguments of the command line, for they say whether an interrupted command can be continued.

    Yields:
        None.
    """
    try:
        yield
        sys.stdout.flush()  # what cannot be written is to be known here
    except UserError as error:
        _exit(2, str(error))
    except RunsFailed as error:
        _exit(1, str(error))
    except ProgramError as error:
        _exit(1, error.traceback.rstrip())
    except KeyboardInterrupt:
        _exit(130, _describe_interrupt(arguments))
    except BrokenPipeError:  # `mgu-run report | head`
        silence_output()
        sys.exit(1)
    except OSError as error:
        silence_output()
        if error.errno == errno.ENAMETOOLONG:
            _exit(2, f"file names must be as short as the system allows, but got {error.filename}. Shorten it.")
        if cause := CAUSES.get(error.errno or 0):
            _exit(1, f"files must have room, but {cause}: {error}. {_describe_room(arguments)}")
        if advice := OF_LIMITS.get(error.errno or 0):
            _exit(1, f"the system must have room, but got: {error}. {advice}")
        if is_of_system(error):
            _exit(1, f"files must be readable and writable, but got: {error}. Check the path and its permissions.")
        _exit(1, traceback.format_exc().rstrip())  # of a socket or a library: not of what the user can see to
    except Exception as error:
        if _is_of_interrupt(error):
            _exit(130, _describe_interrupt(arguments))
        raise


def _is_of_interrupt(error: BaseException | None) -> bool:
    """Tells whether an exception came of Ctrl-C, of which compiled modules that are being imported make another one."""
    while error:
        if isinstance(error, KeyboardInterrupt) or KeyboardInterrupt.__name__ in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _describe_interrupt(arguments: Sequence[str]) -> str:
    """Describes what an interrupted command leaves, and what the same command would do."""
    if arguments[:1] == ["prune"]:
        return "interrupted: nothing was written, and the same command begins anew."
    if _is_sub_command(arguments):
        return "interrupted."
    return f"interrupted: {_describe_going_on(arguments)}"


def _describe_room(arguments: Sequence[str]) -> str:
    """Says what to do where no more can be written."""
    if _is_sub_command(arguments):
        return "Make room, and run the command again."
    return f"Make room: {_describe_going_on(arguments)}"


def _is_sub_command(arguments: Sequence[str]) -> bool:
    return bool(arguments[:1]) and arguments[0] in SUB_COMMANDS


def _describe_going_on(arguments: Sequence[str]) -> str:
    """Says what the same command does after one that trained and was broken off."""
    forced = "; leave out force=true, which would begin anew" if "force=true" in arguments else ""
    return f"what is done is kept, and the same command goes on from the last epoch{forced}."


def _exit(code: int, message: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C changes nothing any more
    print(message if code == 1 else printable_message(message), file=sys.stderr)  # it may name anybody's files
    sys.exit(code)

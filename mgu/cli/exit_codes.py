"""Exit codes of `mgu-run`: 0 all well, 1 a run failed, 2 bad input, 130 interrupted."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mgu.errors import RunsFailed, UserError

SUB_COMMANDS = ("report", "plan", "explain", "prune")


@contextmanager
def exit_codes() -> Iterator[None]:
    """Ends the process with the exit code of what the block raises, and with its message in one line."""
    try:
        yield
    except UserError as error:
        _exit(2, str(error))
    except RunsFailed as error:
        _exit(1, str(error))
    except KeyboardInterrupt:
        if sys.argv[1:2] == ["prune"]:
            _exit(130, "interrupted: nothing was written, and the same command begins anew.")
        forced = "; leave out force=true, which would begin anew" if "force=true" in sys.argv else ""
        _exit(130, f"interrupted: what is done is kept, and the same command goes on from the last epoch{forced}.")
    except BrokenPipeError:  # `mgu-run report | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _exit(1, f"files must be readable and writable, but the system refused: {error}. See to space and permissions.")


def _exit(code: int, message: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C changes nothing any more
    print(message, file=sys.stderr)
    sys.exit(code)

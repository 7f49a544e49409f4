"""The log file of each run, and what is told to the user as well."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from mgu.results.events import Note, Send

CURRENT_LOG: ContextVar[Path] = ContextVar("log")


@contextmanager
def log_to(path: Path) -> Iterator[None]:
    """Writes everything that is logged, and all warnings, to the run's log with time stamps.

    Where several runs take turns in a process (mgu/multi_seed/lockstep.py), each has its own context.

    Args:
        path: The log file, to which lines are appended.
    """
    outer = CURRENT_LOG.set(path)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(lambda record: CURRENT_LOG.get(path) == path)
    root = logging.getLogger()
    root.addHandler(handler)
    logging.getLogger("mgu").setLevel(logging.DEBUG)
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        root.removeHandler(handler)
        handler.close()
        CURRENT_LOG.reset(outer)


def send_note(text: str, send: Send) -> None:
    """Says what the user should read, in the log and to the parent; nothing where the text is empty."""
    if text:
        logging.getLogger("mgu").warning(text)
        send(Note(text))

"""The log file of each run."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

LOG: ContextVar[Path] = ContextVar("log")


@contextmanager
def log_to(path: Path) -> Iterator[None]:
    """Everything logged and warned about, with time stamps, into the run's own log.

    Where several runs take turns in a process (mgu/multi_seed/lockstep.py), each has a context of its own.
    """
    own = LOG.set(path)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(lambda record: LOG.get(path) == path)
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
        LOG.reset(own)

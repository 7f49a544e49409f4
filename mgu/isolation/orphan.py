"""Ends a worker of a launcher together with the command that started it.

joblib's workers wait minutes for further jobs, also where the command was killed and will never send one.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time

PERIOD_S = 0.5


def end_with_parent() -> None:
    """Ends this process soon after the death of the process that started it as a worker of its pool.

    It does nothing in other processes, such as those of a cluster, which outlive whoever submitted them.
    """
    parent = multiprocessing.parent_process()
    if parent is None or parent.pid != os.getppid():
        return
    threading.Thread(target=_wait_for, args=(parent.pid,), daemon=True, name="end with parent").start()


def _wait_for(parent_pid: int | None) -> None:
    while os.getppid() == parent_pid:
        time.sleep(PERIOD_S)
    os._exit(1)  # what it started ends with it, see child.py; exit handlers would wait for the other workers

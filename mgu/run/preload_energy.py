"""The search for energy sensors, which takes seconds, done once for all runs by the server, as preload.py says.

Most of that time another process tells the processor's name, so it is waited for in a thread while torch is imported.
Where the search fails, the runs that measure energy meet the same failure, and say so; the others do not need it.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pandas  # noqa: F401 - codecarbon would import it in the thread

from mgu.measure import codecarbon_instrument  # noqa: F401 - here, for a thread that imports holds up others
from mgu.measure.energy import warm_up


def _search() -> None:
    with suppress(Exception):  # of codecarbon and the system: any
        warm_up(SimpleNamespace(type="cpu"), period_s=60.0)


if not any(Path("/dev").glob("nvidia*")):  # codecarbon's search for hardware would initialise NVML
    threading.Thread(target=_search, name="energy sensors").start()

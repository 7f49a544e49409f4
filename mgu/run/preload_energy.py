"""The search for energy sensors, which takes seconds, done once for all runs by the server, as preload.py says.

Where it fails, the runs that measure energy meet the same failure, and say so; the others do not need it.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import torch

from mgu.measure.energy import warm_up

if not any(Path("/dev").glob("nvidia*")):  # codecarbon's search for hardware would initialise NVML
    with suppress(Exception):  # of codecarbon and the system: any
        warm_up(torch.device("cpu"), country="ROU", period_s=60.0)

"""Imports that take seconds, done once for all processes by the server that they are forked from.

Here no thread may be left running, and neither CUDA nor NVML initialised: none of them survives a fork. What only runs
need is in preload_run.py and preload_energy.py; what few runs need is imported by those.
"""

from __future__ import annotations

import mgu.run.preflight  # noqa: F401 - imported for the processes that are forked

"""Imports that take seconds, done once for all runs by the server that their processes are forked from.

Here no thread may be left running, and neither CUDA nor NVML initialised: none of them survives a fork.
"""

from __future__ import annotations

from pathlib import Path

import sklearn.datasets  # noqa: F401
import torch
import torch._dynamo  # torch.optim would import it in the first step
import torchvision.datasets  # noqa: F401
from codecarbon.external import geography  # noqa: F401

import mgu.run.execute
import mgu.run.preflight  # noqa: F401
from mgu.measure.energy import warm_up

if not any(Path("/dev").glob("nvidia*")):  # codecarbon's search for hardware would initialise NVML
    warm_up(torch.device("cpu"), country="ROU", period_s=60.0)

"""Imports that take seconds, done once for all runs by the server that their processes are forked from.

Here no thread may be left running, and neither CUDA nor NVML initialised: none of them survives a fork.
"""

from __future__ import annotations

import sklearn.datasets
import sklearn.model_selection  # noqa: F401 - the digits are split by it
import torch._dynamo  # noqa: F401 - torch.optim would import it in the first step
import torchvision.datasets  # noqa: F401

import mgu.run.preflight
import mgu.run.trial
import mgu.run.worker  # noqa: F401

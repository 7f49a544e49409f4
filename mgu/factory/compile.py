"""The engine `compiled`: torch.compile of whole models, baselines and units alike, for CUDA and the CPU.

Compiling takes half a minute where torch has not kept the outcome of an earlier run. That is why no other engine does
it, and why it is done here, before a run's time is measured.
"""

from __future__ import annotations

import logging
import time

import torch
from torch._dynamo.exc import TorchDynamoException

from mgu.data.splits import Data
from mgu.errors import UserError
from mgu.factory.learner import build_learner
from mgu.factory.resolved_run import ResolvedRun

log = logging.getLogger(__name__)


def compile_ahead(resolved: ResolvedRun) -> None:
    """Compiles models of this configuration for training and for evaluation, on batches of any size.

    Args:
        resolved: A run's configuration with its device and data; later models of it in this process are fast at once.

    Raises:
        UserError: torch cannot compile them.
    """
    training, splits = resolved.config.training, resolved.splits
    started = time.perf_counter()
    learner = build_learner(resolved)
    model, task = learner.model, learner.task
    try:
        inputs, targets = _batch(splits.train, training.batch_size)
        task.loss(model.train()(inputs), targets).backward()
        with torch.inference_mode():
            inputs, targets = _batch(splits.val, training.eval_batch_size)
            task.loss(model.eval()(inputs), targets)
    except TorchDynamoException as error:
        cause = str(getattr(error, "inner_exception", error)).strip().partition("\n")[0]
        raise UserError(
            f"engine must be auto, eager or packed where torch.compile fails on {resolved.device}, but got compiled "
            f"({cause}). It needs a C++ compiler on a CPU and Triton on CUDA. Pass engine=auto."
        ) from error
    log.info("compiled in %.1f s", time.perf_counter() - started)


def _batch(data: Data, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns a batch as training gathers it, its number of examples marked as one that changes."""
    inputs, targets = data.batch(torch.arange(size, device=data.device) % len(data))
    torch._dynamo.maybe_mark_dynamic(inputs, 0)
    return inputs, targets

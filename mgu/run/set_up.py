"""Setting up a run: torch, the data, and one step of small blocks, before the time of the run is measured."""

from __future__ import annotations

import logging

import torch

from mgu.factory.advice import advise
from mgu.factory.engine import check_engine
from mgu.factory.learner import build_optimizer
from mgu.factory.model import build_warmup_blocks
from mgu.factory.own_code import check_own_code
from mgu.factory.pretrained import check_pretrained
from mgu.factory.resolved_run import ResolvedRun
from mgu.results.events import DataNote, Send

log = logging.getLogger("mgu")


def set_up(resolved: ResolvedRun, send: Send) -> None:
    """Prepares torch and the data, and trains small blocks like those of the run for a step.

    Imports and compilation take seconds on first use, which are not counted in the run's time. Units are compiled for
    their number of channels.

    Args:
        resolved: The run.
        send: Sends notes about the data to the parent.

    Raises:
        UserError: The engine or the user's own code does not fit the run, or the data cannot be learned from.
    """
    resolved.set_up_torch()
    check_engine(resolved)
    check_own_code(resolved)
    advice = advise(resolved.config, len(resolved.splits.train))
    for note in (*check_pretrained(resolved), *resolved.splits.notes, *advice):
        log.warning(note)
        send(DataNote(note))
    for block, inputs in build_warmup_blocks(resolved):
        optimizer = build_optimizer(resolved.config, block.to(resolved.device), inputs.shape[1:])
        block(inputs.to(resolved.device)).sum().backward()
        optimizer.step()
        with torch.inference_mode():  # which has kernels of its own on a GPU
            block.eval()(inputs.to(resolved.device))
    if resolved.config.engine == "compiled":
        from mgu.factory.compile import compile_ahead  # torch's compiler takes a second to import

        compile_ahead(resolved)

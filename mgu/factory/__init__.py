"""From configuration to objects: device and data of a run, its model and optimizer, a trained model from its folder.

`resolve` looks up what a configuration names, once; the `build_*` functions take the `ResolvedRun` that it returns.
engine.py checks how a unit is computed, compile.py compiles whole models ahead of training. Names are imported on first
use: a plan needs none of what trains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu import import_on_first_use

if TYPE_CHECKING:
    from mgu.factory.blocks import build_block as build_block
    from mgu.factory.device import describe_device as describe_device
    from mgu.factory.device import find_device as find_device
    from mgu.factory.device import set_up_torch as set_up_torch
    from mgu.factory.engine import check_engine as check_engine
    from mgu.factory.learner import build_fit_settings as build_fit_settings
    from mgu.factory.learner import build_learner as build_learner
    from mgu.factory.learner import build_optimizer as build_optimizer
    from mgu.factory.learner import build_schedule as build_schedule
    from mgu.factory.learner import build_step_wrapper as build_step_wrapper
    from mgu.factory.model import build_model as build_model
    from mgu.factory.model import build_warmup_blocks as build_warmup_blocks
    from mgu.factory.model import count_flops as count_flops
    from mgu.factory.resolved_run import ResolvedRun as ResolvedRun
    from mgu.factory.resolved_run import resolve as resolve
    from mgu.factory.trained import TrainedRun as TrainedRun
    from mgu.factory.trained import load_trained as load_trained

_HOMES = {
    "ResolvedRun": "resolved_run",
    "TrainedRun": "trained",
    "build_block": "blocks",
    "build_fit_settings": "learner",
    "build_learner": "learner",
    "build_model": "model",
    "build_optimizer": "learner",
    "build_schedule": "learner",
    "build_step_wrapper": "learner",
    "build_warmup_blocks": "model",
    "check_engine": "engine",
    "count_flops": "model",
    "describe_device": "device",
    "find_device": "device",
    "load_trained": "trained",
    "resolve": "resolved_run",
    "set_up_torch": "device",
}
__all__ = list(_HOMES)

__getattr__ = import_on_first_use(__name__, _HOMES)

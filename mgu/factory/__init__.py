"""From configuration to objects: device and data of a run, its model and optimizer, a trained model from its folder.

`resolve` looks up what a configuration names, once; the `build_*` functions take the `ResolvedRun` that it returns.
engine.py checks how a unit is computed, compile.py compiles whole models ahead of training.
"""

from mgu.factory.device import describe_device, find_device, set_up_torch
from mgu.factory.engine import check_engine
from mgu.factory.learner import build_fit_settings, build_learner, build_optimizer, build_schedule, build_step_wrapper
from mgu.factory.model import build_block, build_model, build_warmup_blocks, count_flops
from mgu.factory.resolved_run import ResolvedRun, resolve
from mgu.factory.trained import TrainedRun, load_trained

__all__ = [
    "ResolvedRun",
    "TrainedRun",
    "build_block",
    "build_fit_settings",
    "build_learner",
    "build_model",
    "build_optimizer",
    "build_schedule",
    "build_step_wrapper",
    "build_warmup_blocks",
    "check_engine",
    "count_flops",
    "describe_device",
    "find_device",
    "load_trained",
    "resolve",
    "set_up_torch",
]

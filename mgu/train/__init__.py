"""One training loop for every model and every task, its optimizer, and what a unit adds to its loss.

Start with loop.py (`fit`) and step.py. optimizers.py and schedules.py build what moves the weights, nadam.py and
compiled_nadam.py have the paper's optimizer, cuda_graph.py replays steps on a GPU, gate_penalty.py drives gates to 0
or 1.
"""

from mgu.train.cuda_graph import ReplayedStep
from mgu.train.device_nadam import DeviceNAdam
from mgu.train.early_stop import EarlyStop
from mgu.train.gate_penalty import GatePenalty, first_decided_epoch
from mgu.train.learner import Learner
from mgu.train.loop import Callbacks, Fit, FitSettings, evaluate, fit, train_epoch
from mgu.train.nadam import OnePassNAdam, build_nadam
from mgu.train.optimizers import build_optimizer
from mgu.train.schedules import Length, Schedule, build_schedule
from mgu.train.step import Step, StepOptions
from mgu.train.weight_average import WeightAverage

__all__ = [
    "Callbacks",
    "DeviceNAdam",
    "EarlyStop",
    "Fit",
    "FitSettings",
    "GatePenalty",
    "Learner",
    "Length",
    "OnePassNAdam",
    "ReplayedStep",
    "Schedule",
    "Step",
    "StepOptions",
    "WeightAverage",
    "build_nadam",
    "build_optimizer",
    "build_schedule",
    "evaluate",
    "first_decided_epoch",
    "fit",
    "train_epoch",
]

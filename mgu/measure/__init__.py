"""What a run costs: seconds by phase, energy and processor time, and whether other runs disturbed the measurement.

cost_meter.py is the one meter of a run; energy.py, stopwatch.py, contention.py and slot.py are its parts. Two
instruments read energy (instrument.py): codecarbon and zeus; carbon.py and countries.py know the place that CO2 is
computed for. estimate.py predicts the cost of runs from finished ones, which sample.py holds. Names are imported on
first use: the parent process has no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu import import_on_first_use

if TYPE_CHECKING:
    from mgu.measure.contention import ContentionMonitor
    from mgu.measure.cost import RunCost
    from mgu.measure.cost_meter import CostMeter
    from mgu.measure.energy import EnergyMeter, build_meter, check_place
    from mgu.measure.estimate import Estimate, Model
    from mgu.measure.sample import Sample, sample_of
    from mgu.measure.slot import ALONE, Slot
    from mgu.measure.stopwatch import Stopwatch

__all__ = [
    "ALONE",
    "ContentionMonitor",
    "CostMeter",
    "EnergyMeter",
    "Estimate",
    "Model",
    "RunCost",
    "Sample",
    "Slot",
    "Stopwatch",
    "build_meter",
    "check_place",
    "sample_of",
]

_HOMES = {
    **dict.fromkeys(("ALONE", "Slot"), "slot"),
    **dict.fromkeys(("EnergyMeter", "build_meter", "check_place"), "energy"),
    **dict.fromkeys(("Estimate", "Model"), "estimate"),
    **dict.fromkeys(("Sample", "sample_of"), "sample"),
    "ContentionMonitor": "contention",
    "CostMeter": "cost_meter",
    "RunCost": "cost",
    "Stopwatch": "stopwatch",
}

__getattr__ = import_on_first_use(__name__, _HOMES)

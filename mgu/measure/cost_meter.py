"""One meter for all that a run costs: time by phase, energy, and whether other runs disturbed the measurement."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Self

import torch
from msgspec.structs import replace

from mgu.config.energy import EnergyConfig
from mgu.measure.contention import ContentionMonitor
from mgu.measure.cost import RunCost, share_of
from mgu.measure.energy import build_meter
from mgu.measure.processor_meter import ProcessorMeter
from mgu.measure.slot import ALONE, Slot
from mgu.measure.stopwatch import Stopwatch
from mgu.measure.utilisation_meter import UtilisationMeter
from mgu.results.schema.energy import Energy
from mgu.results.schema.processor import Processor, share_of_processor


class CostMeter:
    """Measures the cost of a run: set-up, training, evaluation, in one `with` block.

        with CostMeter(...) as cost:
            set_up()
            cost.end_setup()
            train()
            cost.lap("train")

    Then `cost.total`. Construction probes the hardware, which takes seconds and belongs to the set-up. Energy of the
    set-up is measured by itself; contention is watched from the end of the set-up on.

    Args:
        energy: How energy is measured, if at all.
        device: The device that trains.
        slot: The run's place among runs that its process trains at once.
        stopwatch: Runs since the set-up began; None starts one now.
        utilisation: Measures it since the set-up began; None for runs that share their process.

    Raises:
        UserError: The carbon intensity of the configured place is unknown, or energy cannot be measured.
    """

    earlier: RunCost | None = None  # of the parts of an interrupted run before this one
    _used: Processor

    def __init__(
        self,
        energy: EnergyConfig,
        device: torch.device,
        slot: Slot = ALONE,
        stopwatch: Stopwatch | None = None,
        utilisation: UtilisationMeter | None = None,
    ) -> None:
        self._utilisation = utilisation
        self._slot, self._stopwatch = slot, stopwatch or Stopwatch(slot.now, device)
        self._energy, self._contention = build_meter(energy, device), ContentionMonitor()
        self._processor: ProcessorMeter | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._energy)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._processor:
            self._used = self._processor.so_far()
        self._stack.close()
        if self._utilisation:
            self._utilisation.stop()

    def end_setup(self) -> None:
        """Ends the set-up: the time to solution begins, and what is measured from here is counted."""
        self._stack.enter_context(self._contention)
        self._processor = ProcessorMeter()
        self.lap("setup")
        self._energy.end_setup()
        self._slot.begin_sharing()

    def begin_evaluation(self) -> None:
        """Ends training, whose last lap is over: energy is that of the evaluation from here."""
        self._energy.begin_evaluation()

    def lap(self, phase: str) -> None:
        """Assigns the time since the last lap to a phase.

        Args:
            phase: A field of `Seconds`.
        """
        self._stopwatch.lap(phase)
        if self._utilisation:
            self._utilisation.lap(phase)

    @property
    def so_far(self) -> RunCost:
        """The cost while it is measured: time as of the last lap, energy as of now."""
        assert self._processor, "the set-up is over"
        return self._add(self._energy.so_far(), self._contention.look(), self._processor.so_far())

    @property
    def total(self) -> RunCost:
        """The cost once the measurement is over."""
        return self._add(self._energy.energy, self._contention.contended, self._used)

    def _add(self, energy: Energy | None, contended: bool, used: Processor) -> RunCost:
        """Returns the cost of this part of the run and of those before it."""
        together, share = self._slot.together, self._slot.share()
        use = replace(used, **self._energy.design_power())
        part = RunCost(
            seconds=self._stopwatch.seconds,
            energy=share_of(energy, share),
            processor=share_of_processor(use, share),
            contended=contended or together > 1,
            trained_together=together,
            load=self._utilisation.so_far() if self._utilisation and together == 1 else None,
        )
        return self.earlier + replace(part, resumed=1) if self.earlier else part

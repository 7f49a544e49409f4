"""Time and energy of one model: means over those of its seeds whose measurements can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

from mgu.report.ranking.validity import component_of, has_own_processor_time, is_disturbed, is_short, is_starved
from mgu.results.schema.energy import Component
from mgu.results.schema.result import Result


@dataclass(frozen=True)
class ModelCost:
    """Averages the measured time and energy of one model over its seeds.

    Attributes:
        results: The results of all its runs.
    """

    results: Sequence[Result]

    @cached_property
    def charged(self) -> list[Result]:
        """The runs whose cost counts in a search: the undisturbed ones if there are any, else all."""
        known = [result for result in self.results if result.seconds]
        return [result for result in known if not is_disturbed(result)] or known

    @cached_property
    def on_processor(self) -> list[Result]:
        """The runs whose processor time counts; disturbed runs are among them, and ratios tell their load.

        Those that trained on a CPU in a process of their own; where there are none, those that are charged.
        """
        alone = [result for result in self.results if result.seconds and has_own_processor_time(result)]
        return alone or self.charged

    @cached_property
    def timed(self) -> list[Result]:
        """The runs whose time to solution and energy count: a failed run found no solution."""
        return [result for result in self.charged if result.status != "failed"]

    @cached_property
    def tts_s(self) -> float | None:
        """Mean time to solution in seconds; None where no run has one."""
        return _mean(result.seconds.to_solution for result in self.timed if result.seconds)

    @cached_property
    def is_disturbed(self) -> bool:
        """Whether every run was disturbed: no ratio counts such a model."""
        return all(is_disturbed(result) for result in self.timed)

    @property
    def is_short(self) -> bool:
        """Whether a run was too short for its energy to be compared."""
        return any(is_short(result) for result in self.timed)

    @cached_property
    def is_starved(self) -> bool:
        """Whether a run had to share the processor."""
        return any(is_starved(result) for result in self.timed)

    @cached_property
    def is_partial(self) -> bool:
        """Whether a run starts from trained weights, whose training is in no cost of this model."""
        return any(result.start_sha256 for result in self.results)

    @cached_property
    def marks(self) -> str:
        """Marks of its time that a note below the table explains: ~ short, ! contended or starved, + resumed."""
        is_contended = self.is_starved or any(result.contended for result in self.timed)
        is_resumed = any(result.resumed for result in self.timed)
        marks = {"~": self.is_short, "!": is_contended, "+": is_resumed}
        return "".join(mark for mark, is_so in marks.items() if is_so)

    def mean_energy(self, name: str) -> float | None:
        """Returns the mean of a numeric field of Energy; None where a run lacks it."""
        amounts = [getattr(result.energy, name) for result in self.timed if result.energy]
        values = [value for value in amounts if value is not None]
        return _mean(values) if len(values) == len(self.timed) else None

    @property
    def processor_s(self) -> float | None:
        """Mean processor time in seconds, which is known also where energy is not; None where a run lacks it."""
        values = [result.cpu_s for result in self._solved_on_processor]
        known = [value for value in values if value is not None]
        return _mean(known) if len(known) == len(values) else None

    @property
    def has_own_processor_time(self) -> bool:
        """Whether it was trained on a CPU, in processes of its own whose processor time is known."""
        runs = self._solved_on_processor
        return bool(runs) and all(map(has_own_processor_time, runs))

    @cached_property
    def _solved_on_processor(self) -> list[Result]:
        """The runs whose processor time counts, without those that failed."""
        return [result for result in self.on_processor if result.status != "failed"]

    def component(self, part: str) -> Component | None:
        """Returns the mean energy of "cpu", "gpu" or "ram"; None where a run lacks it. Methods are joined by "+"."""
        if part not in self._components:
            self._components[part] = self._average(part)
        return self._components[part]

    @cached_property
    def _components(self) -> dict[str, Component | None]:
        """The energies that were averaged already, by part."""
        return {}

    def _average(self, part: str) -> Component | None:
        """Implements `component`."""
        components = [component_of(result, part) for result in self.timed]
        known = [component for component in components if component]
        if not known or len(known) < len(components):
            return None
        methods = "+".join(sorted({component.method for component in known}))
        return Component(kwh=fmean(component.kwh for component in known), method=methods)


def _mean(values: Iterable[float]) -> float | None:
    known = list(values)
    return fmean(known) if known else None

"""What a run has cost so far; the parts of an interrupted run add up."""

from __future__ import annotations

from msgspec.structs import replace

from mgu.results.result import Component, Energy, Record, Seconds


class Spent(Record, frozen=True):
    """Time and energy of one part of a run or of several. energy: None where that of any part is not known."""

    seconds: Seconds
    energy: Energy | None
    contended: bool
    resumed: int = 0
    together: int = 1  # runs that one process trained at once, at most

    def __add__(self, other: Spent) -> Spent:
        """`other` came later."""
        return Spent(
            seconds=Seconds(**{key: getattr(self.seconds, key) + getattr(other.seconds, key) for key in WINDOWS}),
            energy=_add_energies(self.energy, other.energy),
            contended=self.contended or other.contended,
            resumed=self.resumed + other.resumed,
            together=max(self.together, other.together),
        )


def share_of(energy: Energy | None, part: float) -> Energy | None:
    """A run's own part, in 0..1, of what was measured for several that one process trained at once."""
    if energy is None or part == 1:
        return energy
    cpu, gpu, ram = (replace(each, kwh=each.kwh * part) for each in (energy.cpu, energy.gpu, energy.ram))
    numbers = {key: getattr(energy, key) * part for key in ("cpu_seconds", "emissions_kg", "tracked_s")}
    return replace(energy, cpu=cpu, gpu=gpu, ram=ram, **numbers)


WINDOWS = Seconds.__struct_fields__


def _add_energies(a: Energy | None, b: Energy | None) -> Energy | None:
    if a is None or b is None:
        return None
    return Energy(
        cpu=_add_components(a.cpu, b.cpu),
        gpu=_add_components(a.gpu, b.gpu),
        ram=_add_components(a.ram, b.ram),
        cpu_seconds=a.cpu_seconds + b.cpu_seconds,
        emissions_kg=a.emissions_kg + b.emissions_kg,
        country=b.country,
        tracked_s=a.tracked_s + b.tracked_s,
    )


def _add_components(a: Component, b: Component) -> Component:
    """Parts of a run may have been measured on different machines: then the sum bears both methods."""
    methods = {method for component in (a, b) for method in component.method.split("+")}
    return Component(kwh=a.kwh + b.kwh, method="+".join(sorted(methods - {"none"})) or "none")

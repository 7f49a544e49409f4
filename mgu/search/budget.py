"""Budgets: how much a search may cost. The first limit that is reached ends it.

What trials cost is added up over those that have ended, with the strategy's own seconds. A trial that ends after the
budget does not count; so nobody need argue over overruns, and long trials have no advantage.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from mgu.errors import UserError
from mgu.search.strategy import Cost, add_known

UNITS = {
    "seconds": "s",
    "cpu_seconds": "s of processor time",
    "kwh": "kWh",
    "grams": "g of CO2-equivalent",
    "trials": "trials",
    "epochs": "epochs",
    "share": "of the space",
    "times_unit": "times the unit's cost",
}
ONE = ("trials", "epochs")  # whose unit is a plural
KINDS = ("cpu_seconds", "kwh", "grams", "epochs")  # of what trials may tell, which those that measure points need not


@dataclass(frozen=True)
class Spent:
    """Holds what a search has cost.

    Attributes:
        seconds: Wall-clock seconds of all trials and of the strategy.
        strategy_s: Seconds of the strategy alone, which are part of `seconds`.
        cpu_seconds: Processor seconds of the trials and of the strategy; None: of a trial they are not known.
        kwh: Kilowatt-hours of all components by any method; a stopping rule, no measurement. None: not known.
        grams: Grams of CO2-equivalent; None: not known.
        trials: Number of trials.
        epochs: Number of epochs.
        least: Of what is not known of every trial, the sum of the others.
    """

    seconds: float = 0.0
    strategy_s: float = 0.0
    cpu_seconds: float | None = 0.0
    kwh: float | None = 0.0
    grams: float | None = 0.0
    trials: int = 0
    epochs: int = 0
    least: Mapping[str, float] = field(default_factory=dict)

    def plus(self, cost: Cost, ask_s: float) -> Spent:
        """Returns what has been spent after one more trial."""
        kwh = None if cost.kwh is None else sum(cost.kwh.values())
        known = {"cpu_seconds": (cost.cpu_seconds or 0.0) + ask_s, "kwh": kwh or 0.0, "grams": cost.grams or 0.0}
        return Spent(
            seconds=self.seconds + cost.seconds + ask_s,
            strategy_s=self.strategy_s + ask_s,
            cpu_seconds=add_known(self.cpu_seconds, None if cost.cpu_seconds is None else cost.cpu_seconds + ask_s),
            kwh=add_known(self.kwh, kwh),
            grams=add_known(self.grams, cost.grams),
            trials=self.trials + cost.trials,
            epochs=self.epochs + cost.epochs,
            least={name: self.least.get(name, 0.0) + value for name, value in known.items()},
        )

    def at_least(self, name: str) -> float:
        """Returns what has been spent of one kind; the known part of it where that of some trials is not known."""
        value: float | None = getattr(self, name)
        return self.least.get(name, 0.0) if value is None else value


@dataclass(frozen=True)
class Budget:
    """Holds limits; None: no limit of this kind.

    Attributes:
        seconds: Wall-clock seconds.
        cpu_seconds: Processor seconds.
        kwh: Kilowatt-hours of all components.
        grams: Grams of CO2-equivalent.
        trials: Number of trials.
        epochs: Number of epochs.
        share: Share of the points of the space, in 0..1.
        times_unit: Multiple of the unit's seconds.
    """

    seconds: float | None = None
    cpu_seconds: float | None = None
    kwh: float | None = None
    grams: float | None = None
    trials: int | None = None
    epochs: int | None = None
    share: float | None = None
    times_unit: float | None = None

    @property
    def given(self) -> dict[str, float]:
        """The limits that there are, by name."""
        values: dict[str, Any] = {limit.name: getattr(self, limit.name) for limit in fields(self)}
        return {name: value for name, value in values.items() if value is not None}

    def describe(self) -> str:
        """Describes the limits, each with its unit."""
        return ", ".join(
            f"{value:g} {UNITS[name].removesuffix('s') if value == 1 and name in ONE else UNITS[name]}"
            for name, value in self.given.items()
        )

    def resolve(
        self,
        size: int | None,
        unit_s: float | None,
        has_energy: bool,
        has_place: bool,
        untold: Collection[str] = (),
    ) -> Budget:
        """Returns the budget with its share as trials and its multiples of the unit's cost as seconds.

        Args:
            size: Number of points of the space; None: infinitely many.
            unit_s: Seconds that the unit costs; None: not known.
            has_energy: Whether trials measure energy.
            has_place: Whether the carbon intensity of the electricity is known.
            untold: Limits on what no trial tells, so that they would never end a search.

        Raises:
            UserError: There is no limit, or one that can never be reached.
        """
        self._check(size, has_energy, has_place, untold)
        limits = {**self.given}
        if (share := limits.pop("share", None)) is not None:
            if size is None:
                raise UserError(
                    f"budget.share must go with a space of finitely many points, but got {share}. Pass budget.trials."
                )
            limits["trials"] = min(limits.get("trials", size), max(1, round(share * size)))
        if (times := limits.pop("times_unit", None)) is not None:
            if unit_s is None:
                raise UserError(
                    f"budget.times_unit must have a finished run of the unit to go by, but got {times} and there is "
                    "none with this data and training in the experiment that no search trained. Train it first, with "
                    "the same words and mgu=reference in place of search, space and budget."
                )
            limits["seconds"] = min(limits.get("seconds", times * unit_s), times * unit_s)
        values: dict[str, Any] = limits
        return Budget(**values)

    def _check(self, size: int | None, has_energy: bool, has_place: bool, untold: Collection[str]) -> None:
        """Raises UserError where there is no limit, or one on what no trial tells, see `resolve`."""
        if not self.given and size is None:
            raise UserError(
                "budget must have a limit where the space has infinitely many points, but has none. Pass "
                f"budget.seconds=600, or another of {', '.join(f'budget.{name}' for name in UNITS)}."
            )
        if never := [name for name in self.given if name in untold]:
            raise UserError(
                f"budget.{never[0]} must be left out where no trial tells it, as where points are measured and no runs "
                f"are trained, but got {self.given[never[0]]:g}. Pass budget.seconds or budget.trials."
            )
        for name in ("kwh", "grams"):
            if name in self.given and not has_energy:
                raise UserError(f"budget.{name} must go with energy.enabled=true, but energy is not measured. Add it.")
        if "grams" in self.given and not has_place:
            raise UserError(
                "budget.grams must go with the place whose electricity is used, but none is set. Pass "
                "energy.country=FRA with your own country, or energy.intensity_g_kwh=..., or budget.kwh instead."
            )

    def reached(self, spent: Spent) -> str | None:
        """Returns the name of a limit that is reached; None: the search goes on."""
        return next((name for name, limit in self.given.items() if spent.at_least(name) >= limit - 1e-9), None)

    def exceeded(self, spent: Spent) -> bool:
        """Returns whether what was spent is more than the budget, so that the last trial does not count."""
        return any(spent.at_least(name) > limit + 1e-9 for name, limit in self.given.items())

    def left_s(self, spent: Spent) -> float | None:
        """Returns the seconds that are left; None: any number."""
        return None if self.seconds is None else max(self.seconds - spent.seconds, 0.0)

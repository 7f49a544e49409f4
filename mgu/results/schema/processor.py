"""What a run used of the processor, and the power that is assumed of it where no instrument measures one."""

from __future__ import annotations

from typing import Annotated

import msgspec

from mgu.results.schema.parts import JOULES_PER_KWH, Amount, Count, Fraction, Record, about


class Processor(Record, frozen=True):
    """Holds processor time, which every machine measures, and what the model of the processor's power assumes."""

    seconds: Annotated[Amount, about("Seconds of processor time of the training process, all its threads together.")]
    wall_s: Annotated[Amount, about("Wall-clock seconds over which they were counted.")]
    load: Annotated[
        Fraction | None,
        about("Mean share of the machine's processors that any program kept busy meanwhile; null if not known."),
    ]
    count: Annotated[Count, about("Number of the machine's processors, as the system counts them.")]
    threads: Annotated[Count, about("Number of threads that torch had.")]
    name: Annotated[str, about("Name of the processor.")]
    design_power_w: Annotated[
        Amount | None, about("Design power in watts that the model assumes; null where nothing is modelled.")
    ] = None
    design_power_by: Annotated[str | None, about("Where codecarbon takes the design power from.")] = None

    @property
    def watts_each(self) -> float | None:
        """Design power of one processor of the machine."""
        return self.design_power_w and self.design_power_w / self.count

    @property
    def modelled_kwh(self) -> float | None:
        """Energy by processor time alone, at the design power of one processor; None where no power is assumed."""
        return None if self.watts_each is None else self.seconds * self.watts_each / JOULES_PER_KWH

    def __add__(self, later: Processor) -> Processor:
        """Adds the parts of an interrupted run; what they do not share is not known of the whole."""
        wall_s, is_same = self.wall_s + later.wall_s, self.design_power_w == later.design_power_w
        loads = [(part.load, part.wall_s) for part in (self, later) if part.load is not None]
        known_s = sum(part_s for _, part_s in loads)
        return Processor(
            seconds=self.seconds + later.seconds,
            wall_s=wall_s,
            load=sum(load * part_s for load, part_s in loads) / known_s if known_s else None,
            count=later.count,
            threads=later.threads,
            name=later.name if self.name == later.name else f"{self.name} + {later.name}",
            design_power_w=self.design_power_w if is_same and self.count == later.count else None,
            design_power_by=self.design_power_by if is_same else None,
        )


def share_of_processor(use: Processor, share: float) -> Processor:
    """Returns one run's share of the processor time of several that one process trained together.

    Args:
        use: Processor time of all of them.
        share: The run's share of it, in 0..1.

    Returns:
        The same with that share of the seconds, of the processor and on the wall.
    """
    return msgspec.structs.replace(use, seconds=use.seconds * share, wall_s=use.wall_s * share)

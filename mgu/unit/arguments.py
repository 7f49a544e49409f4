"""Checks of the unit's arguments: an unknown name is answered with the nearest one that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mgu.text.nearest import did_you_mean
from mgu.unit.gates import ModuleFactory
from mgu.unit.wiring import WIRINGS, Gate, Wiring


def check_name(argument: str, value: object, known: Sequence[str], other: str = "") -> None:
    """Checks that an argument is one of the known names.

    Args:
        argument: Name of the argument.
        value: Its value.
        known: The names.
        other: What else is allowed, for the message.

    Raises:
        ValueError: The value is none of them.
    """
    if value not in known:
        raise ValueError(
            f"{argument} must be one of {', '.join(known)}{other}, but got {value!r}.{did_you_mean(str(value), known)}"
        )


def check_kind(argument: str, kind: str | ModuleFactory, known: Sequence[str]) -> None:
    """Checks that the kind of gate or bypass is a known name or a function.

    Args:
        argument: Name of the argument.
        kind: Its value.
        known: The names.

    Raises:
        ValueError: It is neither.
    """
    if not callable(kind):
        check_name(argument, kind, known, " or a function")


def find_wiring(wiring: str | Wiring) -> Wiring:
    """Returns the wiring of a name; a wiring is returned as it is.

    Args:
        wiring: A name in WIRINGS, or a wiring.

    Returns:
        The wiring.

    Raises:
        ValueError: The name is unknown.
    """
    if isinstance(wiring, Wiring):
        return wiring
    check_name("wiring", wiring, tuple(WIRINGS), " or a Wiring")
    return WIRINGS[wiring]


def bias_per_gate(gate_bias: float | Mapping[Gate, float], gates: Sequence[Gate], wiring: Wiring) -> dict[Gate, float]:
    """Returns the initial bias of each gate.

    Args:
        gate_bias: One bias for all, or some by name; the others are 0.
        gates: The gates that the unit has.
        wiring: Names the gates that it could have, for which a bias of 0 is accepted.

    Returns:
        The bias by name, for all of `gates`.

    Raises:
        ValueError: A bias is given for a gate that the unit does not have.
    """
    if not isinstance(gate_bias, Mapping):
        return dict.fromkeys(gates, float(gate_bias))
    for gate, bias in gate_bias.items():
        if gate not in wiring.gates or (gate not in gates and bias != 0):
            raise ValueError(
                f"gate_bias must name gates of this unit ({', '.join(gates)}), but got {gate!r}."
                f"{did_you_mean(gate, gates)}"
            )
    return {gate: float(gate_bias.get(gate, 0.0)) for gate in gates}

"""The equations of the unit in plain torch: gate values, and the branches that they mix.

The other engines compute the same, and the tests compare them with this one.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from mgu.unit.settling import Settling
from mgu.unit.wiring import Gate, Wiring


def compute_gate_values(logits: Mapping[Gate, Tensor], wiring: Wiring, settling: Settling | None) -> dict[Gate, Tensor]:
    """Computes gate values g = sigmoid(t_g(x)) (Damian and Piciu 2020, eq. 2, 7, 11, 14 and 18).

    Gates that are shares of a softmax over the processors are normalised together instead, so that they add up to one.

    Args:
        logits: Output t_g(x) of each gate's transform, in order of computation.
        wiring: Names the gates that are shares of a softmax.
        settling: Anneals the logits first; None leaves them as they are.

    Returns:
        The gate values in (0, 1), each with the shape of its logits.
    """
    if settling:
        logits = {gate: settling(gate, z) for gate, z in logits.items()}
    values: dict[Gate, Tensor] = {}
    if wiring.shares:
        shares = list(wiring.shares.values())
        weights = torch.stack([logits[gate] for gate in shares]).softmax(dim=0)  # (processors, B, C, *)
        values = dict(zip(shares, weights.unbind(), strict=True))
    return values | {gate: torch.sigmoid(z) for gate, z in logits.items() if gate not in values}


def mix(outputs: Mapping[str, Tensor], gates: Mapping[Gate, Tensor], wiring: Wiring) -> dict[str, Tensor]:
    """Mixes the branches of a unit by its gate values (Damian and Piciu 2020, eq. 5, 9, 12, 15, 16 and 19).

    Args:
        outputs: Outputs of the layer, of the bypass if the unit has one, and of each processor, by name.
        gates: Gate values in (0, 1), in order of computation.
        wiring: Names the two branches of each gate.

    Shape:
        (B, C, *) each.

    Returns:
        `outputs` and all further branches by name; the result of a gate has the gate's name.
    """
    branches = dict(outputs)
    if wiring.shares:
        weighted = [gates[gate] * branches[processor] for processor, gate in wiring.shares.items()]
        branches["mixed"] = torch.stack(weighted).sum(dim=0)  # (B, C, *)
    for gate in (gate for gate in gates if gate in wiring.choices):
        if gate == "residual":
            branches["with_residual"] = branches[wiring.mixed] + branches["bypass"]  # eq. 15
        if gate == "skip":
            branches["processed"] = branches["residual" if "residual" in branches else wiring.mixed]
        choice = wiring.choices[gate]
        when_open, when_closed = branches[choice.when_open], branches[choice.when_closed]
        branches[gate] = when_closed + gates[gate] * (when_open - when_closed)  # eq. 5, 9, 12, 16, 19
    return branches

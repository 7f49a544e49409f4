"""The rows of a truth table in memory."""

from __future__ import annotations

from itertools import product

import torch

from mgu.config.gates import Gate
from mgu.data.python.examples import Examples

# Of inputs that count up in binary.
OUTPUTS: dict[Gate, tuple[float, ...]] = {
    "and": (0, 0, 0, 1),
    "or": (0, 1, 1, 1),
    "xor": (0, 1, 1, 0),
    "not": (1, 0),
    "identity": (0, 1),
}


def truth_table(gate: Gate) -> Examples:
    """Returns all rows of a gate.

    Args:
        gate: Its name.

    Returns:
        Inputs (N, inputs), which count up in binary, and outputs (N,), all 0 or 1.
    """
    outputs = torch.tensor(OUTPUTS[gate], dtype=torch.float32)
    num_inputs = (len(outputs) - 1).bit_length()
    return Examples(torch.tensor(list(product((0.0, 1.0), repeat=num_inputs))), outputs)

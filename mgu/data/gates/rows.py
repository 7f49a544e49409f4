"""Rows of a truth table in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import Self

import torch
from torch import Tensor

from mgu.config.gates import Gate

OUTPUTS: dict[Gate, tuple[float, ...]] = {  # of inputs that count up in binary
    "and": (0, 0, 0, 1),
    "or": (0, 1, 1, 1),
    "xor": (0, 1, 1, 0),
    "not": (1, 0),
    "identity": (0, 1),
}


@dataclass(frozen=True)
class Rows:
    """Holds the rows of a truth table.

    Attributes:
        inputs: (N, inputs), 0 or 1.
        outputs: (N,), 0 or 1.
    """

    inputs: Tensor
    outputs: Tensor

    def __len__(self) -> int:
        return len(self.outputs)

    @property
    def device(self) -> torch.device:
        """The device whose memory the rows are in."""
        return self.outputs.device

    def batch(self, index: Tensor | slice) -> tuple[Tensor, Tensor]:
        """Returns inputs (B, inputs) and outputs (B,) of the rows at `index`."""
        return self.inputs[index], self.outputs[index]

    def to(self, device: torch.device) -> Self:
        """Returns the rows on the device."""
        return replace(self, inputs=self.inputs.to(device), outputs=self.outputs.to(device))

    def subset(self, index: Tensor) -> Self:
        """Returns the rows at `index`."""
        return replace(self, inputs=self.inputs[index], outputs=self.outputs[index])


def truth_table(gate: Gate) -> Rows:
    """Returns all rows of a gate.

    Args:
        gate: Its name.

    Returns:
        The rows, whose inputs count up in binary.
    """
    outputs = torch.tensor(OUTPUTS[gate], dtype=torch.float32)
    num_inputs = (len(outputs) - 1).bit_length()
    return Rows(torch.tensor(list(product((0.0, 1.0), repeat=num_inputs))), outputs)

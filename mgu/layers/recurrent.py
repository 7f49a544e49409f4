"""Recurrent layers from a sequence to its last state, or to all of its states.

`Recurrent` is Elman's network with ReLU or tanh, `LSTM` that of Hochreiter and Schmidhuber. Blocks and units wrap them
as a whole, not their cells: a batch norm within would mix the statistics of time steps, and gates would need states.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mgu.layers.recurrent_init import Start, draw_input_, draw_recurrent_
from mgu.layers.recurrent_loop import Cell, Weights, run_loop, run_steps
from mgu.layers.tracing import is_traced

FORGET_BIAS = 1.0  # an LSTM that starts by remembering (Jozefowicz et al. 2015, section 3)


class Recurrent(nn.Module):
    """Computes h_t = A(W x_t + U h_{t-1} + b) from h_0 = 0 (Elman 1990).

    Args:
        in_features: Features of a step, D.
        out_features: Size of the state, H.
        cell: A: "relu" or "tanh".
        start: How U begins, see mgu/layers/recurrent_init.py.
        input_std: Standard deviation of W at the start; None: that of `start`.
        returns_all: Whether all states are returned; else the last one.

    Shape:
        x: (B, T, D); returns (B, T, H), or (B, H).
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        cell: Cell = "relu",
        start: Start = "uniform",
        input_std: float | None = None,
        returns_all: bool = False,
    ) -> None:
        super().__init__()
        self.in_features, self.out_features, self.returns_all = in_features, out_features, returns_all
        self.cell: Cell = cell
        self.start: Start = start
        self.input_std = input_std
        self.input_weight = nn.Parameter(torch.empty(out_features, in_features))
        self.recurrent_weight = nn.Parameter(torch.empty(out_features, out_features))
        self.bias = nn.Parameter(torch.empty(out_features))
        self.reset_parameters()

    @property
    def starts_alike(self) -> tuple[str, ...]:
        """Names of the parameters that start the same in every copy: U of an IRNN, which is the identity."""
        return ("recurrent_weight",) if self.start == "identity" else ()

    def reset_parameters(self) -> None:
        """Draws new weights; the bias starts at zero."""
        draw_input_(self.input_weight, self.start, self.input_std)
        draw_recurrent_(self.recurrent_weight, self.start)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        weights = Weights(self.input_weight, self.recurrent_weight, self.bias)
        # Autocast looks into operations, of which the loop is one: its products would mix two precisions.
        is_looked_into = torch.compiler.is_compiling() or is_traced(x) or torch.is_autocast_enabled(x.device.type)
        compute = run_steps if is_looked_into else run_loop
        return compute(x, weights, self.cell, self.returns_all)

    def count_flops(self, num_sequences: int, num_steps: int) -> int:
        """Returns the operations of the products of a forward pass: two for each product."""
        per_step = self.input_weight.numel() + self.recurrent_weight.numel()
        return 2 * num_sequences * num_steps * per_step


class LSTM(nn.Module):
    """Applies torch's long short-term memory (Hochreiter and Schmidhuber 1997), which starts by remembering.

    Args:
        in_features: Features of a step, D.
        out_features: Size of the state, H.
        returns_all: Whether all states are returned; else the last one.

    Shape:
        x: (B, T, D); returns (B, T, H), or (B, H).
    """

    def __init__(self, in_features: int, out_features: int, returns_all: bool = False) -> None:
        super().__init__()
        self.in_features, self.out_features, self.returns_all = in_features, out_features, returns_all
        self.lstm = nn.LSTM(in_features, out_features, batch_first=True)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws torch's own weights; the biases of the forget gates add up to 1."""
        lstm: Any = self.lstm  # whose biases torch does not declare
        lstm.reset_parameters()
        forget = slice(self.out_features, 2 * self.out_features)
        nn.init.constant_(lstm.bias_ih_l0[forget], FORGET_BIAS)
        nn.init.zeros_(lstm.bias_hh_l0[forget])

    def forward(self, x: Tensor) -> Tensor:
        states: Tensor = self.lstm(x)[0]  # (B, T, H)
        return states if self.returns_all else states[:, -1]

    def count_flops(self, num_sequences: int, num_steps: int) -> int:
        """Returns the operations of the products of a forward pass: two for each product."""
        per_step = 4 * self.out_features * (self.in_features + self.out_features)
        return 2 * num_sequences * num_steps * per_step


class LastStep(nn.Module):
    """Returns the steps of x that a recurrent layer returns states for, with zeros for the features that it adds.

    It is the bypass `padded` around a recurrent layer.

    Args:
        layer: The layer, whose state is at least as large as its input.

    Shape:
        x: (B, T, D); returns the shape of layer(x).

    Raises:
        TypeError: The state is smaller than the input.
    """

    def __init__(self, layer: Recurrent | LSTM) -> None:
        super().__init__()
        self.returns_all, self.added = layer.returns_all, layer.out_features - layer.in_features
        if self.added < 0:
            raise TypeError(
                f"bypass=padded must be around a recurrent layer that keeps or adds features, but got one from "
                f"{layer.in_features} to {layer.out_features}. Use mgu.bypass=replica."
            )

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x if self.returns_all else x[:, -1], [0, self.added])

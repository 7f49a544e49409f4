"""A stack of dense blocks, dropout after each, and a dense read-out."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn

from mgu.layers.chain import Chain
from mgu.layers.weight_init import glorot_


class MLP(nn.Module):
    """Maps rows of numbers to outputs by dense blocks, dropout after each, and a dense read-out.

    Args:
        blocks: Modules that are applied in turn; the first takes all numbers of a row.
        width: Features of the last block's output.
        num_outputs: Number of outputs, K.
        dropout: Probability with which dropout zeroes a feature.
        reads_steps: Whether the first block takes rows as they are, as a recurrent layer takes sequences.
        readout: The layer of the read-out; None: a dense one.

    Shape:
        rows: (B, *); returns (B, K).
    """

    def __init__(
        self,
        blocks: Iterable[nn.Module],
        width: int,
        num_outputs: int,
        dropout: float,
        reads_steps: bool = False,
        readout: nn.Linear | None = None,
    ) -> None:
        super().__init__()
        self.reads_steps, self._chain = reads_steps, Chain()
        self.blocks = nn.ModuleList(blocks)
        self.dropout = nn.Dropout(dropout)
        self.readout = dense(width, num_outputs) if readout is None else readout

    def forward(self, rows: Tensor) -> Tensor:
        features = rows if self.reads_steps else rows.flatten(1)  # (B, D), or (B, T, D)
        return self._chain.compute(self, self._list_parts, self._apply_parts, features)  # (B, K)

    def _list_parts(self) -> list[nn.Module]:
        return [part for block in self.blocks for part in (block, self.dropout)] + [self.readout]

    def _apply_parts(self, features: Tensor) -> Tensor:
        for part in self._list_parts():
            features = part(features)
        return features


def dense(in_features: int, out_features: int) -> nn.Linear:
    """Returns a dense layer with the initial weights of Keras: glorot-uniform, zero bias.

    Args:
        in_features: Features of the input.
        out_features: Features of the output.

    Returns:
        The layer.
    """
    layer = nn.Linear(in_features, out_features)
    glorot_(layer)
    return layer

"""A stack of dense blocks, dropout after each, and a dense read-out."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn

from mgu.layers.weight_init import glorot_


class MLP(nn.Module):
    """Rows (B, *) to outputs (B, K) through `blocks`, of which the first takes all of a row's numbers."""

    def __init__(self, blocks: Iterable[nn.Module], width: int, num_outputs: int, dropout: float) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.dropout = nn.Dropout(dropout)
        self.readout = nn.Linear(width, num_outputs)
        glorot_(self.readout)

    def forward(self, rows: Tensor) -> Tensor:
        features = rows.flatten(1)
        for block in self.blocks:
            features = self.dropout(block(features))  # (B, width)
        outputs: Tensor = self.readout(features)
        return outputs


def dense(in_features: int, out_features: int) -> nn.Linear:
    """A dense layer that starts as Keras starts it: glorot-uniform, zero bias."""
    layer = nn.Linear(in_features, out_features)
    glorot_(layer)
    return layer

"""The block of the grid search: a layer, one fixed place for one normalisation, and perhaps a residual."""

from __future__ import annotations

from torch import Tensor, nn

from mgu.errors import did_you_mean
from mgu.layers.activation import Activation, find_activation
from mgu.layers.channels import find_channels
from mgu.layers.normalization import BatchNorm, LayerNorm
from mgu.layers.weight_init import fresh_copy

NORMS = ("bn_pre", "bn_post", "ln", "no_norm")


class Block(nn.Module):
    """norm, activation and residual around `layer` (seed 001, section 5.1); input and output have the layer's shapes.

    norm: "bn_pre" is A(BN(L)), "bn_post" BN(A(L)), "ln" LN(A(L)), "no_norm" A(L).
    residual: adds a fresh copy of the layer applied to the block's input, for shapes differ across a layer.
    momentum, eps: of the normalisation, as in mgu/layers/normalization.py.
    """

    def __init__(
        self,
        layer: nn.Module,
        norm: str,
        activation: str | Activation = "selu",
        residual: bool = False,
        momentum: float = 0.01,
        eps: float = 1e-3,
    ) -> None:
        super().__init__()
        if norm not in NORMS:
            raise ValueError(f"norm must be one of {', '.join(NORMS)}, but got {norm!r}.{did_you_mean(norm, NORMS)}")
        self.activation = find_activation(activation)
        self.layer = layer
        self.pre: nn.Module = BatchNorm(*find_channels(layer), momentum, eps) if norm == "bn_pre" else nn.Identity()
        self.post: nn.Module = _norm_after(norm, layer, momentum, eps)
        self.shortcut = fresh_copy(layer) if residual else None

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.post(self.activation(self.pre(self.layer(x))))
        return out if self.shortcut is None else out + self.shortcut(x)


def _norm_after(norm: str, layer: nn.Module, momentum: float, eps: float) -> nn.Module:
    if norm == "bn_post":
        return BatchNorm(*find_channels(layer), momentum, eps)
    return LayerNorm(*find_channels(layer), eps) if norm == "ln" else nn.Identity()

"""The baseline block of the paper's grid search: a layer, one normalisation at a fixed place, and maybe a residual."""

from __future__ import annotations

from torch import Tensor, nn

from mgu.errors import did_you_mean
from mgu.layers.activation import Activation, find_activation
from mgu.layers.channels import Channels, find_channels
from mgu.layers.normalization import BatchNorm, LayerNorm
from mgu.layers.weight_init import fresh_copy

NORMS = ("bn_pre", "bn_post", "ln", "no_norm")


class Block(nn.Module):
    """Applies a layer with normalisation, activation and residual (Damian and Piciu 2020, section 5.1).

    Args:
        layer: A convolution or dense layer L.
        norm: "bn_pre" is A(BN(L)), "bn_post" BN(A(L)), "ln" LN(A(L)), "no_norm" A(L).
        activation: A, a name or a function.
        residual: Whether to add a fresh copy of the layer applied to the block's input; a copy, for the layer changes
            the shape.
        momentum: Weight of the newest batch in running statistics.
        eps: Constant added to the variance.
        channels: Where the channels of the layer's output are; None: the layer tells it.

    Shape:
        x: the input of the layer; returns the shape of its output, (B, C, *) for convolutions, (*, C) for Linear.

    Raises:
        ValueError: `norm` or `activation` is unknown.
    """

    def __init__(
        self,
        layer: nn.Module,
        norm: str,
        activation: str | Activation = "selu",
        residual: bool = False,
        momentum: float = 0.1,
        eps: float = 1e-3,
        channels: Channels | None = None,
    ) -> None:
        super().__init__()
        if norm not in NORMS:
            raise ValueError(f"norm must be one of {', '.join(NORMS)}, but got {norm!r}.{did_you_mean(norm, NORMS)}")
        self.activation = find_activation(activation)
        self.layer = layer
        self.pre: nn.Module = nn.Identity()
        self.post: nn.Module = nn.Identity()
        if norm != "no_norm":
            where = channels or find_channels(layer)
            if norm == "bn_pre":
                self.pre = BatchNorm(*where, momentum, eps)
            else:
                self.post = LayerNorm(*where, eps) if norm == "ln" else BatchNorm(*where, momentum, eps)
        self.shortcut = fresh_copy(layer) if residual else None

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.post(self.activation(self.pre(self.layer(x))))  # (B, C, *)
        return out if self.shortcut is None else out + self.shortcut(x)

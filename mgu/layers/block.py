"""The baseline block of the paper's grid search: a layer, one normalisation at a fixed place, and maybe a residual.

It is computed by one of two engines with the same numbers:

eager    module by module: the plain implementation, which the other is tested against
native   as one compiled function (mgu/layers/native_block.py): dense layers and convolutions on the CPU, with a C
         compiler; on CUDA what follows the layer, whatever it is, by Triton's kernels (mgu/layers/cuda_block.py)

`auto` is native where that is possible, else eager. What torch looks into (torch.compile, torch.export, torch.func,
tracing) is always eager.
"""

from __future__ import annotations

from functools import partial
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from mgu.kernels.availability import is_for_triton
from mgu.layers.activation import Activation, find_activation
from mgu.layers.cancelled_bias import apply_before
from mgu.layers.channels import Channels, find_channels
from mgu.layers.cuda_block import CudaBlock, apply_on_cuda, find_on_cuda
from mgu.layers.link import Link, Linked
from mgu.layers.memory import Memory
from mgu.layers.native_block import Native, apply_native, find_native, link_native
from mgu.layers.normalization import BatchNorm, LayerNorm
from mgu.layers.obstacle import Obstacle
from mgu.layers.tracing import is_traced
from mgu.layers.weight_init import check_is_module, fresh_copy
from mgu.text.nearest import did_you_mean

NORMS = ("bn_pre", "bn_post", "ln", "no_norm")
BlockEngine = Literal["auto", "eager", "native"]
ENGINES: tuple[BlockEngine, ...] = get_args(BlockEngine)


class Block(nn.Module, Linked):
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
        engine: How the block is computed; the attribute can be set later.

    Shape:
        x: the input of the layer; returns the shape of its output, (B, C, *) for convolutions, (*, C) for Linear.

    Raises:
        TypeError: The layer is no module, or the activation neither a name nor a function.
        ValueError: `norm`, `activation` or `engine` is unknown.
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
        engine: BlockEngine = "auto",
    ) -> None:
        super().__init__()
        check_is_module(layer)
        self.engine, self._memory = engine, Memory[Native | CudaBlock | Obstacle]()
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
        if self._engine != "eager" and not torch.compiler.is_compiling() and not is_traced(x):
            native = self._memory.recall(self._modules.values(), (self.activation,), x, partial(self._find_native, x))
            if isinstance(native, Native):
                return apply_native(native, x)
            if isinstance(native, CudaBlock):
                return apply_on_cuda(native, partial(apply_before, self.pre, self.layer), self.shortcut, x)
            if self._engine == "native":
                raise ValueError(f"engine must be eager or auto {native.reason}, but got native. Set block.engine.")
        out: Tensor = self.post(self.activation(self.pre(apply_before(self.pre, self.layer, x))))  # (B, C, *)
        return out if self.shortcut is None else out + self.shortcut(x)

    def link(self, x: Tensor) -> Link | None:
        """Returns the call that computes the block for an input; None where it is not a single one.

        Args:
            x: The input.
        """
        if self._engine == "eager" or type(self) is not Block:
            return None
        native = self._find_native(x)
        return link_native(native) if isinstance(native, Native) else None

    def _find_native(self, x: Tensor) -> Native | CudaBlock | Obstacle:
        """Returns the native engine for a call, or why there is none."""
        if is_for_triton(x):
            return find_on_cuda(self.pre, self.post, self.shortcut is not None, self.activation, x)
        return find_native(self.layer, self.pre, self.post, self.shortcut, self.activation, x)

    @property
    def engine(self) -> BlockEngine:
        """How the block is computed. It can be set."""
        return self._engine

    @engine.setter
    def engine(self, engine: str) -> None:
        if engine not in ENGINES:
            known = ", ".join(ENGINES)
            raise ValueError(f"engine must be one of {known}, but got {engine!r}.{did_you_mean(engine, ENGINES)}")
        self._engine: BlockEngine = engine

"""The modules that a unit applies to its input: the layer, the bypass, and the transform of each gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from torch import Tensor, nn

from mgu.layers.channels import Channels
from mgu.layers.packed import apply_packed
from mgu.layers.weight_init import checked_tensor
from mgu.unit.wiring import Gate


class Transforms(NamedTuple):
    """Holds the modules of a unit that are applied to its input.

    Attributes:
        layer: The wrapped layer.
        bypass: The bypass; None in a unit with neither residual nor skip.
        gates: The transform of each gate, in order of computation.
        channels: Channels of the layer's output.
    """

    layer: nn.Module
    bypass: nn.Module | None
    gates: Mapping[Gate, nn.Module]
    channels: Channels

    def by_name(self) -> dict[str, nn.Module]:
        """Returns all modules by name, in the order in which their outputs are packed."""
        bypass = {} if self.bypass is None else {"bypass": self.bypass}
        return {"layer": self.layer, **bypass, **self.gates}

    def apply(self, x: Tensor) -> dict[str, Tensor]:
        """Applies each module by itself.

        Args:
            x: The input of the layer.

        Returns:
            The outputs by name, each (B, C, *), or for gates a shape that broadcasts to it.

        Raises:
            TypeError: The layer does not return one tensor.
            ValueError: Its channels are not where they were announced.
        """
        return {name: self._checked(name, module(x)) for name, module in self.by_name().items()}

    def apply_one(self, name: str, x: Tensor) -> Tensor:
        """Applies the layer or the bypass by itself: `apply` of one module."""
        return self._checked(name, self.by_name()[name](x))

    def apply_gates(self, x: Tensor) -> dict[Gate, Tensor]:
        """Applies the transforms of the gates: those entries of `apply`."""
        return {name: gate(x) for name, gate in self.gates.items()}

    def apply_packed(self, x: Tensor) -> Tensor:
        """Applies all modules as one wide layer; mgu/layers/packed.py says when that is possible.

        Args:
            x: The input of the layer.

        Returns:
            The outputs side by side along the channel axis, (B, transforms * C, *).

        Raises:
            ValueError: The channels are not where they were announced.
        """
        modules, (num_channels, axis) = [*self.by_name().values()], self.channels
        packed = apply_packed(modules, x)
        if packed.shape[axis] != len(modules) * num_channels:
            self._checked("layer", packed.chunk(len(modules), dim=axis)[0])  # raises
        return packed

    def unpack(self, packed: Tensor) -> dict[str, Tensor]:
        """Splits what `apply_packed` returns into the outputs by name, (B, C, *) each."""
        modules = self.by_name()
        return dict(zip(modules, packed.chunk(len(modules), dim=self.channels.axis), strict=True))

    def _checked(self, name: str, returned: Any) -> Tensor:
        """Returns the output of a module; raises TypeError or ValueError where it is not what was announced."""
        output = checked_tensor(returned, self.layer)
        num_channels, axis = self.channels
        if name in ("layer", "bypass") and output.shape[axis] != num_channels:
            raise ValueError(
                f"{name} must return {num_channels} channels at axis {axis}, but got shape {tuple(output.shape)}. "
                "Pass num_channels=... and channel_axis=... to the unit."
            )
        return output

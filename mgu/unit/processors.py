"""The steps that a unit's processors are made of. A new one is an entry here and its name in mgu/unit/wiring.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor, nn

from mgu.layers.activation import ACTIVATIONS, Activation
from mgu.layers.channels import Channels
from mgu.layers.normalization import BatchNorm, GroupNorm, LayerNorm, RMSNorm
from mgu.layers.squeeze import SqueezeExcitation
from mgu.layers.switchable import SwitchableNorm
from mgu.unit.wiring import ACTIVATION, ProcessorStep, Wiring

# Group norm has 32 groups (Wu and He 2018, https://arxiv.org/abs/1803.08494), fewer where these would be too small.
MAX_GROUPS, MIN_CHANNELS = 32, 4
DROPOUT_RATE = 0.1  # of the values, by a dropout step


class NormOptions(NamedTuple):
    """Holds the constants of all norms of a unit, see mgu/layers/normalization.py.

    Attributes:
        bn_momentum: Weight of the newest batch in running statistics.
        bn_eps: Constant added to the variance by batch norm.
        ln_eps: Constant added to the variance by all other norms.
    """

    bn_momentum: float
    bn_eps: float
    ln_eps: float


MODULES: dict[str, Callable[[Channels, NormOptions], nn.Module]] = {
    "batch_norm": lambda channels, options: BatchNorm(*channels, options.bn_momentum, options.bn_eps),
    "layer_norm": lambda channels, options: LayerNorm(*channels, options.ln_eps),
    "group_norm": lambda channels, options: GroupNorm(*channels, num_groups(channels.num), options.ln_eps),
    "instance_norm": lambda channels, options: GroupNorm(*channels, channels.num, options.ln_eps),
    "rms_norm": lambda channels, options: RMSNorm(*channels, options.ln_eps),
    "switchable_norm": lambda channels, options: SwitchableNorm(*channels, options.bn_momentum, options.ln_eps),
    "squeeze_excitation": lambda channels, options: SqueezeExcitation(*channels),
    "dropout": lambda channels, options: nn.Dropout(DROPOUT_RATE),
}


def num_groups(num_channels: int) -> int:
    """Returns the largest divisor of `num_channels` that is at most 32 and leaves a group 4 channels, or else 1."""
    most = max(1, min(MAX_GROUPS, num_channels // MIN_CHANNELS))
    return max(count for count in range(1, most + 1) if num_channels % count == 0)


def build_modules(wiring: Wiring, channels: Channels, options: NormOptions) -> dict[str, nn.Module]:
    """Builds the modules of a wiring's steps.

    Args:
        wiring: The wiring.
        channels: Number and axis of the channels of the layer's output.
        options: Constants of the norms.

    Returns:
        The modules, by the names that the wiring gives them.
    """
    steps = [step for steps in wiring.processors.values() for step in steps]
    return {step.module: MODULES[step.kind](channels, options) for step in steps if step.module}


def process(layer: Tensor, wiring: Wiring, unit: nn.Module, activation: Activation) -> dict[str, Tensor]:
    """Applies each processor to the output of the layer (Damian and Piciu 2020, eq. 3, 4 and 8).

    Args:
        layer: Output of the layer, (B, C, *).
        wiring: Describes the processors.
        unit: The module whose attributes are the modules of the steps.
        activation: The unit's activation.

    Returns:
        The output of each processor by its name, (B, C, *).
    """
    activated: Tensor | None = None  # many processors begin with it: it is computed once
    out = {}
    for name, steps in wiring.processors.items():
        value, rest = layer, steps
        if steps and steps[0].kind == ACTIVATION:
            activated = activation(layer) if activated is None else activated
            value, rest = activated, steps[1:]
        for step in rest:
            value = _function(step, unit, activation)(value)
        out[name] = value
    return out


def _function(step: ProcessorStep, unit: nn.Module, activation: Activation) -> Activation:
    """Returns the module or function of a step."""
    if step.module:
        module: nn.Module = getattr(unit, step.module)
        return module
    return activation if step.kind == ACTIVATION else ACTIVATIONS[step.kind]

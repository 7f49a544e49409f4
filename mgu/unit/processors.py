"""The steps that a unit's processors are made of. Another one is an entry here and its name in mgu/unit/wiring.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor, nn

from mgu.layers.activation import ACTIVATIONS, Activation
from mgu.layers.channels import Channels
from mgu.layers.normalization import BatchNorm, GroupNorm, LayerNorm, RMSNorm
from mgu.layers.squeeze import SqueezeExcitation
from mgu.layers.switchable import SwitchableNorm
from mgu.unit.wiring import ACTIVATION, Step, Wiring

MAX_GROUPS, MIN_CHANNELS = 32, 4  # of group norm: 32 as its authors have it, fewer where a group would be too small
DROPPED = 0.1  # of the values, by a dropout step


class Numbers(NamedTuple):
    """What norms are made with, see mgu/layers/normalization.py; ln_eps is that of all but batch norm."""

    bn_momentum: float
    bn_eps: float
    ln_eps: float


MODULES: dict[str, Callable[[Channels, Numbers], nn.Module]] = {
    "batch_norm": lambda channels, numbers: BatchNorm(*channels, numbers.bn_momentum, numbers.bn_eps),
    "layer_norm": lambda channels, numbers: LayerNorm(*channels, numbers.ln_eps),
    "group_norm": lambda channels, numbers: GroupNorm(*channels, num_groups(channels.num), numbers.ln_eps),
    "instance_norm": lambda channels, numbers: GroupNorm(*channels, channels.num, numbers.ln_eps),
    "rms_norm": lambda channels, numbers: RMSNorm(*channels, numbers.ln_eps),
    "switchable_norm": lambda channels, numbers: SwitchableNorm(*channels, numbers.bn_momentum, numbers.ln_eps),
    "squeeze_excitation": lambda channels, numbers: SqueezeExcitation(*channels),
    "dropout": lambda channels, numbers: nn.Dropout(DROPPED),
}


def num_groups(num_channels: int) -> int:
    """The largest divisor of the channels that is at most 32 and leaves a group 4 channels; else one group."""
    most = max(1, min(MAX_GROUPS, num_channels // MIN_CHANNELS))
    return max(count for count in range(1, most + 1) if num_channels % count == 0)


def build_steps(wiring: Wiring, channels: Channels, numbers: Numbers) -> dict[str, nn.Module]:
    """The modules of a wiring's steps, by the names that it gives them."""
    steps = [step for steps in wiring.processors.values() for step in steps]
    return {step.module: MODULES[step.kind](channels, numbers) for step in steps if step.module}


def process(layer: Tensor, wiring: Wiring, unit: nn.Module, activation: Activation) -> dict[str, Tensor]:
    """What each processor makes of the layer's output, by name. unit: whose attributes the steps' modules are."""
    activated: Tensor | None = None  # many begin with it: once for all
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


def _function(step: Step, unit: nn.Module, activation: Activation) -> Activation:
    if step.module:
        module: nn.Module = getattr(unit, step.module)
        return module
    return activation if step.kind == ACTIVATION else ACTIVATIONS[step.kind]

"""The paper's models by the names of the tables: M2 is the MNIST layout of two layers, C7 the CIFAR one of seven."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from hydra.errors import MissingConfigException
from torch import Tensor, nn

from mgu import MultiGatedUnit
from mgu.cli.compose import read_config
from mgu.config.conf import conf_dir
from mgu.config.datasets import NamedImagesConfig
from mgu.config.layouts import LayoutConfig
from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.factory.model import build_model
from mgu.factory.resolved_run import resolve
from mgu.layers.packed import with_channels_last
from mgu.models.convnet import ConvNet
from mgu.train.nadam import build_nadam

LAYOUTS = {f"M{n}": ("mnist", f"mnist_{n}") for n in (2, 3, 4)} | {
    f"C{n}": ("cifar10", f"cifar_{n}") for n in (7, 10, 15)
}


def configure(layout: str, *overrides: str) -> RunConfig:
    """The configuration of one run; layout: M2 to C15, or a name of conf/layout on MNIST."""
    dataset, name = LAYOUTS.get(layout, ("mnist", layout))
    words = [f"dataset={dataset}", f"layout={name}", "energy.enabled=false", "device=cpu", *overrides]
    try:
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            composed = compose("config", words, return_hydra_config=True)
        HydraConfig.instance().set_config(composed)
        return read_config(composed)
    except MissingConfigException as error:
        group, _, own = str(error.missing_cfg_file).rpartition("/")
        known = [*(LAYOUTS if group == "layout" else ()), *(error.options or ())]
        sys.exit(f"{group} must be one of {', '.join(known)}, but got {own}.")
    except UserError as error:
        sys.exit(str(error))


def images_of(config: RunConfig) -> NamedImagesConfig:
    """The images that a configuration is for."""
    assert isinstance(config.dataset, NamedImagesConfig)
    return config.dataset


def layout_of(config: RunConfig) -> LayoutConfig:
    """The convolutional layout of a configuration."""
    assert isinstance(config.layout, LayoutConfig)
    return config.layout


def build_net(config: RunConfig) -> ConvNet:
    """The convolutional network of a configuration."""
    model = build_model(resolve(config))
    assert isinstance(model, ConvNet)
    return model


def units_of(config: RunConfig, engine: str) -> nn.Sequential:
    """The stack of units of a layout, channels last."""
    torch.manual_seed(0)
    blocks = build_net(config).to(memory_format=torch.channels_last).blocks
    for block in blocks:
        assert isinstance(block, MultiGatedUnit)
        block.engine = engine
    return blocks


class StraightUnit(nn.Module):
    """The unit as a careful first version writes it: seven layers, torch's norms, every equation as it is printed."""

    def __init__(self, unit: MultiGatedUnit) -> None:
        super().__init__()
        assert unit.bypass is not None
        self.layer, self.bypass, self.gates = unit.layer, unit.bypass, unit.gate_transforms
        norms = [nn.BatchNorm2d(unit.num_channels, momentum=0.01, eps=1e-3) for _ in range(2)]
        self.bn_before, self.bn_after = norms
        self.ln = nn.LayerNorm(unit.num_channels, eps=1e-3)
        self.activation = unit.activation

    def forward(self, x: Tensor) -> Tensor:
        gates = {name: torch.sigmoid(transform(x)) for name, transform in self.gates.items()}
        layer, bypass = self.layer(x), self.bypass(x)
        activated = self.activation(layer)
        before, after = self.activation(self.bn_before(layer)), self.bn_after(activated)
        ln = self.activation(self.ln(layer.permute(0, 2, 3, 1)).permute(0, 3, 1, 2))
        out = gates["bn_order"] * after + (1 - gates["bn_order"]) * before
        out = gates["bn_or_ln"] * out + (1 - gates["bn_or_ln"]) * ln
        out = gates["norm_or_none"] * out + (1 - gates["norm_or_none"]) * activated
        out = gates["residual"] * out + (1 - gates["residual"]) * (out + bypass)
        skip = gates["skip"]
        mixed: Tensor = skip * out + (1 - skip) * bypass
        return mixed


def straight_units_of(config: RunConfig) -> nn.Sequential:
    """The same stack, straight, in torch's default memory order."""
    torch.manual_seed(0)
    return nn.Sequential(*(StraightUnit(unit) for unit in build_net(config).blocks))  # type: ignore[arg-type]


class Floor:
    """Forward and backward of the convolutions alone, each as wide as the paper's unit's transforms together."""

    def __init__(self, units: Sequence[nn.Module], x: Tensor, times: int = 7) -> None:
        self.parts = []
        for index, unit in enumerate(units):
            conv = unit.layer
            assert isinstance(conv, nn.Conv2d)
            sizes = conv.in_channels, times * conv.out_channels, conv.kernel_size, conv.stride, conv.padding
            wide = nn.Conv2d(*sizes)  # type: ignore[arg-type]
            wide = wide.to(memory_format=torch.channels_last)
            inputs = with_channels_last(x.detach()).requires_grad_(index > 0)
            self.parts.append((wide, inputs, torch.randn_like(wide(inputs))))
            with torch.no_grad():
                x = unit(x)

    def __call__(self) -> None:
        for wide, inputs, direction in self.parts:
            wide.zero_grad()
            inputs.grad = None
            wide(inputs).backward(direction)


def pass_of(stack: nn.Module, x: Tensor, direction: Tensor) -> Callable[[], None]:
    """Forward and backward of a stack of units."""

    def forward_and_backward() -> None:
        stack.zero_grad()
        stack(x).backward(direction)

    return forward_and_backward


def step_of(stack: nn.Module, x: Tensor, one_pass: bool) -> Callable[[], None]:
    """A training step of the whole model: read-out, loss, and Nadam in one pass or torch's own."""
    labels = torch.randint(10, (len(x),))
    channels = stack(x).shape[1]
    model = nn.Sequential(stack, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.3), nn.Linear(channels, 10))
    optimizer = build_nadam(model.parameters(), 1e-3, 0.9, 0.999, 1e-7, 0.004, one_pass=one_pass)
    return lambda: train_step(model, optimizer, x, labels)


def train_step(model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, labels: Tensor) -> None:
    """Forward, loss, backward, update."""
    loss = F.cross_entropy(model(x), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
